"""What RDAP (RFC 9083) and RIPEstat's routing-status answer: few fields, of known form, no person.

Contacts, remarks and links are never looked at: whoever holds a resource is not whom this is about.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import structs

from probe.model.fact import RegistryAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from probe.model.fact import Registry

MAX_ANSWER_BYTES: Final = 256 * 1024
MAX_STATUS: Final = 8
MAX_ORIGINS: Final = 8
MAX_PREFIXES: Final = 64
_MOST: Final = 10**9
_TIME: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2})?(?:\.\d{1,9})?(Z|[+-]\d{2}:?\d{2})?)?", re.ASCII
)
_HANDLE: Final = re.compile(r"[A-Za-z0-9.:/ -]{1,90}", re.ASCII)
_STATUS: Final = re.compile(r"[a-z]{2,20}(?: [a-z]{2,20}){0,3}", re.ASCII)
_COUNTRY: Final = re.compile(r"[A-Za-z]{2}", re.ASCII)
_HOST: Final = re.compile(r"(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,63}", re.ASCII)
_EVENTS: Final = {"registration": "registered", "last changed": "last_changed"}

Found = dict[str, Any]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class AnswerError(Exception):
    """The bytes are no such answer; the text says what they are not."""


def read_answer(body: bytes, asked: RegistryAnswer) -> RegistryAnswer:
    """Return the record with what the answer says. Raises AnswerError, also for one about something else."""
    kind, resource, found = _read(body)
    if kind != asked.kind:
        raise AnswerError(f"an answer of {kind}, not of {asked.kind}")
    if not _is_about(asked.resource, resource):
        raise AnswerError("an answer about another resource")
    return structs.replace(asked, **found)


def read_file(body: bytes, name: str, dated: str) -> RegistryAnswer:
    """Return what a saved answer says; it tells by itself what it is about. Raises AnswerError."""
    kind, resource, found = _read(body)
    blank = RegistryAnswer(
        t0=0.0,
        t=0.0,
        failure=None,
        kind=kind,
        resource=_named(resource),
        source=f"file:{name}",
        asked_utc=dated,
    )
    return structs.replace(blank, **found)


Resource = tuple[int, int] | tuple[Network, ...]
"""First and last AS number, or the prefixes of a range."""


def _read(body: bytes) -> tuple[Registry, Resource, Found]:
    if len(body) > MAX_ANSWER_BYTES:
        raise AnswerError(f"larger than {MAX_ANSWER_BYTES} bytes")
    try:
        tree = msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError, ValueError):
        raise AnswerError("no JSON") from None
    if isinstance(tree, dict) and tree.get("data_call_name") == "routing-status":
        return "ripestat", *_routing(_map(tree.get("data")))
    if isinstance(tree, dict) and tree.get("objectClassName") in ("autnum", "ip network"):
        return "rdap", *_registration(tree)
    raise AnswerError("neither an RDAP answer about a prefix or AS number nor RIPEstat's routing-status")


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any, most: int = 64) -> list[Any]:
    return value[:most] if isinstance(value, list) else []


def _matching(value: Any, form: re.Pattern[str]) -> str:
    return value if isinstance(value, str) and form.fullmatch(value) else ""


def _text(value: Any) -> str:
    """Return a text; what is none is never spelled out, for it may be nested too deep for that."""
    return value if isinstance(value, str) else ""


def _number(value: Any, most: int = _MOST) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most else None


def _time(value: Any) -> str:
    """Return a time as `2026-11-21T16:00:00Z` or a day; without zone it is UTC, as RIPEstat writes it."""
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if not found:
        return ""
    day, minute, second, zone = found.groups()
    return f"{day}T{minute}{second or ':00'}{zone or 'Z'}" if minute else day


# RDAP


def _registration(tree: Mapping[str, Any]) -> tuple[Resource, Found]:
    found: Found = {
        "handle": _matching(tree.get("handle"), _HANDLE),
        "status": tuple(
            word for each in _list(tree.get("status"), MAX_STATUS) if (word := _matching(each, _STATUS))
        ),
        "country": _matching(tree.get("country"), _COUNTRY).upper(),
        "port43": _matching(tree.get("port43"), _HOST),
    }
    for event in map(_map, _list(tree.get("events"))):
        field = _EVENTS.get(_text(event.get("eventAction")))
        if field and field not in found:
            found[field] = _time(event.get("eventDate"))
    return _registered(tree), found


def _registered(tree: Mapping[str, Any]) -> Resource:
    if tree["objectClassName"] == "autnum":
        first, last = (_number(tree.get(key), 2**32 - 1) for key in ("startAutnum", "endAutnum"))
        if first is None:
            raise AnswerError("an autnum without a number")
        return first, first if last is None else last
    begin, end = _text(tree.get("startAddress")), _text(tree.get("endAddress"))
    try:
        if ":" in begin:
            ends6 = ipaddress.IPv6Address(begin), ipaddress.IPv6Address(end)
            return tuple(ipaddress.summarize_address_range(*ends6))[:MAX_PREFIXES]
        ends4 = ipaddress.IPv4Address(begin), ipaddress.IPv4Address(end)
        return tuple(ipaddress.summarize_address_range(*ends4))[:MAX_PREFIXES]
    except ValueError:
        raise AnswerError("a network without its first and last address") from None


# RIPEstat


def _routing(data: Mapping[str, Any]) -> tuple[Resource, Found]:
    seen = _map(data.get("visibility"))
    space = _map(data.get("announced_space"))
    origins = (_number(_map(each).get("origin"), 2**32 - 1) for each in _list(data.get("origins")))
    found: Found = {
        "origins": tuple(sorted({n for n in origins if n}))[:MAX_ORIGINS],
        "first_seen": _time(_map(data.get("first_seen")).get("time")),
        "last_seen": _time(_map(data.get("last_seen")).get("time")),
        "data_utc": _time(data.get("query_time")),
    }
    for family in ("v4", "v6"):
        peers = _map(seen.get(family))
        found[f"peers_seeing_{family}"] = _number(peers.get("ris_peers_seeing"))
        found[f"peers_{family}"] = _number(peers.get("total_ris_peers"))
        found[f"prefixes_{family}"] = _number(_map(space.get(family)).get("prefixes"))
    return _routed(data.get("resource")), found


def _routed(value: Any) -> Resource:
    text = str(value) if isinstance(value, int) else _text(value)
    number = _number(text.upper().removeprefix("AS"), 2**32 - 1)
    if number is not None:
        return number, number
    try:
        return (ipaddress.ip_network(text),)
    except ValueError:
        raise AnswerError("routing-status without its resource") from None


# Whether it is about what was asked for


def _is_about(asked: str, said: Resource) -> bool:
    """Say whether the range that the answer is about holds what was asked for."""
    first = said[0] if said else None
    if asked.startswith("AS"):
        last = said[-1] if said else None
        return isinstance(first, int) and isinstance(last, int) and first <= int(asked[2:]) <= last
    wanted = ipaddress.ip_network(asked)
    return any(
        not isinstance(each, int) and each.version == wanted.version and wanted.subnet_of(each)  # type: ignore[arg-type]  # of one version, as was just asked
        for each in said
    )


def _named(said: Resource) -> str:
    """Name what a saved answer is about; a range by its first prefix."""
    first = said[0]
    return f"AS{first}" if isinstance(first, int) else str(first)
