"""What the user asked for becomes what will be done, before a single packet: targets, hosts, cost, risk."""

import dataclasses
import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct, field
from msgspec.structs import replace

from probe.locale import _
from probe.measure.asn_table import AsnTable, read_table, table_of
from probe.model.baseline import Baseline
from probe.model.fact import RegistryAnswer
from probe.model.measurement import VantagePoint
from probe.model.options import RunOptions
from probe.model.target import Service, Target
from probe.model.vpn import Keys
from probe.model.words import Risk
from probe.pipeline.contacts import Contact, contacts_of
from probe.pipeline.extras import able, how_to_install
from probe.pipeline.inputs import bytes_of
from probe.pipeline.saved import saved_answers, saved_targets
from probe.pipeline.stored import read_stored
from probe.pipeline.tunnels import keys_for, tunnels_of, with_stun
from probe.plan import Estimate, estimate
from probe.store import read_baseline
from probe.store.codec import LARGEST_FILE
from probe.targets import (
    Catalogue,
    read_catalogue,
    read_list,
    read_trust_anchor,
    read_vpn,
    target_of_app,
    target_of_url,
)

RISKS = (Risk.LOW, Risk.ELEVATED, Risk.HIGH)


class UsageError(Exception):
    """The user's mistake: what is wrong, and what to type next."""

    def __init__(self, problem: str, hint: str) -> None:
        """`hint` is what to type next."""
        super().__init__(f"{problem}\n{hint}")
        self.problem = problem
        self.hint = hint


class RunRequest(Struct, frozen=True, kw_only=True):
    """The arguments of `probe run`, unread."""

    services: tuple[str, ...] = ()
    lists: tuple[Path, ...] = ()
    urls: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()
    """`shop:app:country` each."""
    results: Path = Path("results")
    baseline: Path | None = None
    options: RunOptions = field(default_factory=RunOptions)
    vantage: VantagePoint = field(default_factory=VantagePoint)
    include_elevated: bool = False
    include_high_risk: bool = False
    resume: Path | None = None
    registry_files: tuple[Path, ...] = ()
    """Saved answers of RDAP and RIPEstat."""
    for_run: Path | None = None
    """A run whose targets are measured here, to make a baseline for it."""
    trust_anchor: Path | None = None
    """A file of DS records instead of the shipped ones, for zones."""
    vpn: tuple[Path, ...] = ()
    """Files that hold the keys of tunnels, and name their servers."""
    asn_table: Path | None = None
    """Which AS an address belongs to: pyasn's text or a MaxMind DB."""
    detect_asn: bool = False
    """Find out our own AS: a helper or a STUN server tells our address, the table its AS."""
    trials: int = 0
    """For a self-test: how many neutral trials; then nothing else is measured but the network."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A request that was read, checked and counted; nothing has been sent."""

    request: RunRequest
    catalogue: Catalogue
    services: tuple[Service, ...]
    targets: tuple[Target, ...]
    addresses: Mapping[str, tuple[str, ...]]
    """Addresses to try beside those that names resolve to here, by target."""
    baseline: Baseline | None
    options: RunOptions
    """With "ooni" spelled out as the public helpers."""
    estimate: Estimate
    risk: Risk
    lists: tuple[str, ...]
    """SHA-256 of each list."""
    asn_table: AsnTable = dataclasses.field(default_factory=AsnTable)
    """The user's, or the few ranges that are shipped."""
    saved: Mapping[str, tuple[RegistryAnswer, ...]] = dataclasses.field(default_factory=dict)
    """Out of files, by target."""
    left_out: tuple[Target, ...] = ()
    """What was asked for and needs a library that is not installed."""
    keys: Mapping[str, Keys] = dataclasses.field(default_factory=dict, repr=False)
    """Of tunnels, by target. They go to whoever measures, and into no file."""

    @property
    def contacts(self) -> tuple[Contact, ...]:
        """Who is contacted, what for, and who learns of it; made anew each time, as of a list it is much."""
        detect_asn = self.request.detect_asn
        return tuple(contacts_of(self.catalogue, self.targets, self.options, detect_asn=detect_asn))


def prepare(
    request: RunRequest, *, catalogue: Catalogue | None = None, asn_table: AsnTable | None = None
) -> Prepared:
    """Read everything the request names.

    With `resume`, the stored run's targets, controls and network hold and only today's budgets do; with
    `for_run`, its targets, at the addresses seen there too. What was read before may be given again. Raises
    UsageError, CatalogueError, StoreError or TableError; each says what to type next.
    """
    catalogue = catalogue or read_catalogue()
    stored = read_stored(path) if (path := request.resume or request.for_run) else None
    listed, digests = _listed(request.lists)
    services = stored.services if stored else _services(request, catalogue, listed)
    services = with_stun(services, catalogue)
    services, left_out = able(services)
    if left_out and not services:
        raise UsageError(_("What was named needs a library that is not installed."), how_to_install(left_out))
    targets = tuple(target for service in services for target in service.targets)
    if not targets and stored:
        raise UsageError(
            _("{path} is a self-test: it has no targets.").format(path=path),
            _("Make another one: probe self-test"),
        )
    if not targets and not request.trials:
        raise UsageError(
            _("There is nothing to measure."), _("Name a service: probe targets list shows them all.")
        )
    if not stored and (n_bytes := bytes_of(services)) > LARGEST_FILE:  # measured, it could not be read again
        raise UsageError(
            _("{n} targets are too many for one run.").format(n=len(targets)),
            _("Split the list: of targets like these about {most} fit.").format(
                most=len(targets) * LARGEST_FILE // n_bytes
            ),
        )
    consented = request.include_high_risk or bool(stored)
    keys = keys_for(targets, tuple(map(read_vpn, request.vpn)), consented=consented)
    if stored and request.resume:
        request = replace(
            request,
            vantage=stored.record.vantage,
            options=replace(
                stored.record.options,
                max_bytes=request.options.max_bytes,
                max_seconds=request.options.max_seconds,
            ),
        )
    controls = tuple(
        url for name in request.options.controls for url in _control_urls(name, catalogue.helpers)
    )
    options = replace(request.options, controls=controls, trust_anchors=_anchors(request, catalogue, targets))
    return Prepared(
        request=request,
        catalogue=catalogue,
        services=services,
        targets=targets,
        addresses=stored.addresses if stored and request.for_run else {},
        baseline=_baseline(request.baseline) if request.baseline else None,
        options=options,
        estimate=estimate(targets, catalogue.neutrals, options, trials=request.trials),
        risk=max((t.risk for t in targets), key=RISKS.index, default=Risk.LOW),
        lists=digests,
        asn_table=asn_table or _asn_table(request.asn_table, catalogue),
        saved=saved_answers(request.registry_files),
        left_out=left_out,
        keys=keys,
    )


