"""The catalogue: services, neutrals, checks of the network, resolvers, ranges, private authorities."""

import difflib
import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import Struct, field

from probe.model.target import MIRROR, Service, Target
from probe.model.words import Risk
from probe.targets import fields
from probe.targets.anchor import read_trust_anchor
from probe.targets.error import CatalogueError
from probe.targets.inputs import parse_input
from probe.targets.registries import FILE as REGISTRY
from probe.targets.registries import read_registries
from probe.targets.side_files import read_private_cas, read_ranges
from probe.targets.toml_file import Section, TomlFile, read_toml

SPECIAL: Final = frozenset({"neutral.toml", "network.toml", "resolvers.toml", REGISTRY})
_STUN: Final = re.compile(r"[a-z0-9.-]{1,253}:[1-9][0-9]{1,4}", re.ASCII)
_TIERS: Final = (Risk.LOW, Risk.ELEVATED, Risk.HIGH)
RESERVED: Final = frozenset({"network", "neutral", "resolver", "list", "url", "all"})


class Catalogue(Struct, frozen=True, kw_only=True):
    """All that was read, ready for planning and judging."""

    services: tuple[Service, ...]
    neutrals: tuple[Target, ...] = ()
    network: tuple[Target, ...] = ()
    """Portal checks and the sinkhole; their service is `network`."""
    ranges: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Prefixes by the name of their owner."""
    ranges_dated: str = ""
    """The oldest date among the files of ranges."""
    asn_ranges: tuple[tuple[int, tuple[str, ...]], ...] = ()
    """AS numbers with prefixes of these ranges that each announces."""
    private_cas: Mapping[str, str] = field(default_factory=dict)
    """PEM text by name."""
    resolvers: tuple[Target, ...] = ()
    helpers: tuple[str, ...] = ()
    stun: tuple[str, ...] = ()
    """Servers, `host:port`, that tell our own address where somebody asks for our AS to be detected."""
    registries: tuple[str, ...] = ()
    """Who is asked about prefixes and AS numbers: `rdap URL` or `ripestat URL` each."""
    registries_dated: str = ""
    neutrals_were_checked: bool = False
    """Whether somebody tried the neutral set from a real network."""
    trust_anchors: tuple[str, ...] = ()
    """DS records of the root's keys."""
    files: tuple[tuple[str, bytes], ...] = ()
    """Name below the folder and content of each file read: what a run keeps under `inputs/`."""
    digest: str = ""
    """SHA-256 over names and contents."""

    def service(self, service_id: str) -> Service:
        """Return a service. Raises CatalogueError that names the nearest one."""
        for service in self.services:
            if service.service == service_id:
                return service
        raise _unknown("service", service_id, [service.service for service in self.services])

    def target(self, target_id: str) -> Target:
        """Return a target, neutrals, network checks and resolvers included. Raises CatalogueError."""
        for target in self.targets():
            if target.target_id == target_id:
                return target
        raise _unknown("target", target_id, [target.target_id for target in self.targets()])

    def literals(self) -> frozenset[str]:
        """Return every address that a target names: known to all, hence no secret of a volunteer's."""
        found = {address for target in self.targets() for address in target.addresses}
        named = (one for target in self.targets() for one in (*target.roots, *target.servers))
        found |= {one.partition(" ")[2] for one in named}
        inputs = (parse_input(target.input) for target in self.targets())
        return frozenset(found | {parsed.host for parsed in inputs if parsed.is_address})

    def targets(self) -> Iterable[Target]:
        """Iterate over every target there is."""
        for service in self.services:
            yield from service.targets
        yield from self.neutrals
        yield from self.network
        yield from self.resolvers


def catalogue_folder() -> Path:
    """Return the folder shipped in the wheel, or that of the repository for an editable install."""
    packaged = Path(__file__).parent / "catalogue"
    return packaged if packaged.is_dir() else Path(__file__).parents[3] / "targets"


