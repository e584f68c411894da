"""An address that nothing vouches for is found in every spelling, wherever it stands."""

import base64
import ipaddress
import re
from collections.abc import Callable
from urllib.parse import quote

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from probe.model.measurement import Measurement
from probe.model.observation import DNSReply, ICMPError, LocalFact, TCPConnect
from probe.store import OwnValues, Redactor, codec
from probe.store.redact import Scope
from unit.a_run import a_lookup, a_measurement, a_round_trip

REDACTOR = Redactor(OwnValues())
HARMLESS = {"127.0.0.1", "127.0.1.1", "127.0.0.53", "127.0.0.54", "0.0.0.0", "255.255.255.255"}
fours = st.ip_addresses(v=4).filter(
    lambda ip: not {str(ip), ".".join(reversed(str(ip).split(".")))} & HARMLESS
)
sixes = st.ip_addresses(v=6, network="2000::/3")
around = st.text(st.sampled_from("абв xyz<>\"'=;,()\n"), max_size=20)


def octets(ip: ipaddress.IPv4Address) -> list[str]:
    return str(ip).split(".")


FOUR_SPELLINGS: dict[str, Callable[[ipaddress.IPv4Address], str]] = {
    "plain": str,
    "padded": lambda ip: ".".join(f"{int(o):03}" for o in octets(ip)),
    "octal": lambda ip: ".".join(f"0{int(o):03o}" for o in octets(ip)),
    "hex octets": lambda ip: ".".join(f"{int(o):#x}" for o in octets(ip)),
    "hex": lambda ip: f"{int(ip):08x}",
    "hex upper": lambda ip: f"{int(ip):#010X}",
    "reversed": lambda ip: ".".join(reversed(octets(ip))),
    "pointer": lambda ip: ip.reverse_pointer,
    "dashed": lambda ip: "-".join(octets(ip)),
    "dashed back": lambda ip: "-".join(reversed(octets(ip))),
    "underscored": lambda ip: "_".join(octets(ip)),
    "run together": lambda ip: "".join(f"{int(o):03}" for o in octets(ip)),
    "percent": lambda ip: "".join(f"%{ord(c):02x}" for c in str(ip)),
    "percent dots": lambda ip: str(ip).replace(".", "%2E"),
    "twice percent": lambda ip: quote(str(ip).replace(".", "%2e"), safe=""),
    "entities": lambda ip: str(ip).replace(".", "&#46;"),
    "escapes": lambda ip: str(ip).replace(".", "\\u002e"),
    "base64": lambda ip: base64.b64encode(str(ip).encode()).decode(),
    "base64 in words": lambda ip: base64.b64encode(f"address is {ip} today".encode()).decode(),
    "base64 for urls": lambda ip: base64.urlsafe_b64encode(f"?>{ip}?>".encode()).decode(),
    "hex of its text": lambda ip: str(ip).encode().hex(),
    "behind a letter": lambda ip: f"p{int(ip):08X}.dip0.example.net",
    "behind ip": lambda ip: f"ip{''.join(f'{int(o):03}' for o in octets(ip))}",
    "utf-16 little": lambda ip: str(ip).encode("utf-16-le").decode("latin-1"),
    "utf-16 big": lambda ip: str(ip).encode("utf-16-be").decode("latin-1"),
    "mapped": lambda ip: f"::ffff:{ip}",
    "mapped hex": lambda ip: str(ipaddress.IPv6Address(0xFFFF00000000 + int(ip))),
    "url": lambda ip: f"http://{ip}:8080/",
}
SIX_SPELLINGS: dict[str, Callable[[ipaddress.IPv6Address], str]] = {
    "plain": str,
    "upper": lambda ip: str(ip).upper(),
    "expanded": lambda ip: ip.exploded,
    "bracketed": lambda ip: f"[{ip}]:443",
    "percent": lambda ip: quote(str(ip), safe=""),
    "pointer": lambda ip: ip.reverse_pointer,
    "dashed": lambda ip: ip.exploded.replace(":", "-"),
    "bare": lambda ip: ip.exploded.replace(":", ""),
    "base64": lambda ip: base64.b64encode(ip.exploded.encode()).decode(),
    "utf-16": lambda ip: ip.exploded.encode("utf-16-le").decode("latin-1"),
}


@given(fours, st.sampled_from(sorted(FOUR_SPELLINGS)), around, around)
@settings(max_examples=600)
def test_no_spelling_of_a_version_four_address_is_left(
    ip: ipaddress.IPv4Address, spelling: str, before: str, after: str
) -> None:
    spelled = FOUR_SPELLINGS[spelling](ip)
    assume(spelling != "base64" or len(str(ip)) > 9)
    assert spelled not in REDACTOR.text(f"{before} {spelled} {after}")


