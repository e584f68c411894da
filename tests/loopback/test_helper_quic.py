"""A helper that is asked about QUIC shakes hands as a volunteer does, and knows its own network's limits."""

import sys
from typing import Any

import pytest

from loopback.lab_clients import address_of, in_lab
from probe.helper import look
from probe.helper.guard import Guard
from probe.helper.look import Observer
from probe.lab import Lab
from probe.lab.quic_worlds import BARE, OTHER, STRANGE

NOT_OURS = Guard(own=lambda _ip: False)


@pytest.fixture(autouse=True)
def short_time_outs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "STEP_S", 0.8)


def host(target: str) -> str:
    return target.removeprefix("quic://").rstrip("/")


def told(*targets: str, scenario: str = "quic-odd", quic: bool = True) -> list[dict[str, Any]]:
    """Return what one helper tells of QUIC at the first address of each target, asked one after the other."""

    async def use(lab: Lab) -> list[dict[str, Any]]:
        observer = Observer(lab.network, NOT_OURS)
        found = []
        for target in targets:
            ip = address_of(lab, host(target))
            question = observer.question(f"https://{host(target)}/", [f"{ip}:443"], (), quic=quic)
            answer = await observer.look(question)
            found.append(answer["quic_handshake"].get(f"{ip}:443"))
        return found

    return in_lab(scenario, use)


def test_quic_that_answers_is_told_with_the_name_that_was_sent() -> None:
    assert told(OTHER) == [{"server_name": host(OTHER), "status": True, "failure": None}]


def test_silence_is_told_only_after_somebody_has_answered_this_helper() -> None:
    """Its own network may let no QUIC out: then everything would be called down."""
    before, _, after = told(BARE, OTHER, BARE)
    assert before is None
    assert after == {"server_name": host(BARE), "status": False, "failure": "generic_timeout_error"}


def test_a_helper_on_a_network_without_quic_tells_nothing_of_it() -> None:
    assert told(OTHER, OTHER, scenario="quic-office") == [None, None]


def test_a_certificate_that_does_not_hold_is_told() -> None:
    (seen,) = told(STRANGE)
    assert (seen["status"], seen["failure"]) == (False, "ssl_invalid_hostname")


def test_who_does_not_ask_is_told_nothing_and_no_datagram_is_sent() -> None:
    assert told(OTHER, quic=False) == [None]


def test_without_the_library_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def use(lab: Lab) -> dict[str, Any]:
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, "aioquic", None)
            observer = Observer(lab.network, NOT_OURS)
        return await observer.look(observer.question(f"https://{host(OTHER)}/", [], (), quic=True))

    assert in_lab("quic-odd", use)["quic_handshake"] == {}
