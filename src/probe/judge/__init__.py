"""Say what measurements mean: ordered total tables, witnesses, controls; pure, so that it can be redone."""

from probe.judge.build import build_facts
from probe.judge.combine import roll_up
from probe.judge.digest import ControlDigest, digest_control
from probe.judge.facts import RunFacts
from probe.judge.multiplicity import multiplicity
from probe.judge.network import NetworkFinding, NetworkHistory, network_finding, network_verdict
from probe.judge.rule import RULES_VERSION
from probe.judge.target import Judged, judge_target

__all__ = [
    "RULES_VERSION",
    "ControlDigest",
    "Judged",
    "NetworkFinding",
    "NetworkHistory",
    "RunFacts",
    "build_facts",
    "digest_control",
    "judge_target",
    "multiplicity",
    "network_finding",
    "network_verdict",
    "roll_up",
]
