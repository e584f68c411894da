"""The project's own client against a helper as it is hosted: both arms move, and their receipts hold."""

from __future__ import annotations

import asyncio
from typing import Literal

import pytest
from msgspec import structs

from loopback.settings import QUICK, a_session, a_target
from probe.helper.limits import Limits
from probe.helper.serve import Settings, open_helper
from probe.measure.asn_table import AsnTable
from probe.measure.dial import RealNetwork
from probe.model.target import Step
from probe.model.transfer import ArmPlan, Transfer, TransferPlan

TARGET, NEUTRAL = "twitter.com", "example.org"


def measured(settings: Settings, direction: Literal["down", "up"] = "down") -> tuple[Transfer, ...]:
    """Run a pair of a target's and a neutral name at a helper; return the trials."""

    async def main() -> tuple[Transfer, ...]:
        async with open_helper(settings) as running:
            url = f"http://127.0.0.1:{running.port}/"
            arms = (
                ArmPlan(arm="X", server_name=TARGET, helper=url),
                ArmPlan(arm="C2", server_name=NEUTRAL, helper=url),
            )
            step = Step(
                target=a_target(f"https://{TARGET}/"),
                experiment="throughput",
                transfer=TransferPlan(arms=arms, direction=direction),
            )
            options = structs.replace(QUICK, timeout_s=5.0)
            async with a_session(RealNetwork(), options=options) as session:
                return (await session.measure(step)).measurement.transfers

    return asyncio.run(main())


@pytest.mark.parametrize("direction", ["down", "up"])
def test_both_arms_move_all_they_were_asked_for_and_have_receipts_that_hold(
    direction: Literal["down", "up"],
) -> None:
    table = AsnTable()
    table.add("127.0.0.0/8", 64500)
    trials = measured(Settings(port=0, transfer_port=0, as_table=table), direction)
    assert [(t.arm, t.server_name, t.failure, t.n_bytes) for t in trials] == [
        ("X", TARGET, None, 131072),
        ("C2", NEUTRAL, None, 131072),
    ]
    for trial in trials:
        assert trial.receipt is not None
        assert trial.receipt.is_valid
        said = trial.receipt
        assert (said.server_name, said.n_bytes, said.client_asn) == (trial.server_name, 131072, "AS64500")
        assert said.retransmits == 0
        assert said.min_rtt_us is not None


def test_a_helper_without_transfers_gives_the_client_nothing_to_judge_by() -> None:
    trials = measured(Settings(port=0, transfer_port=None))
    assert [(t.failure, t.stage, t.receipt) for t in trials] == [
        ("http_unexpected_status_code", "helper", None)
    ] * 2


def test_a_client_that_has_had_its_bytes_of_this_minute_sees_a_failure_of_the_helper() -> None:
    limits = Limits(bytes_per_minute=200_000)
    trials = measured(Settings(port=0, transfer_port=0, limits=limits))
    assert [(t.failure, t.stage) for t in trials] == [(None, ""), ("http_unexpected_status_code", "helper")]
