"""The fields that catalogue files may hold, each with its kind; and the targets made from them."""

import ipaddress
import re
from collections.abc import Mapping
from typing import Any, Final

from probe.model.target import Target
from probe.model.words import Risk
from probe.targets.apps import fault_of
from probe.targets.inputs import SCHEMES, Input, parse_input
from probe.targets.toml_file import Kind, Section, day, flag, matching, one_of, text, texts

CATEGORIES: Final = (
    *("ALDR", "ANON", "COMM", "COMT", "CTRL", "CULTR", "DATE", "ECON", "ENV", "FILE", "GAME", "GMB", "GOVT"),
    *("GRP", "HACK", "HATE", "HOST", "HUMR", "IGO", "LGBT", "MILX", "MISC", "MMED", "NEWS", "POLR", "PORN"),
    *("PROV", "PUBH", "REL", "SRCH", "XED"),
)
"""Citizen Lab's category codes."""

EXPERIMENTS: Final = (
    "web",
    "quic",
    "tcp",
    "http_any",
    "dns",
    "doh",
    "zone",
    "vpn",
    "store",
    "portal",
    "sinkhole",
)
_SCHEMES_OF: Final = {
    "web": {"http", "https"},
    "quic": {"quic"},
    "portal": {"http"},
    "doh": {"https"},
    "tcp": {"tcp"},
    "http_any": {"tcp"},
    "sinkhole": {"tcp"},
    "dns": {"dns+udp", "dns+tcp", "dns+tls", "dns+quic"},
    "zone": {"zone"},
    "store": {"https"},
    "path": {"path"},
    "vpn": {"stun", "tor"},
}
GROUPS: Final = ("domestic_listed", "domestic_unlisted", "foreign_frozen", "foreign")


def an_input(value: Any) -> Input:
    """Accept an input of one of the known schemes."""
    try:
        return parse_input(text(value))
    except ValueError as error:
        raise ValueError(str(error.args[0]), f"Write the whole of it, beginning with {SCHEMES}.") from None


def addresses(value: Any) -> tuple[str, ...]:
    """Accept an array of literal addresses."""
    found = texts(value)
    for item in found:
        try:
            ipaddress.ip_address(item)
        except ValueError:
            raise ValueError(f"{item!r} is no address", 'Write addresses: ["8.8.8.8"].') from None
    return found


def name_servers(value: Any) -> tuple[str, ...]:
    """Accept an array of name servers, the name and one address each."""
    found = texts(value)
    for item in found:
        name, _, address = item.partition(" ")
        try:
            ipaddress.ip_address(address)
        except ValueError:
            name = ""
        if not re.fullmatch(r"[a-z0-9.-]{1,253}", name):
            problem = f"{item!r} is no name server with its address"
            raise ValueError(
                problem, 'Write a name and an address: ["a.root-servers.net 198.41.0.4"].'
            ) from None
    return found


def questions(value: Any) -> tuple[str, ...]:
    """Accept an array of names, each with the type of record that tells who asked."""
    found = texts(value)
    for item in found:
        if not re.fullmatch(r"[a-z0-9.-]{1,253} (A|AAAA|TXT)", item):
            problem = f"{item!r} is no name with a type that tells an address"
            raise ValueError(problem, 'Write a name and A, AAAA or TXT: ["whoami.akamai.net A"].')
    return found


_ID: Final = matching(r"[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?", "Use a-z, 0-9 and hyphens.")
_COUNTRY: Final = matching(r"([A-Z]{2})?", 'Write two capital letters, as in "US", or "".')
_OBJECT: Final = matching(r"/[!-~]*", "Write a path that begins with /.")
_COMMON: Final[Mapping[str, Kind]] = {
    "country": _COUNTRY,
    "ranges": texts,
    "private_ca": text,
    "no_object": text,
    "control_app": text,
    "elsewhere": text,
    "who": questions,
    "roots": name_servers,
    "servers": name_servers,
    "dated": day,
    "source": text,
}
_ENDPOINT_ONLY: Final[Mapping[str, Kind]] = {
    "id": _ID,
    "role": _ID,
    "input": an_input,
    "experiment": one_of(*EXPERIMENTS, "path"),
    "carrier": matching(r"AS[1-9]\d{0,9}", 'Write the number of the carrier, as in "AS174".'),
    "risk": one_of(*Risk),
    "category": one_of(*CATEGORIES),
    "essential": flag,
    "addresses": addresses,
    "server_name": text,
    "question": matching(r"[a-z0-9.-]{1,253} [A-Z]{1,10}", 'Write a name and a type, as in "ru SOA".'),
    "large_object": _OBJECT,
    "paired": one_of("own", "name"),
}
SERVICE: Final[Mapping[str, Kind]] = {
    "id": _ID,
    "title": text,
    "rule": one_of("any", "all", "essential"),
    "risk": one_of(*Risk),
    "default": flag,
    "category": one_of(*CATEGORIES),
    **_COMMON,
}
ENDPOINT: Final[Mapping[str, Kind]] = {**_ENDPOINT_ONLY, **_COMMON}
NEUTRAL: Final[Mapping[str, Kind]] = {
    "id": _ID,
    "input": an_input,
    "group": one_of(*GROUPS),
    "country": _COUNTRY,
    "ipv6": flag,
    "large_object": _OBJECT,
    "any_name": flag,
    "quic": flag,
    "owner": text,
    "dated": day,
    "source": text,
}
NEUTRAL_TOP: Final[Mapping[str, Kind]] = {"dated": day, "checked_from_a_real_network": flag}
CHECKS_TOP: Final[Mapping[str, Kind]] = {"dated": day, "source": text, "helpers": texts, "stun": texts}


