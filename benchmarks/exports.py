"""How long a run of a hundred thousand verdicts takes as CSV, workbook and page, and how much memory.

    python -m benchmarks.exports [--verdicts 100000] [--keep DIR]

The verdicts are made in code: a list in which three of a hundred are blocked, and as many measurements as
there are verdicts, which the page reads twice to follow some of them back. The promise is for wall time on a
machine that does nothing else; processor time stands beside it. Memory is the peak of the whole process, the
verdicts with it.
"""

import argparse
import resource
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from msgspec.structs import replace

from probe.model.measurement import Measurement, VantagePoint
from probe.model.observation import DNSLookup, HTTPRoundTrip, TCPConnect, TLSHandshake
from probe.model.options import RunOptions, RunRecord
from probe.model.verdict import ServiceVerdict, Verdict
from probe.model.words import ControlSource, Layer, Located, ReasonCode, State
from probe.report.annex.blocks import Document, Paragraph, Section
from probe.report.book import verdict_rows
from probe.report.columns import VERDICT_COLUMNS
from probe.report.csv import as_csv
from probe.report.html import write_html
from probe.report.told import Told
from probe.report.xlsx import write_xlsx

PROMISED_S = 30.0
PROMISED_MB = 1024.0
RUN_ID = "20261122T000000Z-AS64500-be9c"
WHEN = "2026-11-22T00:00:00.000Z"
CATEGORIES = ("NEWS", "HUMR", "ANON", "MMED", "COMT", "GRP")


def verdicts(n: int) -> Iterator[Verdict]:
    """Yield verdicts of a list, of every hundred three blocked and three inconclusive."""
    for i in range(n):
        name = f"https://www.site-{i:06}.example/path/of/some/length?id={i}"
        uids = tuple(f"{RUN_ID}-{i:06}{k}" for k in range(3))
        params = (("name", name), ("k", "3"), ("n", "3"))
        plain = Verdict(
            target_id=f"list/{i:06}",
            service="list",
            input=name,
            state=State.REACHABLE,
            layer=Layer.HTTP,
            located=Located.UNKNOWN,
            confirmed=False,
            rule_id="http.answered",
            rules_version=2,
            because=f"{name}: a validated answer came in 3 of 3 tries.",
            template="{name}: a validated answer came in {k} of {n} tries.",
            params=params,
            witnesses=uids,
            n_observations=12,
            n_controls=4,
            control_source=(ControlSource.NEUTRAL,),
            dns_ms=12.5 + i % 40,
            connect_ms=40.1 + i % 30,
            tls_ms=45.2 + i % 30,
            ttfb_ms=60.3 + i % 90,
            started_utc=WHEN,
            ended_utc=WHEN,
            measurement_uids=uids,
            category_code=CATEGORIES[i % len(CATEGORIES)],
        )
        if i % 100 < 3:
            plain = replace(
                plain,
                state=State.BLOCKED,
                mechanism="tls.reset.sni",
                layer=Layer.TLS,
                located=Located.PATH,
                confirmed=True,
                failure="connection_reset",
                rule_id="tls.blocked_reset",
                control_source=(ControlSource.CROSS, ControlSource.NEUTRAL),
            )
        elif i % 100 < 6:
            plain = replace(plain, state=State.INCONCLUSIVE, reason_code=ReasonCode.NO_CONTROL)
        yield plain


def measurements(n: int) -> Iterator[Measurement]:
    """Yield one measurement a target."""
    address: dict[str, Any] = {"ip": "192.0.2.7", "port": 443, "failure": None}
    start = datetime(2026, 11, 22, tzinfo=UTC)
    observed: dict[str, Any] = {
        "queries": (
            DNSLookup(
                t0=0.0,
                t=0.01,
                failure=None,
                hostname="www.site.example",
                query_type="A",
                engine="udp",
                resolver_address="system",
                is_system=True,
                answers=("192.0.2.7",),
            ),
        ),
        "tcp_connect": (TCPConnect(t0=0.01, t=0.05, **address),),
        "tls_handshakes": (
            TLSHandshake(
                t0=0.05,
                t=0.1,
                **address,
                server_name="www.site.example",
                verified_name="www.site.example",
                completed=True,
                tls_version="TLSv1.3",
            ),
        ),
        "requests": (
            HTTPRoundTrip(t0=0.1, t=0.2, **address, url="https://www.site.example/", status_code=200),
        ),
    }
    for i in range(n):
        yield Measurement(
            measurement_uid=f"{RUN_ID}-{i:06}0",
            target_id=f"list/{i:06}",
            service="list",
            input=f"https://www.site-{i:06}.example/path/of/some/length?id={i}",
            experiment="web",
            round=0,
            is_control=False,
            measurement_start_time=start,
            started_s=i / 10,
            runtime_s=0.3,
            **observed,
        )