@given(fours.filter(lambda ip: int(ip) >= 10_000_000), around, around)
def test_no_decimal_of_a_version_four_address_is_left(
    ip: ipaddress.IPv4Address, before: str, after: str
) -> None:
    for spelled in (str(int(ip)), f"0{int(ip):o}"):
        assert spelled not in REDACTOR.text(f"{before} {spelled} {after}")


@given(sixes, st.sampled_from(sorted(SIX_SPELLINGS)), around, around)
@settings(max_examples=400)
def test_no_spelling_of_a_version_six_address_is_left(
    ip: ipaddress.IPv6Address, spelling: str, before: str, after: str
) -> None:
    spelled = SIX_SPELLINGS[spelling](ip)
    assert spelled not in REDACTOR.text(f"{before} {spelled} {after}")


@given(
    fours,
    st.sampled_from(
        ["plain", "padded", "dashed", "dashed back", "hex upper", "mapped", "mapped hex", "pointer"]
    ),
)
def test_an_address_that_is_evidence_is_left_in_every_spelling(
    ip: ipaddress.IPv4Address, spelling: str
) -> None:
    text = f"at {FOUR_SPELLINGS[spelling](ip)} there"
    assert Redactor(OwnValues(), allowed=(str(ip),)).text(text) == text


@given(
    st.text(st.characters(codec="utf-8"), max_size=300)
    | st.from_regex(re.compile(r"[0-9a-fA-F.:%=/\-@]{0,80}"), fullmatch=True)
)
@settings(max_examples=400)
def test_masking_twice_is_masking_once(text: str) -> None:
    once = REDACTOR.text(text)
    assert REDACTOR.text(once) == once


@given(st.from_regex(re.compile(r"[a-zA-Zа-яА-Я]{6,12}"), fullmatch=True), around, around)
@settings(max_examples=200)
def test_no_spelling_of_the_users_name_is_left(name: str, before: str, after: str) -> None:
    redactor = Redactor(OwnValues(user=name))
    assume(redactor.text(name) != name)
    for spelled in (
        name,
        name.upper() if name.isascii() else name,
        quote(name),
        name.encode("unicode_escape").decode(),
        name.encode().hex(),
        base64.b64encode(f"user {name} here".encode()).decode(),
        name.encode().decode("latin-1"),
    ):
        assert spelled not in redactor.text(f"{before} {spelled} {after}")


@given(st.binary(max_size=300))
def test_bytes_of_any_kind_are_masked_without_a_fault(content: bytes) -> None:
    masked = REDACTOR.content(content, Scope(frozenset(), frozenset()))
    assert isinstance(masked, bytes)


PLACES: dict[str, Callable[[str], Measurement]] = {
    "body": lambda text: a_measurement(requests=(a_round_trip(body=text),)),
    "title": lambda text: a_measurement(requests=(a_round_trip(title=text),)),
    "header": lambda text: a_measurement(requests=(a_round_trip(headers=(("X-Any", text),)),)),
    "header name": lambda text: a_measurement(requests=(a_round_trip(headers=((text, "x"),)),)),
    "redirect": lambda text: a_measurement(
        requests=(a_round_trip(location=f"http://block.example/?u={text}"),)
    ),
    "redirect's host": lambda text: a_measurement(
        requests=(a_round_trip(location=f"http://{text}/", body=f"<p>{text}</p>"),)
    ),
    "failure": lambda text: a_measurement(requests=(a_round_trip(failure=f"unknown_failure: {text}"),)),
    "alias": lambda text: a_measurement(
        queries=(a_lookup(replies=(DNSReply(t=0, failure=None, cnames=(text,)),)),)
    ),
    "text record": lambda text: a_measurement(
        queries=(a_lookup(query_type="TXT", replies=(DNSReply(t=0, failure=None, texts=(text,)),)),)
    ),
    "hop": lambda text: a_measurement(
        tcp_connect=(
            TCPConnect(
                t0=0,
                t=1,
                failure=None,
                ip="93.184.216.34",
                port=1,
                icmp=ICMPError(type=3, code=1, from_ip=text),
            ),
        )
    ),
    "local": lambda text: a_measurement(local=(LocalFact(name="route", value=text),)),
}


@given(
    fours,
    st.sampled_from(["plain", "dashed", "hex", "percent", "base64 in words"]),
    st.sampled_from(sorted(PLACES)),
)
@settings(max_examples=300)
def test_an_address_planted_anywhere_in_a_measurement_is_not_written(
    ip: ipaddress.IPv4Address, spelling: str, place: str
) -> None:
    assume(str(ip) != "93.184.216.34")
    spelled = FOUR_SPELLINGS[spelling](ip)
    clean, _ = Redactor(OwnValues()).measurement(PLACES[place](spelled), {})
    assert spelled.encode() not in codec.encode(clean)