def endpoint(
    section: Section, service: str, common: Mapping[str, Any], *, is_control: bool = False
) -> Target:
    """Make the target of one `[[endpoint]]`; what it does not say is taken from the top of its file."""
    own = section.take(ENDPOINT, required=("id", "input", "experiment"))
    merged = {key: common[key] for key in (*_COMMON, "category", "risk") if key in common} | own
    parsed: Input = own["input"]
    if parsed.scheme not in _SCHEMES_OF[own["experiment"]]:
        wanted = " or ".join(sorted(f"{scheme}://" for scheme in _SCHEMES_OF[own["experiment"]]))
        problem = f"experiment {own['experiment']!r} does not take {parsed.scheme}://"
        raise section.error("input", problem, f"Write {wanted}, or another experiment.")
    if own["experiment"] == "doh" and not own.get("addresses"):
        raise section.error("input", "'addresses' is missing", 'Add the resolver\'s: addresses = ["8.8.8.8"]')
    if own["experiment"] == "zone":
        _zone(section, merged)
    if own["experiment"] == "store":
        _store(section, merged, parsed)
    _transfers(section, own, parsed)
    if "dated" not in merged or "source" not in merged:
        raise section.error(
            "id", "neither date nor source", "Add dated = … and source = … here or at the top."
        )
    return Target(
        target_id=f"{service}/{own['id']}",
        service=service,
        input=parsed.text,
        experiment=own["experiment"],
        role=own.get("role", own["id"]),
        category_code=merged.get("category", "CTRL" if is_control else "MISC"),
        risk=Risk(merged.get("risk", Risk.LOW)),
        essential=own.get("essential", False),
        country=merged.get("country", ""),
        is_control=is_control,
        addresses=own.get("addresses", ()),
        server_name=own.get("server_name", ""),
        ranges=merged.get("ranges", ()),
        private_ca=merged.get("private_ca", ""),
        question=own.get("question", ""),
        carrier=own.get("carrier", ""),
        who=_who(section, merged, parsed),
        roots=merged.get("roots", ()) if own["experiment"] == "zone" else (),
        servers=merged.get("servers", ()) if own["experiment"] == "zone" else (),
        control_app=merged.get("control_app", "") if own["experiment"] == "store" else "",
        elsewhere=merged.get("elsewhere", "") if own["experiment"] == "store" else "",
        large_object=own.get("large_object", ""),
        paired=own.get("paired", ""),
        no_object="" if "large_object" in own else merged.get("no_object", ""),
        dated=merged["dated"],
        source=merged["source"],
    )


def _who(section: Section, merged: Mapping[str, Any], parsed: Input) -> tuple[str, ...]:
    """Return what tells who answers; asked over plain DNS only. Refuse it where nobody is told apart."""
    found: tuple[str, ...] = merged.get("who", ())
    plain = merged["experiment"] == "sinkhole" or parsed.scheme in {"dns+udp", "dns+tcp"}
    if "who" in section.data and not plain:
        raise section.error("who", "who: asked over dns+udp:// and dns+tcp:// only", "Leave the field out.")
    if found and plain and merged["experiment"] == "dns" and not merged.get("ranges"):
        raise section.error("input", "who: no ranges tell its owner's addresses", 'Add them: ranges = ["…"].')
    return found if plain else ()


def _zone(section: Section, merged: Mapping[str, Any]) -> None:
    """Refuse a zone of which nobody says where it is asked for."""
    for key, example in (
        ("roots", "a.root-servers.net 198.41.0.4"),
        ("servers", "a.dns.ripn.net 193.232.128.6"),
    ):
        if not merged.get(key):
            raise section.error("input", f"{key!r} is missing", f'Add them: {key} = ["{example}"]')


def _store(section: Section, merged: Mapping[str, Any], parsed: Input) -> None:
    """Refuse what is no app in a country's shop, or is compared with nothing."""
    fault = fault_of(parsed.text, merged.get("control_app", ""), merged.get("elsewhere", ""))
    if fault is not None:
        raise section.error(*fault)


def _transfers(section: Section, own: Mapping[str, Any], parsed: Input) -> None:
    """Refuse what transfers could not be made with: they fetch over HTTPS, by a name."""
    for key in ("paired", "large_object"):
        if key in own and (parsed.scheme != "https" or own["experiment"] != "web"):
            problem = f'{key}: transfers are made over https:// with experiment "web"'
            raise section.error(key, problem, "Leave the field out, or give the endpoint an https:// input.")
    if own.get("paired") == "name" and parsed.is_address:
        problem = "paired: the input has no name to send to another server"
        raise section.error("paired", problem, "Write the name instead of the address, or leave it out.")
    if own.get("paired") == "own" and "large_object" not in own:
        problem = 'paired = "own" needs the path of a large object'
        raise section.error("paired", problem, 'Add large_object = "/…", or write paired = "name".')
    if "large_object" in own and "no_object" in own:
        problem = "no_object: the endpoint names a large object too"
        raise section.error("no_object", problem, "Delete one of large_object and no_object.")


def neutral(section: Section, top: Mapping[str, Any]) -> Target:
    """Make the target of one `[[neutral]]`."""
    own = section.take(NEUTRAL, required=("id", "input", "group", "owner", "source"))
    if own["input"].scheme != "https":
        raise section.error("input", "a neutral is reached over https://", "Write https://host/.")
    return Target(
        target_id=f"neutral/{own['id']}",
        service="neutral",
        input=own["input"].text,
        experiment="web",
        role="neutral",
        category_code="CTRL",
        country=own.get("country", ""),
        is_control=True,
        neutral_group=own["group"],
        large_object=own.get("large_object", ""),
        any_name=own.get("any_name", False),
        quic=own.get("quic", False),
        dated=own.get("dated", top["dated"]),
        source=own["source"],
    )
