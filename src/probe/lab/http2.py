"""HTTP/2 as a server speaks it, by the `h2` library, over a TLS wire."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions

from probe.lab.records import Request

if TYPE_CHECKING:
    from probe.lab.http1 import Respond
    from probe.lab.records import Answer
    from probe.lab.wires import TLSWire

READ = 65536
BODY_LIMIT = 1 << 20
HOP_BY_HOP = frozenset({"connection", "transfer-encoding", "keep-alive"})


class _Streams:
    """Half-read requests and half-sent bodies of one connection, by stream."""

    def __init__(self, wire: TLSWire, respond: Respond) -> None:
        self.wire = wire
        self.respond = respond
        self.h2 = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        )
        self.heads: dict[int, dict[str, str]] = {}
        self.bodies: dict[int, bytearray] = {}
        self.unsent: dict[int, memoryview] = {}
        # Views: cutting the head off 20 MB of bytes a thousand times stops the loop for seconds.

    async def flush(self) -> None:
        data = self.h2.data_to_send()
        if data:
            await self.wire.write(data)

    def request(self, stream: int) -> Request:
        head = self.heads.pop(stream)
        return Request(
            method=head.get(":method", "GET"),
            path=head.get(":path", "/"),
            host=head.get(":authority", "").rsplit(":", 1)[0].lower(),
            headers=head,
            body=bytes(self.bodies.pop(stream)),
            place=self.wire.place,
            is_tls=True,
            server_name=self.wire.server_name,
        )

    async def answer(self, stream: int) -> bool:
        """Answer one request; False when the connection has been dealt with."""
        answer: Answer | None = await self.respond(self.request(stream))
        if answer is None:
            return False
        if answer.act:
            await answer.act(self.wire)
            return False
        if answer.delay_s:
            await asyncio.sleep(answer.delay_s)
        headers = [(n.lower(), v) for n, v in answer.headers if n.lower() not in HOP_BY_HOP]
        if "content-length" not in {n for n, _ in headers}:
            headers.append(("content-length", str(len(answer.body))))
        self.h2.send_headers(stream, [(":status", str(answer.status)), *headers], end_stream=not answer.body)
        if answer.body:
            self.unsent[stream] = memoryview(answer.body)
            await self.pump()
        return True

    async def pump(self) -> None:
        """Send of the unsent bodies what the client's windows allow."""
        for stream in list(self.unsent):
            try:
                while self.unsent[stream]:
                    window = self.h2.local_flow_control_window(stream)
                    size = min(window, self.h2.max_outbound_frame_size, len(self.unsent[stream]))
                    if size <= 0:
                        break
                    chunk, self.unsent[stream] = self.unsent[stream][:size], self.unsent[stream][size:]
                    self.h2.send_data(stream, bytes(chunk), end_stream=not self.unsent[stream])
                    await self.flush()
            except h2.exceptions.StreamClosedError:
                self.unsent[stream] = memoryview(b"")
            if not self.unsent[stream]:
                del self.unsent[stream]
        await self.flush()

    async def take(self, event: h2.events.Event) -> bool:
        """Act on one event; False ends the connection."""
        match event:
            case h2.events.RequestReceived(stream_id=int(stream), headers=list(headers)):
                self.heads[stream] = {str(n): str(v) for n, v in headers}
                self.bodies[stream] = bytearray()
            case h2.events.DataReceived(stream_id=int(stream), data=bytes(data)):
                self.h2.acknowledge_received_data(event.flow_controlled_length or 0, stream)
                if len(self.bodies.get(stream, b"")) < BODY_LIMIT:
                    self.bodies.setdefault(stream, bytearray()).extend(data)
            case h2.events.StreamEnded(stream_id=int(stream)) if stream in self.heads:
                return await self.answer(stream)
            case h2.events.StreamReset(stream_id=int(stream)):
                self.unsent.pop(stream, None)
            case h2.events.WindowUpdated() | h2.events.RemoteSettingsChanged():
                await self.pump()
            case h2.events.ConnectionTerminated():
                return False
            case _:
                pass
        return True


async def serve_http2(wire: TLSWire, respond: Respond) -> None:
    """Answer requests until the client is done."""
    streams = _Streams(wire, respond)
    streams.h2.initiate_connection()
    await streams.flush()
    try:
        while data := await wire.read(READ):
            for event in streams.h2.receive_data(data):
                if not await streams.take(event):
                    return
            await streams.flush()
    except h2.exceptions.ProtocolError:
        await streams.flush()
    await wire.close()
