"""Servers of objects that come fast, slowly, in part or not at all, and one step of transfers from them."""

import socket
import ssl
import threading
import time
from typing import Any

from loopback.authority import Authority
from loopback.servers import (
    SITE,
    Handler,
    Loopback,
    a_target,
    fast,
    measured,
    over_tls,
    read_request,
    tcp_server,
)
from probe.model.measurement import Measurement
from probe.model.options import RunOptions
from probe.model.target import Step
from probe.model.transfer import ArmPlan, Transfer, TransferPlan

NAME, NEUTRAL = "target.example", "neutral.example"
OBJECT = bytes(range(256)) * 8192
"""2 MB."""


def head(length: int | None, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", *headers, *([] if length is None else [f"Content-Length: {length}"])]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def sends(*pieces: bytes | float, then: Handler | None = None) -> Handler:
    """Answer a request with these pieces, waiting where a number of seconds stands between them."""

    def handler(sock: socket.socket, stop: threading.Event) -> None:
        read_request(sock)
        for piece in pieces:
            if isinstance(piece, bytes):
                sock.sendall(piece)
            elif stop.wait(piece):
                return
        if then is not None:
            then(sock, stop)

    return handler


def stalls(_sock: socket.socket, stop: threading.Event) -> None:
    stop.wait(20)


def paced(bytes_per_s: int, body: bytes = OBJECT) -> Handler:
    """Send the body evenly, a fiftieth of a second's worth at a time."""

    def handler(sock: socket.socket, stop: threading.Event) -> None:
        read_request(sock)
        sock.sendall(head(len(body)))
        begun, sent = time.perf_counter(), 0
        while sent < len(body) and not stop.wait(0.02):
            due = int((time.perf_counter() - begun) * bytes_per_s)
            sock.sendall(body[sent:due])
            sent = max(sent, due)

    return handler


def noting(context: ssl.SSLContext, names: list[str | None]) -> ssl.SSLContext:
    """Let a server's context note the names in the ClientHellos."""
    context.sni_callback = lambda _sock, name, _context: names.append(name)
    return context


def an_arm(**more: Any) -> ArmPlan:
    return ArmPlan(**{"arm": "T", "ip": SITE, "server_name": NAME, "host": NAME, "path": "/large", **more})


def a_plan(*arms: ArmPlan, **more: Any) -> TransferPlan:
    return TransferPlan(arms=arms or (an_arm(),), **more)


def a_step(plan: TransferPlan) -> Step:
    return Step(target=a_target(f"https://{NAME}/"), experiment="throughput", transfer=plan)


def transferred(
    authority: Authority,
    handler: Handler,
    plan: TransferPlan | None = None,
    options: RunOptions | None = None,
    names: list[str | None] | None = None,
) -> Measurement:
    """Run a plan against a server at SITE that serves whatever name it is asked by."""
    context = noting(authority.good(NAME), [] if names is None else names)
    with tcp_server(over_tls(handler, context)) as port:
        network = Loopback(tcp={(SITE, 443): port}, ca_file=authority.ca_file)
        return measured(network, a_step(plan or a_plan()), options or fast(timeout_s=3.0)).measurement


def one(measurement: Measurement) -> Transfer:
    (found,) = measurement.transfers
    return found
