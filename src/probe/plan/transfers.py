"""A debt of transfers becomes a Step: which arms, at which servers, under which names, in which order."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

from probe.model.options import RunOptions
from probe.model.target import Debt, Step, Target
from probe.model.transfer import TRIAL_BYTES, TRIAL_SECONDS, Arm, ArmPlan, TransferPlan

EXPERIMENT = "throughput"
FREEZE_BYTES = 1_000_000
"""A trial without cap: no freeze that is known lets so much pass, and a volunteer's budget bears no more."""
SMALL_SEGMENT = 536
"""TCP_MAXSEG that fits any path: the smallest that RFC 9293 lets a host assume."""
PUBLIC_HELPERS = (".ooni.org", ".cloudfront.net")
"""Hosts of helpers that look at targets but serve no transfers."""


def transfer_step(
    debt: Debt, target: Target, *, options: RunOptions, neutrals: Sequence[Target], seed: int
) -> Step | None:
    """Return the step that pays a debt of transfers; None when no server or neutral name is to be had.

    `neutrals` bear the addresses at which they answered in this run. The same debt gives the same step.
    """
    arms = _ARMS[debt.purpose](debt, target, options, tuple(neutrals))
    if not arms:
        return None
    lot = hashlib.sha256(f"{seed}:{target.target_id}:{debt.arms}:{debt.test}:{debt.number}".encode()).digest()
    if lot[0] % 2:
        arms = arms[::-1]
    plain = debt.purpose in ("freeze", "small_segments")
    return Step(
        target=target,
        experiment=EXPERIMENT,
        round=debt.number,
        not_before_s=debt.not_before_s,
        reason=debt.what,
        transfer=TransferPlan(
            purpose=debt.purpose,
            arms=arms,
            test=debt.test,
            number=debt.number,
            max_bytes=FREEZE_BYTES if plain else debt.n_bytes or TRIAL_BYTES,
            max_seconds=options.timeout_s if plain else TRIAL_SECONDS,
            max_segment=SMALL_SEGMENT if debt.purpose == "small_segments" else None,
        ),
    )


def _pair(
    debt: Debt, target: Target, options: RunOptions, neutrals: tuple[Target, ...]
) -> tuple[ArmPlan, ...]:
    name, other = debt.server_name, neutral_name(target, neutrals, debt.neutral_name)
    if not name or not other:
        return ()
    if debt.arms == "T/C1":
        own = _own(debt, "T", name)
        return (own, _own(debt, "C1", other)) if own.ip else ()
    return _elsewhere(target, options, neutrals, family=_family(debt), names=(("X", name), ("C2", other)))


def _alone(
    debt: Debt, _target: Target, _options: RunOptions, _neutrals: tuple[Target, ...]
) -> tuple[ArmPlan, ...]:
    own = _own(debt, "T", debt.server_name)
    return (own,) if own.ip and own.server_name else ()


def _other_server(
    debt: Debt, target: Target, options: RunOptions, neutrals: tuple[Target, ...]
) -> tuple[ArmPlan, ...]:
    other = neutral_name(target, neutrals, debt.neutral_name)
    return _elsewhere(target, options, neutrals, family=_family(debt), names=(("N", other),)) if other else ()


_ARMS: Mapping[str, Callable[..., tuple[ArmPlan, ...]]] = {
    "pair": _pair,
    "freeze": _alone,
    "small_segments": _alone,
    "elsewhere": _other_server,
}


def _own(debt: Debt, arm: Arm, name: str) -> ArmPlan:
    """Return an arm at the target's address: the object's owner in Host, whatever the ClientHello says."""
    parts = urlsplit(debt.url)
    path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    return ArmPlan(
        arm=arm,
        ip=debt.addresses[0] if debt.addresses else "",
        port=parts.port or 443,
        server_name=name,
        host=parts.netloc.rpartition("@")[2],
        path=path,
    )


def _elsewhere(
    target: Target,
    options: RunOptions,
    neutrals: tuple[Target, ...],
    *,
    family: int,
    names: tuple[tuple[Arm, str], ...],
) -> tuple[ArmPlan, ...]:
    """Return arms where any name is taken: at a campaign's helper, else at a neutral with a large object."""
    helper = next((url for url in options.controls if is_campaign(url)), "")
    if helper:
        return tuple(ArmPlan(arm=arm, server_name=name, helper=helper) for arm, name in names)
    servers = sorted(
        (t for t in neutrals if t.any_name and t.large_object and t.addresses), key=lambda t: t.target_id
    )
    if not servers:
        return ()
    # A name is looked at in both families alike, so another family's server will do. Those of hosters
    # reported frozen stand last: what is frozen for every name is no control.
    near = [t for t in servers if _known(t, family)] or servers
    best = [t for t in near if t.neutral_group != "foreign_frozen"] or near
    server = best[_lot(target) % len(best)]
    return tuple(
        ArmPlan(
            arm=arm,
            ip=(_known(server, family) or server.addresses)[0],
            server_name=name,
            host=urlsplit(server.input).hostname or "",
            path=server.large_object,
        )
        for arm, name in names
    )


def is_campaign(url: str) -> bool:
    """Say whether a helper may serve transfers: OONI's public ones do not."""
    host = urlsplit(url).hostname or ""
    return bool(host) and not host.endswith(PUBLIC_HELPERS)


def neutral_name(target: Target, neutrals: Sequence[Target], known: str = "") -> str:
    """Return an obscure neutral name that answered in this run; targets take different ones in turn.

    The one that a baseline's pairs were made under comes first: beside another they calibrate nothing.
    """
    hosts = [
        host
        for t in neutrals
        if t.neutral_group == "foreign" and t.addresses and (host := urlsplit(t.input).hostname)
    ]
    if known in hosts:
        return known
    return hosts[_lot(target) % len(hosts)] if hosts else ""


def _known(target: Target, family: int) -> tuple[str, ...]:
    return tuple(a for a in target.addresses if (":" in a) == (family == 6))


def _family(debt: Debt) -> int:
    return 6 if debt.addresses and ":" in debt.addresses[0] else 4


def _lot(target: Target) -> int:
    return int.from_bytes(hashlib.sha256(target.target_id.encode()).digest()[:4])
