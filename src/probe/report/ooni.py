"""Runs as OONI measurements: JSON Lines, one record a try, in the shapes of OONI's specification."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, BinaryIO, Final
from urllib.parse import urlsplit

import msgspec

from probe.model.fact import FACTS
from probe.report.ooni_keys import DNS_SCHEMES, TESTS, Group, Part

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from probe.model.measurement import Measurement
    from probe.model.observation import ControlAnswer
    from probe.model.target import Target
    from probe.model.verdict import Verdict
    from probe.report.told import Told

TIME: Final = "%Y-%m-%d %H:%M:%S"
HOUR: Final = "%Y-%m-%d %H:00:00"
LOOPBACK: Final = "127.0.0.1"
NO_RESOLVER: Final = "127.0.0.2"
"""What OONI writes where a resolver's address is not told."""
NAME: Final = "interference-probe"
DATA_FORMAT: Final = "0.2.0"
EXTENSIONS: Final = {"dnst": 0, "httpt": 0, "netevents": 0, "tcpconnect": 0, "tlshandshake": 0, "tunnel": 0}
APPS: Final = {
    "telegram": ("telegram", ("https://web.telegram.org/",)),
    "whatsapp": ("whatsapp", ("https://web.whatsapp.com/", "https://v.whatsapp.net/v2/register")),
    "facebook_messenger": ("messenger", ()),
}
"""OONI's tests of an app: the service whose endpoints they try, and pages that they fetch too."""
URLGETTER: Final = {"tcp": "tcpconnect", "quic": "https"}
"""Our schemes, and those under which OONI's urlgetter does the same."""
UNTOLD: Final = FACTS | {"throughput", "zone", "vpn", "control", "local"}
"""Experiments that OONI's format has no record for; a control stands in the record of its target."""


def ooni_lines(told: Told, *, public: bool) -> Iterator[bytes]:
    """Yield a run's records, each a line with its line feed; the same run gives the same bytes.

    Targets only: what this program compares them with is its own. A public record says the hour and not the
    minute, and neither bodies, nor headers that tell the time, nor bytes over time.
    """
    run = _Run(told, public=public)
    for group in run.groups():
        yield msgspec.json.encode(run.record(group)) + b"\n"


def write_ooni(stream: BinaryIO, runs: Sequence[Told], *, public: bool) -> None:
    """Write the records of several runs, one run after the other."""
    for told in runs:
        stream.writelines(ooni_lines(told, public=public))


def untold_by_ooni(told: Told) -> int:
    """Count the measurements of targets that no record holds."""
    targets = {t.target_id for t in told.targets}
    lost = (m for m in told.measurements() if m.target_id in targets and m.experiment in UNTOLD - {"control"})
    return sum(1 for _ in lost)


