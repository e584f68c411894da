"""What tests of the cross experiment share: neutrals, a world that decides by address and name, the rules."""

from __future__ import annotations

import asyncio
import functools
import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec import structs

from loopback.elsewhere import Authority, Session, World, a_world
from loopback.settings import QUICK, a_session, a_target
from loopback.tempers import tls
from probe.judge.cross import Cross, evaluate
from probe.model.target import Step, Target

if TYPE_CHECKING:
    from probe.model.measurement import Measurement
    from probe.model.observation import TLSHandshake

TARGET, TARGET_IP = "blocked.example", "93.184.215.14"
POOL = tuple(f"93.184.{n}.10" for n in range(100, 106))
LISTED, OBSCURE = "listed.example", "obscure.example"


def neutrals(pool: tuple[str, ...] = POOL) -> tuple[Target, ...]:
    """One white-listed name without addresses, owners of foreign addresses, an obscure name."""
    owners = tuple(
        a_target(f"https://owner{n}.example/", neutral_group="foreign", addresses=(ip,))
        for n, ip in enumerate(pool)
    )
    obscure = a_target(f"https://{OBSCURE}/", neutral_group="foreign")
    return (a_target(f"https://{LISTED}/", neutral_group="domestic_listed"), *owners, obscure)


Decide = Callable[[str, World, str], Session | None]
"""IP, world and name to a temper; None serves."""


def cross(
    ca: Authority,
    decide: Decide,
    *,
    pool: tuple[str, ...] = POOL,
    times: int = 1,
    before: Callable[[World], None] = lambda _: None,
    **options: Any,
) -> list[Measurement]:
    """Measure cross experiments of one session in a world where `decide` says who is let through."""

    async def main() -> list[Measurement]:
        async with a_world(ca) as world:
            for ip in (TARGET_IP, *pool):
                await world.serve(ip, 443, tls(ca, decide=functools.partial(decide, ip, world)))
            before(world)
            async with a_session(world, options=structs.replace(QUICK, **options)) as session:
                step = Step(
                    target=a_target(f"https://{TARGET}/"),
                    experiment="cross",
                    addresses=(TARGET_IP,),
                    neutrals=neutrals(pool),
                )
                return [(await session.measure(step)).measurement for _ in range(times)]

    return asyncio.run(main())


def judged(m: Measurement) -> Cross:
    return evaluate([m], TARGET, plain=False)


def cells(m: Measurement) -> dict[tuple[str, str | None, str], list[TLSHandshake]]:
    found: dict[tuple[str, str | None, str], list[TLSHandshake]] = {}
    for h in sorted(m.tls_handshakes, key=lambda h: h.t0):
        found.setdefault((h.arm, h.server_name, h.ip), []).append(h)
    return found


def assert_rules_were_kept(m: Measurement) -> None:
    """What METHOD section 6 asks of any matrix, whatever came of it."""
    for tries in cells(m).values():
        gaps = [later.t0 - earlier.t0 for earlier, later in itertools.pairwise(tries)]
        assert all(gap >= 2.0 for gap in gaps), "tries of a cell at least 2 s apart"
        assert [h.trial for h in tries] == list(range(len(tries)))
    for name in {h.server_name for h in m.tls_handshakes}:
        said = sorted(h.t0 for h in m.tls_handshakes if h.server_name == name)
        assert all(b - a >= 0.499 for a, b in itertools.pairwise(said)), "0.5 s between hellos of a name"
        spans = [(h.t0, h.t) for h in m.tls_handshakes if h.server_name == name]
        assert max(sum(a <= t0 < b for a, b in spans) for t0, _ in spans) <= 3, "3 near-parallel hellos"
    for h in m.tls_handshakes:
        if h.arm == "target@neutral":
            before = [
                o for o in m.tls_handshakes if o.arm == "neutral@neutral" and o.ip == h.ip and o.t <= h.t0
            ]
            assert before, "a neutral name before the target's"
            last = max(before, key=lambda o: o.t)
            assert last.server_spoke, "and it passed"
            assert h.t0 - last.t <= 5.0, "within 5 s"
    assert [c for c in m.tcp_connect if not c.arm] == []
    assert [h for h in m.tls_handshakes if not h.arm] == []
