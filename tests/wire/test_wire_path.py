"""The path to an address behind a carrier, over real routers: who answered, whose they are, what is kept."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from loopback.registering import AUTNUM
from probe.lab.names import SYSTEM_RESOLVERS
from probe.measure import path
from probe.measure.asn_table import AsnTable, table_of
from probe.measure.dial import RealNetwork
from probe.measure.runner import Session
from probe.model.fact import PathHop
from probe.model.measurement import Measurement
from probe.model.options import RunOptions
from probe.model.target import Step, Target
from probe.targets import read_catalogue
from wire.chain import Chain, a_chain
from wire.harness import COMMAND, _start_world
from wire.link import Link
from wire.netns import CLIENT4, GATEWAY4
from wire.tables import SCENARIOS

HOME, OWN, ELSEWHERE, COGENT, LUMEN = (*("100.72.0.1", "95.167.0.1", "62.115.0.1", "154.54.0.1", "4.69.0.1"),)
ANCHOR = "66.28.0.45"
ROOT = "192.33.4.12"
SHIPPED = read_catalogue()


def shipped() -> AsnTable:
    return table_of(SHIPPED.asn_ranges, SHIPPED.ranges_dated)


def given() -> AsnTable:
    table = table_of([(12389, ["95.167.0.0/16"]), *SHIPPED.asn_ranges], "2026-11-22")
    table.sha256 = "0" * 64
    return table


def a_path(ip: str, port: int = 53) -> Target:
    text = f"path://{ip}:{port}"
    return Target(target_id="transit/x", service="transit", input=text, experiment="path", carrier="AS174")


def traced(chain: Chain, target: Target, table: AsnTable, *, own_asn: int = 12389) -> Measurement:
    async def main() -> Measurement:
        network = RealNetwork()
        options = RunOptions(timeout_s=5.0)
        async with Session(
            network,
            options=options,
            run_id="test",
            started=network.clock.counter(),
            asn_table=table,
            own_asn=own_asn,
        ) as session:
            return (await session.measure(Step(target=target, experiment="path"))).measurement

    return chain.inside(lambda: asyncio.run(main()))


def shape(m: Measurement) -> list[tuple[int, int, tuple[str, ...], tuple[str, ...]]]:
    """Return hop by hop how many answered, whose they are, which addresses are kept."""
    (trace,) = m.path_traces
    return [(hop.ttl, len(hop.rtt_ms), hop.as_names, hop.ips) for hop in trace.hops]


def test_each_router_answers_for_itself_and_only_the_carriers_addresses_are_kept() -> None:
    with a_chain([HOME, OWN, ELSEWHERE, COGENT], ANCHOR, port=53) as chain:
        m = traced(chain, a_path(ANCHOR), given())
    assert shape(m) == [
        (1, 2, ("unknown",), ()),
        (2, 2, ("AS12389",), ()),
        (3, 2, ("unknown",), ()),
        (4, 2, ("AS174",), (COGENT,)),
        (5, 2, ("AS174",), (ANCHOR,)),
    ]
    (trace,) = m.path_traces
    assert (trace.failure, trace.ip, trace.port, trace.carrier) == (None, ANCHOR, 53, "AS174")
    assert trace.as_table == "given 2026-11-22"
    assert all(hop.n_sent == 2 and all(0 < rtt < 500 for rtt in hop.rtt_ms) for hop in trace.hops)
    assert (m.bytes_sent, m.bytes_received) == (10 * 60, 10 * 68)
    assert all(address not in repr(m) for address in (HOME, OWN, ELSEWHERE, "100.72.13.37"))


def test_routers_that_say_nothing_are_hops_without_an_answer() -> None:
    with a_chain([HOME, OWN, ELSEWHERE, COGENT], ANCHOR, silent=(OWN, ELSEWHERE), port=53) as chain:
        m = traced(chain, a_path(ANCHOR), given())
    assert shape(m) == [
        (1, 2, ("unknown",), ()),
        (2, 0, (), ()),
        (3, 0, (), ()),
        (4, 2, ("AS174",), ()),  # the first that answered may stand in the volunteer's own network
        (5, 2, ("AS174",), (ANCHOR,)),
    ]
    assert m.path_traces[0].failure is None


def test_a_path_without_the_carrier_names_whom_it_leads_through_instead() -> None:
    with a_chain([HOME, OWN, LUMEN], ROOT, port=53) as chain:
        m = traced(chain, a_path(ROOT), shipped())
    assert shape(m) == [
        (1, 2, ("unknown",), ()),
        (2, 2, ("unknown",), ()),
        (3, 2, ("AS3356",), (LUMEN,)),
        (4, 2, ("unknown",), (ROOT,)),
    ]


def test_a_closed_port_is_an_answer_of_the_address_and_silence_behind_a_router_is_none() -> None:
    with a_chain([HOME, COGENT], ANCHOR) as chain:
        refused = traced(chain, a_path(ANCHOR), shipped())
        nobody = traced(chain, a_path(ROOT), shipped())
    assert (refused.path_traces[0].failure, shape(refused)[-1]) == (None, (3, 2, ("AS174",), (ANCHOR,)))
    assert nobody.path_traces[0].failure is not None
    assert nobody.path_traces[0].hops[-1].ips != (ROOT,)


def test_where_the_volunteer_stands_in_the_carriers_own_network_no_address_of_it_is_kept() -> None:
    with a_chain([HOME, COGENT, LUMEN], ANCHOR, port=53) as chain:
        declared = traced(chain, a_path(ANCHOR), shipped(), own_asn=174)
        wrongly = traced(chain, a_path(ANCHOR), shipped(), own_asn=12389)
        unsaid = traced(chain, a_path(ANCHOR), shipped(), own_asn=0)
    assert [hop.ips for hop in declared.path_traces[0].hops] == [(), (), (LUMEN,), (ANCHOR,)]
    assert [hop.ips for hop in wrongly.path_traces[0].hops] == [(), (), (LUMEN,), (ANCHOR,)]
    assert [hop.ips for hop in unsaid.path_traces[0].hops] == [(), (), (LUMEN,), (ANCHOR,)]


def test_where_nobody_knows_the_first_hop_and_no_operator_is_declared_no_address_is_kept() -> None:
    with a_chain([HOME, OWN, COGENT], ANCHOR, port=53) as chain:
        m = traced(chain, a_path(ANCHOR), shipped(), own_asn=0)
    assert [(hop.as_names, hop.ips) for hop in m.path_traces[0].hops] == [
        (("unknown",), ()),
        (("unknown",), ()),
        (("AS174",), ()),
        (("AS174",), (ANCHOR,)),
    ]


def test_over_ipv6_the_same_is_seen() -> None:
    inside, lumen, anchor = "2a00:1fa0::1", "2001:1900::1", "2001:1900::53"
    with a_chain([inside, lumen], anchor, port=53) as chain:
        target = replace(a_path(anchor), input=f"path://[{anchor}]:53")
        traced(chain, target, shipped())  # fresh cables: the routers find their neighbours out
        m = traced(chain, target, shipped())
    assert shape(m) == [
        (1, 2, ("unknown",), ()),
        (2, 2, ("AS3356",), (lumen,)),
        (3, 2, ("AS3356",), (anchor,)),
    ]
    assert m.path_traces[0].failure is None


def test_after_six_silent_hops_the_rest_is_not_asked_for() -> None:
    with a_chain([HOME], ANCHOR, silent=(HOME, ANCHOR)) as chain:
        m = traced(chain, a_path(ANCHOR), shipped())
    (trace,) = m.path_traces
    assert (trace.failure, len(trace.hops), m.bytes_sent) == ("generic_timeout_error", 6, 12 * 60)
    assert trace.hops[0] == PathHop(ttl=1, n_sent=2)


def test_a_system_that_does_not_tell_says_so_and_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    with a_chain([HOME], ANCHOR) as chain:
        monkeypatch.setattr(sys, "platform", "darwin")
        m = traced(chain, a_path(ANCHOR), shipped())
    assert (m.path_traces, m.local, m.bytes_sent) == ((), (path.UNSUPPORTED,), 0)


def test_an_address_that_is_not_public_is_not_looked_for() -> None:
    with a_chain([HOME], ANCHOR) as chain:
        m = traced(chain, replace(a_path(ANCHOR), input="path://10.0.0.1:53"), shipped())
    assert (m.path_traces, m.bytes_sent) == ((), 0)


@pytest.mark.slow
def test_the_command_tells_facts_and_keeps_no_address_of_the_home(tmp_path: Path) -> None:
    saved = tmp_path / "saved.json"
    saved.write_text(json.dumps(AUTNUM))
    with Link(None, resolver=SYSTEM_RESOLVERS[0]) as wire:
        world, ready = _start_world(wire, SCENARIOS["clean"], tmp_path)
        try:
            shape = {"delay_ms": 20.0}
            wire.start({"up": shape, "down": shape, "censors": [], "seed": 1})
            passed = os.environ.keys() & {"PATH", "PYTHONPATH", "PROBE_TEST_HOME_NETNS"}
            done = subprocess.run(
                wire.command(
                    *(*COMMAND, "run", "transit", "--registry-file", str(saved), "--rounds", "1", "--yes"),
                    *("--results", str(tmp_path / "results"), "--asn", "AS12389", "--lang", "en"),
                    client=True,
                ),
                env={name: os.environ[name] for name in passed}
                | {"HOME": str(tmp_path), "LANG": "C.UTF-8", "SSL_CERT_FILE": ready["ca"], "COLUMNS": "400"},
                cwd=tmp_path,
                capture_output=True,
                text=True,
                timeout=400,
                check=False,
            )
        finally:
            world.terminate()
            world.communicate(timeout=120)
    assert done.returncode == 0, done.stderr
    facts = " ".join(done.stdout.partition("\nFacts\n")[2].partition("\nFiles\n")[0].split())
    assert "AS3333: handle AS3333; status active; registered 2002-09-03;" in facts
    assert "Path to 66.28.0.45:53: 2 of 2 hops answered, the address too; AS unknown, AS174" in facts
    assert "Path to 209.244.0.3:53: 2 of 2 hops answered, the address too; AS unknown, AS3356" in facts
    assert facts.count("AS174: on the observed path.") == 1
    assert facts.count("AS174: not on the observed path.") == 1
    (run,) = (tmp_path / "results").iterdir()
    with (run / "verdicts.csv").open(newline="") as file:
        assert [row["service"] for row in csv.DictReader(file)] == ["network"]
    kept = (run / "measurements.jsonl").read_text()
    assert [address for address in (CLIENT4, GATEWAY4, "Jane", "jane@") if address in kept] == []
