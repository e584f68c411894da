"""What a baseline keeps of a tunnel, and for which keys it speaks."""

from __future__ import annotations

from msgspec.structs import replace

from probe.judge.baseline import baseline_of
from probe.model import failure as f
from probe.model.vpn import NEUTRAL, Stage, VPNExchange
from unit.factories import a_target
from unit.observed import a_measurement
from unit.test_judge_baseline import a_baseline, seen

TUNNEL = replace(
    a_target("vpn/x-0123456789", input="wireguard://vpn.example:51820", experiment="vpn"), service="vpn"
)


def an_exchange(ip: str, stage: Stage, failure: str | None = None, arm: str = "") -> VPNExchange:
    return VPNExchange(
        t0=0.0, t=0.1, failure=failure, ip=ip, port=51820, protocol="wireguard", transport="udp", stage=stage,
        arm=arm,
    )  # fmt: skip


def kept(*exchanges: VPNExchange) -> tuple[int, tuple[str, ...]]:
    row = baseline_of(TUNNEL, [a_measurement(TUNNEL, "m1", 0.0, vpn_exchanges=exchanges)], None)
    assert row is not None
    return row.n_ok, row.addresses


def test_an_address_at_which_handshake_and_data_came_is_kept() -> None:
    both = (an_exchange("8.8.8.8", "handshake"), an_exchange("8.8.8.8", "data"))
    assert kept(*both) == (1, ("8.8.8.8",))


def test_one_whose_data_was_lost_is_not_and_neither_is_a_neutral_server() -> None:
    lost = (an_exchange("8.8.8.8", "handshake"), an_exchange("8.8.8.8", "data", f.TIMEOUT))
    assert kept(*lost, an_exchange("9.9.9.9", "handshake", arm=NEUTRAL)) == (0, ())
    six = an_exchange("2001:4860::8", "handshake")
    assert kept(*lost, six) == (1, ("2001:4860::8",))


def test_a_baseline_speaks_of_the_same_keys_only() -> None:
    both = (an_exchange("8.8.8.8", "handshake"), an_exchange("8.8.8.8", "data"))
    row = baseline_of(TUNNEL, [a_measurement(TUNNEL, "m1", 0.0, vpn_exchanges=both)], None)
    assert row is not None
    assert seen(a_baseline(row), TUNNEL) is not None
    assert seen(a_baseline(row), replace(TUNNEL, target_id="vpn/x-9876543210")) is None
