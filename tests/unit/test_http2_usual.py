"""The quick reader of usual HTTP/2 answers agrees with h2, whatever the frames and however they are cut."""

from collections.abc import Sequence

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import hpack
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from probe.measure.http2_usual import QuickLine, Usual

ASKED = [(b":method", b"GET"), (b":authority", b"a.example"), (b":scheme", b"https"), (b":path", b"/")]
KINDS = (
    h2.events.ResponseReceived,
    h2.events.DataReceived,
    h2.events.StreamEnded,
    h2.events.StreamReset,
    h2.events.ConnectionTerminated,
)


def asked() -> h2.connection.H2Connection:
    """Return h2's connection after its request has left."""
    line = h2.connection.H2Connection(config=h2.config.H2Configuration(validate_inbound_headers=False))
    line.initiate_connection()
    line.increment_flow_control_window(2**24)
    line.send_headers(1, ASKED, end_stream=True)
    line.increment_flow_control_window(2**24, stream_id=1)
    line.clear_outbound_data_buffer()
    return line


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """Return one frame."""
    return len(payload).to_bytes(3) + bytes((kind, flags)) + stream.to_bytes(4) + payload


def block(*headers: tuple[bytes, bytes], status: bytes = b"200") -> bytes:
    """Return a block of headers."""
    return hpack.Encoder().encode([(b":status", status), *headers])


SETTINGS = frame(4, 0, 0, b"\0\3\0\0\0\x64")
ACK = frame(4, 1, 0, b"")
ROOM = frame(8, 0, 0, b"\0\1\0\0")
HEAD = frame(1, 4, 1, block((b"server", b"lab"), (b"content-length", b"5")))
BODY = frame(0, 1, 1, b"hello")
USUAL = (SETTINGS, ROOM, ACK, HEAD, BODY)

ODD = (
    frame(4, 0, 0, b"\0\2\0\0\0\7"),  # a setting that is wrong
    frame(4, 0, 0, b"\0\4\xff\xff\xff\xff"),
    frame(4, 0, 0, b"\x4a\x4a\0\0\0\1"),  # one that nobody knows
    frame(4, 0, 0, b"\0"),
    frame(4, 1, 0, b"\0"),
    frame(4, 0, 1, b""),
    frame(8, 0, 0, b"\0\0\0\0"),
    frame(8, 0, 0, b"\x7f\xff\xff\xff"),
    frame(8, 0, 1, b"\0\0\0\1"),
    frame(6, 0, 0, b"pingpong"),
    frame(7, 0, 0, bytes(8)),
    frame(3, 0, 1, b"\0\0\0\x08"),
    frame(10, 0, 0, b"\0\0"),
    frame(9, 4, 1, b""),
    frame(5, 4, 1, b"\0\0\0\2" + block()),
    frame(2, 0, 1, b"\0\0\0\0\x10"),
    frame(1, 5, 1, block()),
    frame(1, 5, 1, block((b"content-length", b"5"))),
    frame(1, 4, 1, block((b"content-length", b"x"))),
    frame(1, 4, 1, block((b"content-length", b"5"), (b"content-length", b"6"))),
    frame(1, 4, 1, block((b"cookie", b"a"), (b"cookie", b"b"))),
    frame(1, 4, 1, block(status=b"103")),
    frame(1, 4, 1, block(status=b"2000")),
    frame(1, 4, 1, hpack.Encoder().encode([(b"server", b"no status")])),
    frame(1, 4, 1, b"\xff\xff\xff"),
    frame(1, 4, 1, b""),
    frame(1, 0, 1, block()[:1]),
    frame(1, 0x0C, 1, b"\1" + block() + b"\0"),
    frame(1, 4, 3, block()),
    frame(0, 0, 1, b""),
    frame(0, 0, 1, b"hel"),
    frame(0, 0, 1, b"hello, hello"),
    frame(0, 8, 1, b"\1a\0"),
    frame(0, 0, 3, b"x"),
    frame(0, 0, 0x8000_0001, b"x"),
    frame(0, 0, 1, bytes(16_384)),
    frame(0, 0, 1, bytes(16_385)),
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
)


def heard(line: QuickLine | h2.connection.H2Connection, pieces: Sequence[bytes]) -> list[object]:
    """Return what a connection makes of the pieces: events that matter, what it sends, what it raises."""
    found: list[object] = []
    for piece in pieces:
        try:
            events = line.receive_data(piece)
        except (h2.exceptions.H2Error, ValueError) as error:
            return [*found, type(error)]
        for event in events:
            if isinstance(event, KINDS):
                found.append((type(event), getattr(event, "headers", None), getattr(event, "data", None)))
            if isinstance(event, h2.events.DataReceived):
                line.acknowledge_received_data(event.flow_controlled_length, 1)
        found.append(line.data_to_send())
    return found


def cut(stream: bytes, size: int) -> list[bytes]:
    """Cut bytes into pieces."""
    return [stream[at : at + size] for at in range(0, len(stream), size)]


@pytest.mark.parametrize("size", [1, 7, 9, 40, 1000])
def test_a_usual_answer_needs_no_h2(size: int) -> None:
    def never() -> h2.connection.H2Connection:
        raise AssertionError("h2 was asked")

    pieces = cut(b"".join(USUAL), size)
    found = heard(QuickLine(never), pieces)
    assert found == heard(asked(), pieces)
    assert b"".join(said for said in found if isinstance(said, bytes)) == ACK
    names = [event[0] for event in found if isinstance(event, tuple)]
    assert names == [h2.events.ResponseReceived, h2.events.DataReceived, h2.events.StreamEnded]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("place", range(len(USUAL) + 1))
def test_an_unusual_frame_is_read_as_h2_reads_it(odd: bytes, place: int) -> None:
    pieces = cut(b"".join((*USUAL[:place], odd, *USUAL[place:])), 11)
    assert heard(QuickLine(asked), pieces) == heard(asked(), pieces)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from((*USUAL, *ODD)), max_size=8), st.integers(1, 60), st.data())
@example([SETTINGS, HEAD, frame(0, 0, 1, bytes(16_384)), BODY], 60, None)
def test_whatever_the_frames_h2_would_say_the_same(
    frames: list[bytes], size: int, data: st.DataObject | None
) -> None:
    stream = bytearray(b"".join(frames))
    if data is not None and stream:
        for at, value in data.draw(
            st.lists(st.tuples(st.integers(0, len(stream) - 1), st.integers(0, 255)), max_size=2)
        ):
            stream[at] = value
    pieces = cut(bytes(stream), size)
    assert heard(QuickLine(asked), pieces) == heard(asked(), pieces)


def test_a_long_answer_is_given_to_h2() -> None:
    long = frame(0, 0, 1, bytes(16_000)) * 6
    pieces = cut(SETTINGS + frame(1, 4, 1, block()) + long + BODY, 16_384)
    usual = Usual()
    assert [usual.take(piece) is not None for piece in pieces] == [True] * 4 + [False, False]
    assert heard(QuickLine(asked), pieces) == heard(asked(), pieces)