class _Run:
    """What all records of a run share."""

    def __init__(self, told: Told, *, public: bool) -> None:
        self._told = told
        self._public = public
        self._targets: dict[str, Target] = {t.target_id: t for t in told.targets}
        self._verdicts: dict[str, Verdict] = {v.target_id: v for v in told.verdicts}

    def groups(self) -> Iterator[Group]:
        """Yield what becomes one record each, in the order in which the first of its parts was written."""
        controls = self._controls()
        for members in self._members():
            first = members[0]
            began = first.started_s
            parts = tuple(
                Part(
                    target=self._targets[m.target_id],
                    measurement=m,
                    verdict=self._verdicts.get(m.target_id),
                    shift_s=m.started_s - began,
                )
                for m in members
            )
            is_first = first.round == 0 and first.experiment == parts[0].target.experiment
            yield Group(
                test=test_of(parts[0].target, first),
                parts=parts,
                control=controls.get(first.target_id) if is_first else None,
                public=self._public,
            )

    def record(self, group: Group) -> dict[str, Any]:
        """Return the record of a group."""
        record, first, target = self._told.record, group.parts[0].measurement, group.parts[0].target
        keys, version = TESTS[group.test]
        ended = max(p.shift_s + p.measurement.runtime_s for p in group.parts)
        return {
            "annotations": self._annotations(group),
            "data_format_version": DATA_FORMAT,
            "extensions": EXTENSIONS,
            "input": input_of(group.test, target),
            "input_hashes": [],
            "measurement_start_time": self._time(first.measurement_start_time),
            "options": ["HTTP3Enabled=true"] if target.experiment == "quic" else [],
            "probe_asn": record.vantage.probe_asn,
            "probe_cc": record.vantage.probe_cc,
            "probe_city": None,
            "probe_ip": LOOPBACK,
            "probe_network_name": "" if self._public else record.vantage.probe_network_name,
            "report_id": "",
            "resolver_asn": record.vantage.resolver_asn or "AS0",
            "resolver_ip": NO_RESOLVER,
            "resolver_network_name": "",
            "software_name": NAME,
            "software_version": record.software_version,
            "test_helpers": {},
            "test_keys": keys(group),
            "test_name": group.test,
            "test_runtime": round(ended, 0 if self._public else 6),
            "test_start_time": self._time(datetime.fromisoformat(record.started_utc)),
            "test_version": version,
        }

    def _annotations(self, group: Group) -> dict[str, str]:
        """Return what this program knows beyond the format; OONI's annotations are texts."""
        record, seal = self._told.record, self._told.seal
        found = {
            "engine_name": NAME,
            "engine_version": record.software_version,
            "platform": record.platform.lower(),
            "x_experiment": group.parts[0].measurement.experiment,
            "x_round": str(group.parts[0].measurement.round),
            "x_rules_version": str(record.rules_version),
            "x_verdicts": msgspec.json.encode(list(map(_said, _once(group.parts)))).decode(),
        }
        if not self._public:
            found["x_run_id"] = record.run_id
        elif seal is not None:
            found["x_run_id"] = seal.root_sha256[:8]
        if record.simulated:
            found["x_simulated"] = "true"
        return found

    def _time(self, moment: datetime) -> str:
        return moment.astimezone(UTC).strftime(HOUR if self._public else TIME)

    def _members(self) -> Iterator[list[Measurement]]:
        """Yield measurements alone, or a round of an app's endpoints together once the round is complete."""
        waiting: dict[tuple[str, int], list[Measurement]] = {}
        for m in self._told.measurements():
            target = self._targets.get(m.target_id)
            if target is None or m.experiment in UNTOLD:
                continue
            test = test_of(target, m)
            if test not in {*APPS, "signal"}:
                yield [m]
                continue
            waiting.setdefault((test, m.round), []).append(m)
        yield from waiting.values()

    def _controls(self) -> dict[str, ControlAnswer]:
        """Return the first helper's answer about each target that worked, or else the first that did not."""
        found: dict[str, ControlAnswer] = {}
        for m in self._told.measurements():
            if m.experiment != "control" or m.target_id not in self._targets:
                continue
            for answer in m.controls:
                known = found.get(m.target_id)
                if answer.kind == "test_helper" and answer.hop == 0 and (known is None or known.failure):
                    found[m.target_id] = answer
        return found


def test_of(target: Target, m: Measurement) -> str:
    """Return which of OONI's tests a measurement is one of."""
    scheme = urlsplit(target.input).scheme
    if m.experiment != target.experiment:
        return "urlgetter"
    for test, (service, pages) in APPS.items():
        apart = scheme in {"http", "https"}
        if (target.service == service and not apart) or target.input in pages:
            return test
    if target.experiment in {"web", "store"}:
        return "signal" if target.private_ca == "signal" else "web_connectivity"
    if target.experiment in {"dns", "doh"} and scheme in DNS_SCHEMES:
        return "dnscheck"
    return "urlgetter"


def input_of(test: str, target: Target) -> str | None:
    """Return the input as OONI's test has it; tests of apps have none."""
    if test in {*APPS, "signal"}:
        return None
    scheme, colon, rest = target.input.partition("://")
    if test == "dnscheck":
        return DNS_SCHEMES[scheme] + colon + rest
    if test == "urlgetter" and scheme in URLGETTER:
        return URLGETTER[scheme] + colon + rest + ("/" if scheme == "quic" else "")
    return target.input


def _once(parts: Sequence[Part]) -> list[Part]:
    return list({part.target.target_id: part for part in parts}.values())


def _said(part: Part) -> dict[str, str | bool]:
    """Return what this program's rules made of the whole run: more than one record can show."""
    v = part.verdict
    found: dict[str, str | bool] = {"input": part.target.input}
    if v is None:
        return found
    return found | {
        "state": v.state.value,
        "mechanism": v.mechanism,
        "located": v.located.value,
        "confirmed": v.confirmed,
        "reason_code": v.reason_code.value if v.reason_code else "",
        "rule_id": v.rule_id,
    }
