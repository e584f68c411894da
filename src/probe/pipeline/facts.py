"""What judging knows of a whole run: made from what controls said, the same way live and from disk."""

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from probe.judge import ControlDigest, NetworkFinding, RunFacts, build_facts, network_finding
from probe.model.measurement import VantagePoint
from probe.model.observation import LocalFact
from probe.model.options import RunRecord
from probe.model.target import Target
from probe.pipeline.inputs import Inputs
from probe.pipeline.recorder import Recorder


def facts_of(
    record: RunRecord, inputs: Inputs, digests: Sequence[ControlDigest], *, stopped: str = ""
) -> RunFacts:
    """Return the facts that every target of a run is judged with."""
    controls = inputs.controls
    return build_facts(
        options=record.options,
        vantage=vantage_of(record.vantage, (fact for digest in digests for fact in digest.local)),
        neutrals=controls.neutrals,
        network_targets=controls.network,
        resolvers=controls.resolvers,
        ranges=controls.ranges,
        baseline=inputs.baseline,
        history=controls.history,
        digests=digests,
        stopped=stopped,
    )


def vantage_of(declared: VantagePoint, local: Iterable[LocalFact]) -> VantagePoint:
    """Complete what the volunteer declared with what this machine told without a packet."""
    found = tuple(local)
    bypass = dict.fromkeys((*declared.bypass, *(f.value for f in found if f.name == "bypass")))
    resolver = next((f.value for f in found if f.name == "resolver"), declared.resolver_class)
    told = next((f.value for f in found if f.name == "resolver_asn"), declared.resolver_asn)
    return replace(declared, bypass=tuple(bypass), resolver_class=resolver, resolver_asn=told)


def home_of(neutrals: Iterable[Target]) -> str:
    """Return the country in which the domestic neutrals stand: what else is, is abroad."""
    return next((t.country for t in neutrals if t.neutral_group.startswith("domestic") and t.country), "")


class FactsKeeper(Struct, kw_only=True):
    """The facts of a run that goes on; made anew only when another control was heard."""

    record: RunRecord
    inputs: Inputs
    recorder: Recorder
    _facts: RunFacts | None = None
    _n: int = -1

    def facts(self) -> RunFacts:
        """Return the facts as of now."""
        if self._facts is None or self._n != len(self.recorder.digests):
            self._n = len(self.recorder.digests)
            self._facts = facts_of(self.record, self.inputs, self.recorder.digests)
        return self._facts

    def finding(self) -> NetworkFinding:
        """Return what the network itself looks like as of now."""
        return network_finding(self.recorder.digests, self.inputs.controls.history)
