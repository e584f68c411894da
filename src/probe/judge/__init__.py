"""Say what measurements mean: ordered total tables, witnesses, controls; pure, so that it can be redone."""

from probe.judge.build import build_facts
from probe.judge.combine import roll_up
from probe.judge.digest import ControlDigest, digest_control
from probe.judge.facts import RunFacts
from probe.judge.multiplicity import multiplicity
from probe.judge.network import NetworkFinding, NetworkHistory, network_finding, network_verdict
from probe.judge.pool import NeutralTrial, neutral_trials
from probe.judge.rule import RULES_DATED, RULES_VERSION
from probe.judge.selftest import SelfTest, self_test
from probe.judge.target import Judged, judge_target

__all__ = [
    "RULES_DATED",
    "RULES_VERSION",
    "ControlDigest",
    "Judged",
    "NetworkFinding",
    "NetworkHistory",
    "NeutralTrial",
    "RunFacts",
    "SelfTest",
    "build_facts",
    "digest_control",
    "judge_target",
    "multiplicity",
    "network_finding",
    "network_verdict",
    "neutral_trials",
    "roll_up",
    "self_test",
]
