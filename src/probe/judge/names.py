"""What the system's resolver says for names of neutrals: whether it works, and tells the truth."""

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

from probe.judge.clock import is_valid
from probe.judge.fingerprints import NAT64, is_bogon, match_dns_address
from probe.model import failure as failures
from probe.model.measurement import Measurement

PUBLIC: Final = "public"
EMPTY: Final = "empty"


class NameAnswer(Struct, frozen=True, kw_only=True):
    """What the system's resolver said for one name of a neutral."""

    uid: str
    t0_s: float
    t_s: float
    name: str
    engine: str
    failure: str | None
    kind: str
    """public, empty, fingerprint:<id>, or a kind of bogon."""
    is_true: bool
    """A public address, or one at which a certificate for the name was shown."""


def name_answers(m: Measurement) -> Iterator[NameAnswer]:
    """Give the answers of the system's resolver, true ones told by address or by certificate."""
    shown = {(h.verified_name.lower(), h.ip) for h in m.tls_handshakes if is_valid(h)}
    for query in m.queries:
        if not query.is_system or query.failure in failures.LOCAL:
            continue
        name = query.hostname.lower().rstrip(".")
        kind = kind_of(query.answers)
        yield NameAnswer(
            uid=m.measurement_uid,
            t0_s=m.started_s + query.t0,
            t_s=m.started_s + query.t,
            name=name,
            engine=query.engine,
            failure=query.failure,
            kind=kind,
            is_true=query.failure is None
            and (kind == PUBLIC or any((name, ip) in shown for ip in query.answers)),
        )


def kind_of(answers: Iterable[str]) -> str:
    """Return the worst that the answered addresses are known as; NAT64 is as public as what it holds."""
    worst = EMPTY
    for ip in answers:
        known = match_dns_address(ip)
        if known is not None:
            return f"fingerprint:{known.id}"
        kind = is_bogon(ip)
        if kind not in {None, NAT64}:
            return str(kind)
        worst = PUBLIC
    return worst
