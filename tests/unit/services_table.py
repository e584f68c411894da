"""The README's table of services, made from the catalogue.

`python tests/unit/services_table.py` writes it anew between the two marks.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from probe.model.target import Service, Target
from probe.targets import Catalogue, read_catalogue
from probe.targets.inputs import parse_input

README: Final = Path(__file__).parents[2] / "README.md"
BEGIN: Final = "<!-- services: made from targets/ by tests/unit/services_table.py -->"
END: Final = "<!-- /services -->"
SHOWN: Final = 2
"""Hosts of a kind that are named; the rest is counted."""
ASKED: Final = {
    "web": "a page",
    "quic": "QUIC",
    "tcp": "a connection",
    "http_any": "any HTTP answer",
    "doh": "DNS over HTTPS",
    "store": "an app in a country's store",
    "zone": "the zone's servers and signatures",
    "path": "the way there, hop by hop",
    "dns+udp": "DNS over UDP",
    "dns+tcp": "DNS over TCP",
    "dns+tls": "DNS over TLS",
    "dns+quic": "DNS over QUIC",
    "stun": "a STUN binding",
    "tor": "Tor's handshake",
}
"""By experiment, plain DNS by scheme; what is not here is called by its experiment."""


def table(catalogue: Catalogue) -> str:
    """Return the whole block, marks included."""
    head = ["service", "what it is", "what is asked for", "rule", "risk", "measured"]
    rows = [head, ["---"] * len(head), *map(row, catalogue.services)]
    return "\n".join((BEGIN, *(f"| {' | '.join(cells)} |" for cells in rows), END))


def row(service: Service) -> list[str]:
    """Return the cells of one service."""
    return [
        f"`{service.service}`",
        service.title,
        "; ".join(asked_for(service)),
        rule(service),
        service.risk.value,
        "by default" if service.default else "by name",
    ]


def asked_for(service: Service) -> Iterator[str]:
    """Yield each kind of question with the hosts that it is put to."""
    kinds: dict[str, list[str]] = {}
    for target in service.targets:
        hosts = kinds.setdefault(kind(target), [])
        if (host := shown(target)) not in hosts:
            hosts.append(host)
    for word, hosts in kinds.items():
        more = f" and {len(hosts) - SHOWN} more" if len(hosts) > SHOWN else ""
        yield f"{word}: {', '.join(hosts[:SHOWN])}{more}"


def kind(target: Target) -> str:
    """Return what a target is asked, in words."""
    what = parse_input(target.input).scheme if target.experiment in {"dns", "vpn"} else target.experiment
    return ASKED.get(what, what)


def shown(target: Target) -> str:
    """Return host, and port where it is no matter of course, or what else stands in the input's place."""
    parsed = parse_input(target.input)
    host = f"[{parsed.host}]" if ":" in parsed.host else parsed.host
    return f"{host}:{parsed.port}" if target.experiment in {"tcp", "http_any", "vpn"} else host


def rule(service: Service) -> str:
    """Return the rule, with the endpoints that it hears where it does not hear all."""
    essential = [target.target_id.partition("/")[2] for target in service.targets if target.essential]
    return f"essential: {', '.join(essential)}" if service.rule == "essential" else service.rule


def block(text: str) -> str:
    """Return what stands between the marks of a text, marks included. ValueError where there are none."""
    begin, end = text.index(BEGIN), text.index(END)
    return text[begin : end + len(END)]


if __name__ == "__main__":
    before = README.read_text()
    README.write_text(before.replace(block(before), table(read_catalogue())))
