"""The name in a QUIC ClientHello is read by the wire's censor and by the lab's, however it is cut."""

import random
from collections.abc import Callable

import pytest
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection

from probe.lab.quic_hello import Hello
from wire import names
from wire.quic_names import QuicHello, is_initial, keys_of

NAME = "www.example.org"


def first_flight(*, alpn: int = 1) -> list[bytes]:
    """Return the datagrams of a ClientHello; a long list of protocols makes it fill several."""
    configuration = QuicConfiguration(
        is_client=True, alpn_protocols=[f"h{n:03}" * 8 for n in range(alpn)], server_name=NAME
    )
    connection = QuicConnection(configuration=configuration)
    connection.connect(("127.0.0.1", 443), now=0.0)
    return [data for data, _ in connection.datagrams_to_send(now=0.0)]


def by_censor(datagrams: list[bytes]) -> list[str | None]:
    hello = QuicHello()
    return [hello.hear(datagram) for datagram in datagrams]


def by_lab(datagrams: list[bytes]) -> list[str | None]:
    hello = Hello()
    found: list[str | None] = []
    for datagram in datagrams:
        hello.hear(datagram)
        found.append(hello.name if hello.is_whole else names.UNFINISHED)
    return found


READERS = pytest.mark.parametrize("read", [by_censor, by_lab])
Read = Callable[[list[bytes]], list[str | None]]


def test_the_keys_are_those_of_the_rfcs_example() -> None:
    """RFC 9001, appendix A.1."""
    assert [key.hex() for key in keys_of(bytes.fromhex("8394c8f03e515708"))] == [
        "1f369613dd76d5467730efcbe3b1a22d",
        "fa044b2f42a3fd3b46fb255c",
        "9f50449e04a0e810283a1e9933adedd2",
    ]


@READERS
def test_a_name_in_one_datagram_is_read(read: Read) -> None:
    datagrams = first_flight()
    assert len(datagrams) == 1
    assert read(datagrams) == [NAME]


@READERS
def test_a_name_is_told_once_all_pieces_are_there_in_whatever_order(read: Read) -> None:
    datagrams = first_flight(alpn=60)
    assert len(datagrams) > 1
    assert read(datagrams) == [*[names.UNFINISHED] * (len(datagrams) - 1), NAME]
    assert read(datagrams[::-1])[-1] == NAME


@READERS
def test_a_datagram_that_comes_twice_changes_nothing(read: Read) -> None:
    first, *rest = first_flight(alpn=60)
    assert read([first, first, *rest])[-1] == NAME


@READERS
def test_bytes_that_were_changed_give_no_name(read: Read) -> None:
    chance = random.Random(1)
    for _ in range(200):
        datagram = bytearray(first_flight()[0])
        datagram[chance.randrange(5, 900)] ^= 1 << chance.randrange(8)
        assert read([bytes(datagram)]) in ([names.UNFINISHED], [None], [NAME])


@READERS
@pytest.mark.parametrize(
    "junk", [b"", b"\xc0", bytes(1200), b"\xc0\0\0\0\1" + bytes(30), b"\xc3\0\0\0\1\x14" + bytes(40)]
)
def test_what_is_no_initial_gives_no_name(read: Read, junk: bytes) -> None:
    assert read([junk])[0] in (names.UNFINISHED, None)


def test_an_initial_of_version_1_is_told_from_all_else() -> None:
    datagram = first_flight()[0]
    assert is_initial(datagram)
    assert not is_initial(datagram[:1] + b"\x5a\x6a\x7a\x8a" + datagram[5:])
    assert not is_initial(b"\x40" + datagram[1:])
    assert not is_initial(bytes([datagram[0] | 0x20]) + datagram[1:])