def read_catalogue(folder: Path | None = None) -> Catalogue:
    """Read every file of a folder. Raises CatalogueError at the first fault."""
    folder = catalogue_folder() if folder is None else folder
    paths = sorted(folder.glob("*.toml"))
    names = {path.name for path in paths}
    for needed in sorted(SPECIAL - names):
        raise CatalogueError(str(folder / needed), 0, "missing", "Copy it from the shipped targets/ folder.")
    ranges = read_ranges(folder / "ranges")
    private_cas, ca_files = read_private_cas(folder / "private-ca")
    anchor = folder / "trust-anchor" / "root.ds"
    anchor_content, trust_anchors = read_trust_anchor(anchor)
    services, service_files = _services(
        [path for path in paths if path.name not in SPECIAL], ranges.prefixes, private_cas
    )
    neutrals, checked, neutral_file = _neutrals(folder / "neutral.toml")
    network, network_top, network_file = _checks(folder / "network.toml", "check", "network")
    resolvers, resolver_top, resolver_file = _checks(folder / "resolvers.toml", "resolver", "resolver")
    registries, registries_dated, registry_file = read_registries(folder / REGISTRY)
    toml_files = (*service_files, neutral_file, network_file, resolver_file, registry_file)
    files = sorted(
        [
            *((Path(each.file).name, each.content) for each in toml_files),
            *ranges.files,
            *ca_files,
            ("trust-anchor/root.ds", anchor_content),
        ]
    )
    return Catalogue(
        services=services,
        neutrals=neutrals,
        network=network,
        ranges=ranges.prefixes,
        ranges_dated=ranges.dated,
        asn_ranges=ranges.asns,
        private_cas=private_cas,
        resolvers=resolvers,
        helpers=resolver_top.get("helpers", ()),
        stun=network_top.get("stun", ()),
        registries=registries,
        registries_dated=registries_dated,
        neutrals_were_checked=checked,
        trust_anchors=trust_anchors,
        files=tuple(files),
        digest=_digest(files),
    )


def read_service(file: TomlFile, ranges: Mapping[str, Any], private_cas: Mapping[str, Any]) -> Service:
    """Make a service of one file. Raises CatalogueError."""
    top = file.top.take(fields.SERVICE, required=("id", "title", "rule", "risk", "default", "category"))
    name = top["id"]
    if name in RESERVED:
        raise file.top.error("id", f"the id {name!r} is taken by the program", "Choose another id.")
    if name != Path(file.file).stem:
        raise file.top.error("id", f"the id {name!r} is not the file's name", f"Call the file {name}.toml.")
    if not file.tables:
        raise file.top.error("", "no endpoint", "Add an [[endpoint]] with id, input and experiment.")
    targets = tuple(fields.endpoint(section, name, top) for section in file.tables)
    for section, target in zip(file.tables, targets, strict=True):
        _known_names(section, file.top, target, ranges, private_cas)
        if _TIERS.index(target.risk) > _TIERS.index(Risk(top["risk"])):
            hint = f'Write risk = "{target.risk}" at the top, or make a file of its own for it.'
            raise section.error("risk", "the endpoint is riskier than its service", hint)
    if top["default"] and top["risk"] != Risk.LOW:
        raise file.top.error("default", "only low risk is measured by default", "Write default = false.")
    _mirrors(file, targets)
    if top["rule"] == "essential" and not any(target.essential for target in targets):
        raise file.top.error(
            "rule", "no endpoint is essential", "Add essential = true to one, or another rule."
        )
    return Service(
        service=name,
        title=top["title"],
        rule=top["rule"],
        risk=Risk(top["risk"]),
        targets=targets,
        default=top["default"],
    )


def _mirrors(file: TomlFile, targets: tuple[Target, ...]) -> None:
    """Refuse mirrors of nothing, and one that would speak for its site."""
    if all(target.role == MIRROR for target in targets):
        hint = "Add the endpoint that it mirrors, or give it another role."
        raise file.top.error("", "nothing but mirrors", hint)
    for section, target in zip(file.tables, targets, strict=True):
        if target.role == MIRROR and target.essential:
            problem = "essential: a mirror never speaks for its site"
            raise section.error("essential", problem, "Leave the field out.")


