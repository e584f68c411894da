"""What was typed at a measuring command, checked one by one, and the request that it makes."""

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from probe.cli import options as o

if TYPE_CHECKING:
    from probe.pipeline.request import RunRequest


class Asked(Struct, frozen=True, kw_only=True):
    """What was typed, checked one by one."""

    command: str
    """As it is typed: what the consent screen and the hints name."""
    services: tuple[str, ...]
    lists: tuple[Path, ...]
    urls: tuple[str, ...]
    apps: tuple[str, ...]
    results: Path
    baseline: Path | None
    controls: tuple[str, ...] | None
    """None where nothing was said of controls."""
    control_proxy: str
    throughput: bool
    rounds: int
    confirm_after_s: float
    concurrency: int
    timeout_s: float
    max_bytes: int
    max_seconds: float
    dns: str
    asn: str
    """AS12389, detect or nothing."""
    region: str
    network_name: str
    access_type: str
    include_elevated: bool
    include_high_risk: bool
    resume: Path | None
    for_run: Path | None
    yes: bool
    trials: int
    """Of a self-test; 0 for a run."""
    registry_files: tuple[Path, ...] = ()
    asn_table: Path | None = None
    trust_anchor: Path | None = None
    vpn: tuple[Path, ...] = ()
    ephemeral: bool = False
    """Nothing of the run is to stay on the disk."""
    export: Path | None = None
    """Where verdicts.csv goes too; `-` is stdout."""

    def request(self, controls: tuple[str, ...]) -> "RunRequest":
        """Return the pipeline's request, with these controls."""
        from probe.model.measurement import VantagePoint
        from probe.model.options import RunOptions
        from probe.pipeline.request import RunRequest

        declared = "" if self.asn == o.DETECT else self.asn
        return RunRequest(
            services=self.services,
            lists=self.lists,
            urls=self.urls,
            apps=self.apps,
            registry_files=self.registry_files,
            vpn=self.vpn,
            results=self.results,
            baseline=self.baseline,
            options=RunOptions(
                rounds=self.rounds,
                confirm_after_s=self.confirm_after_s,
                concurrency=self.concurrency,
                timeout_s=self.timeout_s,
                max_bytes=self.max_bytes,
                max_seconds=self.max_seconds,
                dns=self.dns,
                controls=controls,
                control_proxy=self.control_proxy,
                throughput=self.throughput,
            ),
            detect_asn=self.asn == o.DETECT,
            asn_table=self.asn_table,
            vantage=VantagePoint(
                probe_asn=declared or "AS0",
                asn_source="declared" if declared else "none",
                probe_cc=self.region[:2] if self.region != "withheld" else "ZZ",
                probe_network_name=self.network_name,
                region=self.region,
                access_type=self.access_type,
            ),
            include_elevated=self.include_elevated,
            include_high_risk=self.include_high_risk,
            resume=self.resume,
            for_run=self.for_run,
            trials=self.trials,
            trust_anchor=self.trust_anchor,
        )


def asked(
    command: str,
    *,
    results: Path,
    control: list[str] | None,
    timeout: float,
    max_mb: float,
    max_minutes: float,
    dns: str,
    asn: str,
    region: str,
    network_name: str,
    access_type: str,
    yes: bool,
    services: list[str] | None = None,
    lists: list[Path] | None = None,
    urls: list[str] | None = None,
    apps: list[str] | None = None,
    registry_files: list[Path] | None = None,
    vpn: list[Path] | None = None,
    baseline: Path | None = None,
    control_proxy: str = "",
    throughput: bool = True,
    rounds: int = o.ROUNDS,
    confirm_after: float = o.CONFIRM_AFTER_S,
    concurrency: int = o.CONCURRENCY,
    include_elevated: bool = False,
    include_high_risk: bool = False,
    resume: Path | None = None,
    for_run: Path | None = None,
    trials: int = 0,
    trust_anchor: Path | None = None,
    asn_table: Path | None = None,
    ephemeral: bool = False,
    export: Path | None = None,
) -> Asked:
    """Check what was typed, under the names and in the units of the options.

    What has a default here is not typed at every command. Raises BadParameter.
    """
    return Asked(
        command=command,
        services=tuple(services or ()),
        lists=tuple(lists or ()),
        urls=tuple(urls or ()),
        apps=tuple(apps or ()),
        registry_files=tuple(registry_files or ()),
        vpn=tuple(vpn or ()),
        results=results,
        baseline=baseline,
        controls=o.controls(control),
        control_proxy=o.proxy(control_proxy),
        throughput=throughput,
        rounds=rounds,
        confirm_after_s=confirm_after,
        concurrency=concurrency,
        timeout_s=timeout,
        max_bytes=round(max_mb * 1_000_000),
        max_seconds=max_minutes * 60,
        dns=o.server(dns),
        asn=o.asn(asn),
        region=o.region(region),
        network_name=network_name,
        access_type=o.access_type(access_type),
        include_elevated=include_elevated,
        include_high_risk=include_high_risk,
        resume=resume,
        for_run=for_run,
        yes=yes,
        trials=trials,
        trust_anchor=trust_anchor,
        asn_table=asn_table,
        ephemeral=ephemeral,
        export=export,
    )
