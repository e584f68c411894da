"""Targets and debts become Steps: which, in what order, not before when. Pure: chance comes in as a seed."""

from probe.plan.arms import cross_arms, quic_arms
from probe.plan.beats import BeatClass, beat_classes, beat_kinds, beat_step, name_step
from probe.plan.debts import steps_for
from probe.plan.estimate import Estimate, estimate
from probe.plan.rounds import interleave, network_steps, neutral_steps, round_steps
from probe.plan.transfers import transfer_step

__all__ = [
    "BeatClass",
    "Estimate",
    "beat_classes",
    "beat_kinds",
    "beat_step",
    "cross_arms",
    "estimate",
    "interleave",
    "name_step",
    "network_steps",
    "neutral_steps",
    "quic_arms",
    "round_steps",
    "steps_for",
    "transfer_step",
]
