"""How fast bytes pass in the lab, on real sockets: slow by name, by address, by both, or for everybody."""

from __future__ import annotations

import asyncio
import contextlib
import time
import tracemalloc
from typing import TYPE_CHECKING, Any, Literal

import pytest
from msgspec import structs

from loopback.lab_clients import address_of, get, handshaken
from loopback.lab_worlds import in_world
from probe.lab.records import LINK, Rule, Site, Speed

if TYPE_CHECKING:
    import ssl

    from probe.lab import Lab

OWNER, OTHER = "ftp.funet.fi", "www.iana.org"
"""A name with a large object, and another."""
IT = (OWNER,)
SLOW = Speed(how="police", rate_bps=140_000, n_bytes=16_384)
ENOUGH = 131_072


async def fetched(lab: Lab, at: str, name: str, seconds: float = 1.0) -> int:
    """Return how many bytes of an object came in time, under a name in the ClientHello."""
    tls = await handshaken(lab, address_of(lab, at), name, verify=False)
    return await asyncio.to_thread(_read, tls, lab.network.world.names.large[at], at, seconds)


def _read(tls: ssl.SSLSocket, path: str, host: str, seconds: float) -> int:
    end = time.monotonic() + seconds
    received = 0
    with tls, contextlib.suppress(TimeoutError):
        tls.settimeout(seconds)
        tls.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        while received < ENOUGH and (left := end - time.monotonic()) > 0:
            tls.settimeout(left)
            received += len(tls.recv(16_384))
    return received


async def arms(lab: Lab) -> dict[str, float]:
    """Return the bytes of T, C1, X and C2 as a share of what was wanted, all at once."""
    neutral = "speedtest.selectel.ru"
    places = {"T": (OWNER, OWNER), "C1": (OWNER, OTHER), "X": (neutral, OWNER), "C2": (neutral, OTHER)}
    got = await asyncio.gather(*(fetched(lab, *place) for place in places.values()))
    return {arm: min(n / ENOUGH, 1.0) for arm, n in zip(places, got, strict=True)}


def slow_arms(**world: Any) -> set[str]:
    return {arm for arm, share in in_world(arms, **world).items() if share < 0.5}


def a_rule(**more: Any) -> Rule:
    return structs.replace(Rule(stage="flow", what="slow", speed=SLOW), **more)


def test_nothing_is_slow_where_nobody_slows() -> None:
    assert slow_arms() == set()


def test_a_name_is_slow_wherever_it_is_said() -> None:
    assert slow_arms(rules=(a_rule(names=IT),)) == {"T", "X"}


def test_an_address_is_slow_whatever_the_name() -> None:
    assert slow_arms(rules=(a_rule(at=IT),)) == {"T", "C1"}


def test_name_and_address_together_are_slow() -> None:
    assert slow_arms(rules=(a_rule(names=IT, at=IT),)) == {"T"}


def test_a_slow_server_is_slow_for_every_name() -> None:
    assert slow_arms(sites={OWNER: Site(speed=SLOW)}) == {"T", "C1"}


def test_a_server_may_have_a_faster_class_for_names_it_does_not_know() -> None:
    assert slow_arms(sites={OWNER: Site(speed=SLOW, speed_of="own")}) == {"T"}


def test_a_slow_link_slows_everything() -> None:
    assert slow_arms(link=SLOW) == {"T", "C1", "X", "C2"}


def test_half_of_the_flows_are_slow_where_the_rule_says_so() -> None:
    async def use(lab: Lab) -> dict[str, float]:
        got = await asyncio.gather(*(fetched(lab, OWNER, OWNER) for _ in range(8)))
        return {"slow": sum(n < ENOUGH / 2 for n in got)}

    assert 1 <= in_world(use, rules=(a_rule(names=IT, flows=0.5),))["slow"] <= 7


def test_a_policer_passes_its_burst_and_then_its_rate() -> None:
    async def use(lab: Lab) -> dict[str, float]:
        return {"bytes": await fetched(lab, OWNER, OWNER, 2.0)}

    after = in_world(use, rules=(a_rule(names=IT),))["bytes"]
    assert 16_384 + 0.5 * 2 * 17_500 < after < 16_384 + 2 * 17_500


def test_a_shaper_passes_its_rate() -> None:
    async def use(lab: Lab) -> dict[str, float]:
        return {"bytes": await fetched(lab, OWNER, OWNER, 2.0)}

    speed = Speed(how="shape", rate_bps=160_000, n_bytes=4_000)
    assert 20_000 < in_world(use, rules=(a_rule(names=IT, speed=speed),))["bytes"] < 44_000


def test_a_freeze_passes_the_same_number_of_bytes_each_time_and_no_more() -> None:
    async def use(lab: Lab) -> dict[str, float]:
        got = [await fetched(lab, OWNER, OWNER, 0.3) for _ in range(2)]
        return {"least": min(got), "most": max(got), "other": await fetched(lab, OWNER, OTHER)}

    got = in_world(use, rules=(a_rule(names=IT, speed=Speed(how="freeze", n_bytes=16_000)),))
    assert 10_000 < got["least"] <= got["most"] < 16_000
    assert got["most"] - got["least"] < 1_000
    assert got["other"] >= ENOUGH


def test_the_link_of_the_lab_is_eight_megabits() -> None:
    async def use(lab: Lab) -> dict[str, float]:
        began = time.monotonic()
        await fetched(lab, OWNER, OWNER)
        return {"seconds": time.monotonic() - began}

    assert 0.09 < in_world(use, link=LINK)["seconds"] < 0.9


@pytest.mark.parametrize(("large", "status"), [("", b"200"), ("none", b"404"), ("short", b"200")])
def test_the_large_object_may_be_missing_or_short(large: Literal["", "none", "short"], status: bytes) -> None:
    async def use(lab: Lab) -> dict[str, float]:
        answer = await get(lab, OWNER, lab.network.world.names.large[OWNER])
        assert answer.split(b" ")[1] == status
        return {"bytes": len(answer)}

    n_bytes = in_world(use, sites={OWNER: Site(large=large)})["bytes"]
    assert (n_bytes > 1_000_000) == (not large)


def test_a_server_that_refuses_other_names_says_421() -> None:
    async def use(lab: Lab) -> dict[str, float]:
        statuses = {}
        for name in (OWNER, OTHER):
            with await handshaken(lab, address_of(lab, OWNER), name, verify=False) as tls:
                tls.sendall(f"GET / HTTP/1.1\r\nHost: {OWNER}\r\n\r\n".encode())
                statuses[name] = int((await asyncio.to_thread(tls.recv, 12)).split(b" ")[1])
        return dict(statuses)

    assert in_world(use, sites={OWNER: Site(own_names_only=True)}) == {OWNER: 200, OTHER: 421}


def test_the_large_object_cannot_be_compressed() -> None:
    import zlib

    from probe.lab import pages

    body = pages.large_object().body
    assert len(zlib.compress(body[:100_000], 1)) > 99_000
    assert pages.large_object().body is body


def test_many_clients_of_the_large_object_share_one_copy_of_it() -> None:
    async def use(lab: Lab) -> dict[str, float]:
        await fetched(lab, OWNER, OWNER)
        tracemalloc.start()
        await asyncio.gather(*(fetched(lab, OWNER, OWNER) for _ in range(16)))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return {"megabytes": peak / 1e6}

    assert in_world(use)["megabytes"] < 16  # sixteen copies would be 32
