"""The heart asks the system's resolver for a neutral's name once a name has failed, and only then."""

import asyncio
from dataclasses import dataclass, field

import pytest

from loopback.elsewhere import Authority, World, a_world
from loopback.settings import a_session, a_target
from loopback.tempers import zone
from probe.measure.runner import Session
from probe.model.measurement import Measurement
from probe.model.target import Step
from probe.pipeline.heart import Heart
from probe.pipeline.neutrals import KnownNeutrals
from probe.pipeline.recorder import name_failed

RESOLVER, IP = "203.0.113.53", "93.184.215.14"
NEUTRALS = tuple(a_target(f"https://{name}.example/", neutral_group="foreign") for name in ("one", "two"))


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@dataclass
class Keeper:
    """Measures, and keeps it in memory."""

    session: Session
    kept: list[Measurement] = field(default_factory=list)

    async def ask(self, step: Step) -> Measurement:
        self.kept.append((await self.session.measure(step)).measurement)
        return self.kept[-1]


def lived(ca: Authority, names: tuple[str, ...], *, beats_s: float = 2.5) -> list[Measurement]:
    """Measure a page under each name, tell the heart, let it beat; what it measured."""

    async def main() -> list[Measurement]:
        async with a_world(ca) as world:
            await _prepare(world)
            async with a_session(world) as session:
                keeper = Keeper(session)
                heart = Heart(
                    ask=keeper.ask,
                    known=KnownNeutrals(),
                    neutrals=NEUTRALS,
                    resolvers=(),
                    home="RU",
                )
                for name in names:
                    target = a_target(f"https://{name}/")
                    done = await session.measure(Step(target=target, experiment="web"))
                    heart.learn(target, done.measurement)
                beating = asyncio.create_task(heart.run())
                await asyncio.sleep(beats_s)
                beating.cancel()
                await asyncio.gather(beating, return_exceptions=True)
                return list(keeper.kept)

    return asyncio.run(main())


async def _prepare(world: World) -> None:
    world.resolvers = (RESOLVER,)
    world.names |= {"one.example": (IP,), "two.example": (IP,), "fine.example": (IP,)}
    await world.serve_dns(RESOLVER, 53, zone(world.names))


def test_a_failed_name_makes_the_next_beat_ask_for_a_neutral_once(ca: Authority) -> None:
    found = lived(ca, ("gone.example", "gone-too.example"))
    assert [m.input for m in found] == ["https://one.example/"]
    assert {q.engine for m in found for q in m.queries if q.is_system and q.answers} == {"getaddrinfo", "udp"}
    assert [m.tcp_connect for m in found] == [()]


def test_names_that_resolve_ask_nothing_of_the_resolver(ca: Authority) -> None:
    assert lived(ca, ("fine.example",)) == []


def test_a_name_fails_only_where_neither_family_gave_an_address(ca: Authority) -> None:
    async def main() -> list[bool]:
        async with a_world(ca) as world:
            await _prepare(world)
            async with a_session(world) as session:
                steps = [
                    Step(target=a_target(f"https://{n}.example/"), experiment="neutral")
                    for n in ("one", "gone")
                ]
                return [name_failed((await session.measure(s)).measurement) for s in steps]

    assert asyncio.run(main()) == [False, True]
