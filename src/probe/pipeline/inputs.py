"""What judging used, kept beside what was measured: a stored run is judged by these and nothing newer."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from probe.judge import RULES_VERSION, NetworkHistory
from probe.judge.fingerprints import FINGERPRINTS_VERSION
from probe.judge.imported import Claim
from probe.locale import _
from probe.model.baseline import Baseline
from probe.model.fact import FACTS
from probe.model.target import Service, Target
from probe.store import RunFolder, StoreError, decode_baseline, encode_baseline
from probe.targets import Catalogue

T = TypeVar("T")

SERVICES = "services.jsonl"
LOCAL = Target(
    target_id="network/local", service="network", input="local:", experiment="local", is_control=True
)
"""What this machine tells without a packet."""
CONTROLS = "controls.json"
BASELINE = "baseline.json"
CLAIMS = "claims.json"
"""Of a run made of others' records: what the program that measured said itself, as far as it is known."""
_NO_TARGETS: Final = b'"targets":[]'
"""Within a text the quotes would be escaped: it stands for the field alone."""
_AT_ONCE: Final = 100
"""Targets."""


class Controls(Struct, frozen=True, kw_only=True):
    """Everything but the targets and the baseline: small, one document."""

    rules_version: int
    fingerprints_version: int
    catalogue: str
    """Digest of the catalogue as read; its files lie beside."""
    neutrals: tuple[Target, ...]
    network: tuple[Target, ...]
    resolvers: tuple[Target, ...]
    ranges: Mapping[str, tuple[str, ...]]
    ranges_dated: str
    history: NetworkHistory
    """Earlier runs on this network, as far as judging the network needs them."""


class Inputs(Struct, frozen=True, kw_only=True):
    """What `inputs/` holds, read."""

    services: tuple[Service, ...]
    controls: Controls
    baseline: Baseline | None

    def judged(self) -> tuple[Service, ...]:
        """Return the services without what gives facts only, and without those that hold nothing else."""
        kept = (
            replace(service, targets=tuple(t for t in service.targets if t.experiment not in FACTS))
            for service in self.services
        )
        return tuple(service for service in kept if service.targets)

    def targets(self) -> tuple[Target, ...]:
        """Return every target that is judged, in the order of the catalogue and the lists."""
        return tuple(target for service in self.judged() for target in service.targets)

    def facts(self) -> tuple[Target, ...]:
        """Return what is measured once and never judged."""
        return tuple(t for service in self.services for t in service.targets if t.experiment in FACTS)

    def control_targets(self) -> Mapping[str, Target]:
        """Return neutrals, network checks and resolvers by id."""
        c = self.controls
        return {t.target_id: t for t in (*c.neutrals, *c.network, *c.resolvers)}


def inputs_of(
    services: tuple[Service, ...], catalogue: Catalogue, baseline: Baseline | None, history: NetworkHistory
) -> Inputs:
    """Return what a run will be judged by."""
    return Inputs(
        services=services,
        controls=Controls(
            rules_version=RULES_VERSION,
            fingerprints_version=FINGERPRINTS_VERSION,
            catalogue=catalogue.digest,
            neutrals=catalogue.neutrals,
            network=(*catalogue.network, LOCAL),
            resolvers=catalogue.resolvers,
            ranges=catalogue.ranges,
            ranges_dated=catalogue.ranges_dated,
            history=history,
        ),
        baseline=baseline,
    )


def write_inputs(
    folder: RunFolder, inputs: Inputs, catalogue_files: Iterable[tuple[str, bytes]] = ()
) -> None:
    """Keep them in the run folder."""
    files: dict[str, bytes | Iterable[bytes]] = {f"catalogue/{name}": c for name, c in catalogue_files}
    files[SERVICES] = (piece for service in inputs.services for piece in _in_pieces(service))
    files[CONTROLS] = _document(inputs.controls)
    if inputs.baseline is not None:
        files[BASELINE] = encode_baseline(inputs.baseline)
    folder.write_inputs(files)


def judged_by_these_rules(folder: RunFolder, inputs: Inputs) -> None:
    """Note in the run folder that this program's rules and fingerprints judged it, if others did before."""
    controls = replace(
        inputs.controls, rules_version=RULES_VERSION, fingerprints_version=FINGERPRINTS_VERSION
    )
    if controls != inputs.controls:
        folder.write_inputs({CONTROLS: _document(controls)})


def _document(controls: Controls) -> bytes:
    return msgspec.json.format(msgspec.json.encode(controls), indent=1) + b"\n"


def _in_pieces(service: Service) -> Iterator[bytes]:
    """Yield the line of a service, a few targets at a time: of a long list it is megabytes."""
    head, nothing, tail = msgspec.json.encode(replace(service, targets=())).partition(_NO_TARGETS)
    yield head + nothing[:-1]
    for begin in range(0, len(service.targets), _AT_ONCE):
        some = msgspec.json.encode(service.targets[begin : begin + _AT_ONCE])
        yield (b"," if begin else b"") + some[1:-1]
    yield nothing[-1:] + tail + b"\n"


def bytes_of(services: Iterable[Service]) -> int:
    """Return how large the file of these services will be."""
    return sum(len(piece) for service in services for piece in _in_pieces(service))


def read_inputs(folder: RunFolder) -> Inputs:
    """Read what a stored run is judged by. Raises StoreError with file and line."""
    services = []
    for number, line in enumerate(folder.read_input(SERVICES).splitlines(), 1):
        services.append(_decoded(folder, SERVICES, number, line, Service))
    controls = _decoded(folder, CONTROLS, 0, folder.read_input(CONTROLS), Controls)
    baseline = None
    if (folder.path / "inputs" / BASELINE).is_file():
        baseline = decode_baseline(folder.read_input(BASELINE), folder.path / "inputs" / BASELINE)
    _refuse_twice(folder, services)
    return Inputs(services=tuple(services), controls=controls, baseline=baseline)


def _refuse_twice(folder: RunFolder, services: Iterable[Service]) -> None:
    """Refuse what would be two verdicts of one name; `network` is that of the network's own."""
    taken = {"network"}
    for line, service in enumerate(services, 1):
        for name in (service.service, *(f"target {t.target_id}" for t in service.targets)):
            if name in taken:
                hint = _("The run is incomplete or was changed: use an untouched copy.")
                problem = f"{name[:100]!r} stands there twice, or is taken"
                raise StoreError(folder.path / "inputs" / SERVICES, line, problem, hint)
            taken.add(name)


def read_claims(folder: RunFolder) -> Mapping[str, Claim]:
    """Return by input what the program that measured another's records said; empty where nothing is known."""
    if not (folder.path / "inputs" / CLAIMS).is_file():
        return {}
    claims = _decoded(folder, CLAIMS, 0, folder.read_input(CLAIMS), list[Claim])
    return {claim.input: claim for claim in claims}


def _decoded(folder: RunFolder, name: str, line: int, content: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        hint = _("The run is incomplete or was changed: use an untouched copy.")
        raise StoreError(folder.path / "inputs" / name, line, f"cannot be read: {error}", hint) from None
