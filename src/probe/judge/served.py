"""Whether a control was served what it asked for: a refusal, a challenge or silence is no service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from probe.judge import kind as k
from probe.judge.constants import BASELINE_GEO_S, UNSERVED
from probe.judge.fingerprints import match_refusal
from probe.judge.stand import PASSES

if TYPE_CHECKING:
    from probe.judge.fingerprints import Refusal
    from probe.judge.view import ControlView
    from probe.model.observation import HTTPRoundTrip

BROKEN: Final = "redirects"
"""The failure class of redirects that lead nowhere."""
_OTHERWISE: Final = "otherwise"


def redirects_at(view: ControlView) -> str | None:
    """Say whether a control got an answer, or what may be the redirects' fault: its one word for the unknown.

    A control that is met with silence or a reset never saw a redirect.
    """
    if not view.http_asked:
        return None
    if view.answered:
        return PASSES
    return BROKEN if not view.heard and k.kind_of(view.http_failure or "") == k.OTHER else _OTHERWISE


def refusal_of(a: HTTPRoundTrip) -> Refusal | None:
    """Return the signature of a refusal or a challenge that an answer of our own fits."""
    return match_refusal(
        status=a.status_code,
        headers=a.headers,
        title=a.title,
        body=a.body,
        url=a.url,
        body_bytes=a.body_text_bytes,
    )


def is_served(view: ControlView) -> bool:
    """Say whether a control got an answer that shows a refusal here to be no common one.

    What our own book calls a refusal or a challenge of a service is one, whoever is shown it. Where a control
    was asked for the very place that we were sent to, that place does not tell what it was shown.
    """
    refused = match_refusal(
        status=view.status, headers=view.headers, title=view.title, body=view.body, url=""
    )
    return (view.status or 0) < 500 and view.status not in UNSERVED and refused is None


def carries_geo(view: ControlView) -> bool:
    """Say whether a control was served, at most 30 days ago."""
    return view.answered and is_served(view) and (view.age_s is None or view.age_s <= BASELINE_GEO_S)