def _anchors(request: RunRequest, catalogue: Catalogue, targets: tuple[Target, ...]) -> tuple[str, ...]:
    """Return the DS records that zones are held against: the user's, else the shipped ones."""
    typed = read_trust_anchor(request.trust_anchor)[1] if request.trust_anchor else ()
    zones = any(target.experiment == "zone" for target in targets)
    return (typed or request.options.trust_anchors or catalogue.trust_anchors) if zones else ()


def _services(request: RunRequest, catalogue: Catalogue, listed: tuple[Target, ...]) -> tuple[Service, ...]:
    chosen = list(_named(request, catalogue))
    seen = {target.input for service in chosen for target in service.targets}
    extra: list[Target] = []
    known = [t for service in catalogue.services for t in service.targets]
    tunnels = tunnels_of(tuple(map(read_vpn, request.vpn)), request.urls)
    typed = {target.input for target in tunnels}
    for target in (
        *listed,
        *saved_targets(request.registry_files),
        *tunnels,
        *(target_of_url(url) for url in request.urls if url not in typed),
        *(target_of_app(app, known) for app in request.apps),
    ):
        if target.input not in seen:
            seen.add(target.input)
            extra.append(_rooted(target, catalogue))
    for name in dict.fromkeys(target.service for target in extra):
        members = tuple(target for target in extra if target.service == name)
        risk = max((t.risk for t in members), key=RISKS.index)
        chosen.append(Service(service=name, title=name, rule="any", risk=risk, targets=members))
    return tuple(chosen)


def _rooted(target: Target, catalogue: Catalogue) -> Target:
    """Return a zone with its root servers, a prefix with who is asked about it; any other as it is."""
    if target.experiment == "registry":
        return replace(target, registries=catalogue.registries)
    if target.experiment != "zone":
        return target
    known = [t for s in catalogue.services for t in s.targets if t.experiment == "zone"]
    alike = next((t for t in known if t.input == target.input), None)
    roots = next((t.roots for t in known), ())
    return replace(target, roots=roots, servers=alike.servers if alike else ())


def _named(request: RunRequest, catalogue: Catalogue) -> Iterable[Service]:
    if request.trials or (request.registry_files and not request.services):
        return ()
    allowed = {Risk.LOW}
    if request.include_elevated:
        allowed.add(Risk.ELEVATED)
    if request.include_high_risk:
        allowed.add(Risk.HIGH)
    if not request.services:
        if request.lists or request.urls or request.apps or request.vpn:
            return ()
        return (s for s in catalogue.services if s.default and s.risk in allowed)
    if "all" in request.services:
        return (s for s in catalogue.services if s.risk in allowed)
    known = {service.service: service for service in catalogue.services}
    for name in request.services:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            raise UsageError(
                _("There is no service {name} in the catalogue.").format(name=repr(name)),
                (_("Did you mean {name}?").format(name=close[0]) + " " if close else "")
                + _("probe targets list shows all services; a single address is measured by --url."),
            )
        if known[name].risk is Risk.HIGH and not request.include_high_risk:
            raise UsageError(
                _("Measuring {name} may put you at risk where you are.").format(name=name),
                _("Read docs/risks.md, then: probe run {name} --include-high-risk").format(name=name),
            )
    # Naming an elevated service is consent to its tier; a high one needs its own flag, above.
    return (known[name] for name in dict.fromkeys(request.services))


def _control_urls(name: str, helpers: tuple[str, ...]) -> tuple[str, ...]:
    if name == "none":
        return ()
    if name == "ooni":
        return helpers
    parts = urlsplit(name)
    if parts.scheme != "https" or not parts.hostname:
        raise UsageError(
            _("{name!r} is no test helper.").format(name=name),
            _("Give an https:// address, or --control ooni, or --control none."),
        )
    return (name,)


def _baseline(path: Path) -> Baseline:
    baseline = read_baseline(path)
    if baseline.simulated:
        raise UsageError(
            _("{path} was made in the lab.").format(path=path), _("Record a baseline on a real network.")
        )
    return baseline


def _asn_table(path: Path | None, catalogue: Catalogue) -> AsnTable:
    return read_table(path) if path else table_of(catalogue.asn_ranges, catalogue.ranges_dated)


def _listed(paths: Iterable[Path]) -> tuple[tuple[Target, ...], tuple[str, ...]]:
    """Return what lists name, and the digest of each as it was read."""
    import hashlib

    targets: list[Target] = []
    digests: list[str] = []
    for path in paths:
        whole = hashlib.sha256()
        targets += read_list(path, whole.update)
        digests.append(whole.hexdigest())
    return tuple(targets), tuple(digests)