def a_run(n: int) -> Told:
    """Return a run of that many targets."""
    found = tuple(verdicts(n))
    counts = {f"n_{state}": sum(v.state is state for v in found) for state in State}
    service = ServiceVerdict(
        service="list",
        state=State.BLOCKED,
        mechanism="tls.reset.sni",
        located=Located.PATH,
        confirmed=True,
        reason_code=None,
        because="The worst of all.",
        n_targets=n,
        started_utc=WHEN,
        ended_utc=WHEN,
        **counts,
    )
    record = RunRecord(
        schema_version="0.1.0",
        run_id=RUN_ID,
        software_version="0.1.0",
        rules_version=2,
        python_version="3.11",
        platform="Linux",
        options=RunOptions(),
        seed=1,
        services=(),
        lists=("0" * 64,),
        vantage=VantagePoint(probe_asn="AS64500", asn_source="declared", probe_cc="RU", region="withheld"),
        trust_source="certifi",
        trust_sha256="0" * 64,
        started_utc=WHEN,
        ended_utc=WHEN,
        n_measurements=n,
    )
    return Told(
        record=record,
        verdicts=found,
        services=(service,),
        trials=(),
        facts=(),
        targets=(),
        controls=(),
        baseline=None,
        seal=None,
        measurements=lambda: measurements(n),
    )


def write_csv(run: Told, path: Path) -> None:
    """Write the verdicts as `probe report --format csv` does."""
    path.write_bytes(as_csv(VERDICT_COLUMNS, verdict_rows([run])))


def write_book(run: Told, path: Path) -> None:
    """Write the workbook."""
    with path.open("wb") as handle:
        write_xlsx(handle, [run])


def write_page(run: Told, path: Path) -> None:
    """Write the page, made public: the slower of both."""
    sections = (Section(number=1, key="limits", title="Limits", blocks=(Paragraph(text="None of this."),)),)
    document = Document(
        lang="en",
        title="A list",
        subtitle="",
        running_head="",
        author="",
        generated=datetime(2026, 11, 22, tzinfo=UTC),
        sections=sections,
        labels={},
    )
    with path.open("wb") as handle:
        write_html(handle, document, [run], public=True)


FORMS: dict[str, Callable[[Told, Path], None]] = {"csv": write_csv, "xlsx": write_book, "html": write_page}


def main() -> int:
    """Print a line a form; return 1 when a promise was broken."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--verdicts", type=int, default=100_000)
    parser.add_argument("--keep", type=Path, default=None, help="a folder to leave the files in")
    asked = parser.parse_args()
    run = a_run(asked.verdicts)
    total, worked = 0.0, 0.0
    with TemporaryDirectory() as scratch:
        folder = asked.keep or Path(scratch)
        for name, write in FORMS.items():
            path = folder / f"verdicts.{name}"
            began, began_cpu = time.perf_counter(), time.process_time()
            write(run, path)
            took, cpu = time.perf_counter() - began, time.process_time() - began_cpu
            total, worked = total + took, worked + cpu
            print(f"{name:5} {took:5.1f} s   {cpu:5.1f} s of CPU   {path.stat().st_size / 1e6:6.1f} MB")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{asked.verdicts} verdicts: {total:.1f} s together, {worked:.1f} s of CPU "
        f"(promised <= {PROMISED_S:.0f} s)"
    )
    print(f"peak of the process, verdicts included: {peak:.0f} MB   (promised <= {PROMISED_MB:.0f} MB)")
    return int(total > PROMISED_S or peak > PROMISED_MB)


if __name__ == "__main__":
    sys.exit(main())