def _known_names(
    section: Section, top: Section, target: Target, ranges: Mapping[str, Any], private_cas: Mapping[str, Any]
) -> None:
    """Refuse the name of a range or authority that is not shipped."""
    for key, names, known in (
        ("ranges", target.ranges, ranges),
        ("private_ca", (target.private_ca,) if target.private_ca else (), private_cas),
    ):
        for name in names:
            if name not in known:
                place = section if key in section.data else top
                hint = f"Known: {', '.join(sorted(known)) or 'none'}."
                raise place.error(key, f"{key}: {name!r} is not shipped", hint)


def _services(
    paths: list[Path], ranges: Mapping[str, Any], private_cas: Mapping[str, Any]
) -> tuple[tuple[Service, ...], list[TomlFile]]:
    files = [read_toml(path, "endpoint") for path in paths]
    services = tuple(read_service(file, ranges, private_cas) for file in files)
    _no_duplicates(
        (section, target)
        for file, service in zip(files, services, strict=True)
        for section, target in zip(file.tables, service.targets, strict=True)
    )
    return services, files


def _neutrals(path: Path) -> tuple[tuple[Target, ...], bool, TomlFile]:
    file = read_toml(path, "neutral")
    top = file.top.take(fields.NEUTRAL_TOP, required=("dated", "checked_from_a_real_network"))
    targets = tuple(fields.neutral(section, top) for section in file.tables)
    _no_duplicates(zip(file.tables, targets, strict=True))
    for group in fields.GROUPS:
        if sum(target.neutral_group == group for target in targets) < 3:
            raise file.top.error(
                "", f"fewer than 3 neutrals in group {group!r}", "Add neutrals of this group."
            )
    return targets, top["checked_from_a_real_network"], file


def _checks(path: Path, table: str, service: str) -> tuple[tuple[Target, ...], Mapping[str, Any], TomlFile]:
    """Read network.toml or resolvers.toml: endpoints that are controls."""
    file = read_toml(path, table)
    top = file.top.take(fields.CHECKS_TOP, required=("dated", "source"))
    targets = tuple(fields.endpoint(section, service, top, is_control=True) for section in file.tables)
    _no_duplicates(zip(file.tables, targets, strict=True))
    for url in top.get("helpers", ()):
        if not url.startswith("https://"):
            raise file.top.error("helpers", f"{url!r} is no https:// URL", "Write https://host/.")
    for server in top.get("stun", ()):
        if not _STUN.fullmatch(server):
            raise file.top.error("stun", f"{server!r} is no host with its port", "Write stun.example:3478.")
    return targets, top, file


def _no_duplicates(rows: Iterable[tuple[Section, Target]]) -> None:
    """Refuse a second target of the same id, or of the same input, question and experiment."""
    ids: dict[object, Section] = {}
    inputs: dict[object, Section] = {}
    for section, target in rows:
        key = (parse_input(target.input).key, target.question, target.experiment)
        for seen, value, name, what in (
            (ids, target.target_id, "id", target.target_id),
            (inputs, key, "input", target.input),
        ):
            if value in seen:
                first = seen[value]
                place = f"{Path(first.file).name} line {first.keys.get(name, first.line)}"
                raise section.error(
                    name, f"duplicate {name} {what!r}, first in {place}", "Delete one of them."
                )
            seen[value] = section


def _digest(files: list[tuple[str, bytes]]) -> str:
    whole = hashlib.sha256()
    for name, content in files:
        whole.update(f"{name}\0{hashlib.sha256(content).hexdigest()}\n".encode())
    return whole.hexdigest()


def _unknown(what: str, wanted: str, known: list[str]) -> CatalogueError:
    close = difflib.get_close_matches(wanted, known, 3)
    hint = f"Did you mean {' or '.join(close)}?" if close else "`probe targets list` shows what there is."
    return CatalogueError("", 0, f"no {what} {wanted!r} in the catalogue", hint)
