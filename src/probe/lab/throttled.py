"""Worlds where a name, an address, or both together are slow: each names its innocent look-alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probe.lab.records import Expected, Rule, Scenario, Speed

if TYPE_CHECKING:
    from collections.abc import Mapping

OBJECTS = "media-wikipedia"
"""A service with a large object of its own: held against a neutral name at that very address."""
OBJECT = "https://upload.wikimedia.org/"
OBJECT_HOST = "upload.wikimedia.org"
NAMES = "telegram-web"
"""A service without one: only its name can be tried, at a server that takes any."""
NAME = "https://web.telegram.org/"
NAME_HOST = "web.telegram.org"
ONCE: Mapping[str, object] = {"timeout_s": 4.0, "rounds": 1, "confirm_after_s": 2.0}
"""Pages are reached at once here, and a second test soon after shows the same as one a minute later."""
POLICED = Speed(how="police", rate_bps=140_000, n_bytes=16_384)
"""Twitter, 2021: 130-150 kbit/s."""
SHAPED = Speed(how="shape", rate_bps=250_000, n_bytes=4_096)
STRANGLED = Speed(how="police", rate_bps=64_000, n_bytes=4_096)
FROZEN = Speed(how="freeze", n_bytes=16_384)
"""Foreign hosters, June 2025 on: frozen after 16-20 kB."""


def _slowed(
    name: str, title: str, rule: Rule, expected: Expected, twin: str, *, calibration: float | None = None
) -> Scenario:
    return Scenario(
        name=name,
        title=title,
        services=(NAMES if expected.subject == NAME else OBJECTS,),
        rules=(rule,),
        expected=(expected,),
        twin=twin,
        options=ONCE,
        calibration=calibration,
    )


def _at(
    speed: Speed, *, names: tuple[str, ...] = ("*",), at: tuple[str, ...] = (), flows: float = 1.0
) -> Rule:
    return Rule(stage="flow", what="slow", names=names, at=at, flows=flows, speed=speed)


def throttled(mechanism: str, subject: str = OBJECT) -> Expected:
    """Return what is said of a target that both tests found slow.

    A policer and a shaper differ by their round trips, which loopback does not have: there the label is free.
    """
    return Expected(
        subject=subject,
        state="throttled",
        mechanism=mechanism,
        located="path",
        reason_code="",
        confirmed=True,
    )


def untold(reason_code: str, subject: str = OBJECT) -> Expected:
    """Return what is said of a target that is slow, or not, for a reason that cannot be told from here."""
    return Expected(subject=subject, state="inconclusive", reason_code=reason_code, mechanism="*")


IT = (OBJECT_HOST,)
LONG = 32_000
"""So much that screening looks at it, and so little that a busy machine does not make it slow."""
LONG_PAGE = "https://long.probe-lab.example/"
LONG_HOST = "long.probe-lab.example"
SEEN_BY_SCREENING = Scenario(
    name="throttled-page",
    title="A name that no catalogue knows is policed; its page came slowly beside the neutrals' pages",
    urls=(LONG_PAGE,),
    rules=(_at(STRANGLED, names=(LONG_HOST,)),),
    link=None,  # a link would make every page wait for a busy event loop, several times
    page_bytes=LONG,
    expected=(throttled("throughput.?.sni", LONG_PAGE),),
    twin="long-page",
    options=ONCE,
)

THROTTLED = (
    _slowed(
        "throttled-name",
        "Its name is policed to 140 kbit/s at any address",
        _at(POLICED, names=IT),
        throttled("throughput.?.sni"),
        "slow-for-all",
    ),
    _slowed(
        "throttled-name-only",
        "A name without large objects is policed to 140 kbit/s at any address",
        _at(POLICED, names=(NAME_HOST,)),
        throttled("throughput.?.sni", NAME),
        "transfers-down",
    ),
    _slowed(
        "shaped-name",
        "Its name is shaped to 250 kbit/s at any address",
        _at(SHAPED, names=IT),
        throttled("throughput.?.sni"),
        "slow-link",
    ),
    _slowed(
        "frozen-name",
        "Flows with its name fall silent after 16 kB; a baseline knows that its object comes whole elsewhere",
        _at(FROZEN, names=IT),
        throttled("throughput.frozen.sni"),
        "tiny-object",
        calibration=1.0,
    ),
    _slowed(
        "throttled-both",
        "Its name is policed at its own addresses only; a baseline knows that other names are as fast there",
        _at(POLICED, names=IT, at=IT),
        throttled("throughput.?"),
        "other-class",
        calibration=1.0,
    ),
    _slowed(
        "throttled-uncalibrated",
        "Its name is policed at its own addresses only, and no baseline knows that pair",
        _at(POLICED, names=IT, at=IT),
        untold("CONTROL_UNCALIBRATED"),
        "other-class",
    ),
    _slowed(
        "throttled-address",
        "Its addresses are policed whatever the name",
        _at(POLICED, at=IT),
        untold("SLOW_NOT_NAME_DEPENDENT"),
        "slow-for-all",
    ),
    _slowed(
        "throttled-third",
        "A third of the flows with its name are policed",
        _at(POLICED, names=IT, flows=0.34),
        Expected(subject=OBJECT, state="*", mechanism="*", reason_code="*"),  # the seed decides
        "clean",
    ),
    SEEN_BY_SCREENING,
)
