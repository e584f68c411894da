"""Whether a control got what we got: the same page, a notice of its own, or a page with nothing in common."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urljoin

from probe.judge.constants import LENGTH_HIGH, LENGTH_LOW, SAME_LENGTH, UBIQUITOUS_HEADERS
from probe.judge.fingerprints import legal_notice, match_page
from probe.judge.place import place_of
from probe.model.words import ControlSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probe.judge.view import ControlView
    from probe.model.observation import HTTPRoundTrip


def shows(view: ControlView, a: HTTPRoundTrip) -> bool:
    """Say whether the control got this very page, or a notice itself: an artefact is void then.

    Two pages that bear no title have nothing in common by that: their lengths are the same, or next to it.
    """
    if not view.usable or not view.answered:
        return False
    if _is_notice(view):
        return True
    alike = _length_alike if folded(a.title) else _length_same
    return (
        view.status == a.status_code
        and folded(view.title) == folded(a.title)
        and alike(view.body_length, a.body_length) is not False
    )


def leads_there(view: ControlView, a: HTTPRoundTrip) -> bool:
    """Say whether the control was sent to the same host, or came to a notice by itself."""
    if not view.usable or not view.answered:
        return False
    to = next((value for name, value in view.headers if name.lower() == "location"), None)
    if to is not None and view.status == a.status_code:
        return _goal(a, to) == _goal(a, a.location or "")
    return _is_notice(view)


def _is_notice(view: ControlView) -> bool:
    """Say whether what a control was given, as far as it holds it, is a notice."""
    shown = match_page(
        status=view.status, headers=view.headers, title=view.title, body=view.body, url=view.url
    )
    return legal_notice(shown) is not None


def _goal(a: HTTPRoundTrip, location: str) -> str:
    try:
        location = urljoin(a.url, location)
    except ValueError:  # an address that was masked is no host
        return ""
    return place_of(location).host.lower()


def _length_alike(theirs: int | None, ours: int | None) -> bool | None:
    if theirs is None or ours is None:
        return None
    return theirs == ours or (theirs > 0 and LENGTH_LOW <= ours / theirs <= LENGTH_HIGH)


def _length_same(theirs: int | None, ours: int | None) -> bool | None:
    return None if theirs is None or ours is None else abs(theirs - ours) <= SAME_LENGTH


def _common_header(view: ControlView, a: HTTPRoundTrip) -> bool:
    ours = {name.lower() for name, _ in a.headers} - UBIQUITOUS_HEADERS
    return not ours.isdisjoint(view.header_names)


def folded(title: str | None) -> str:
    """Return a title in one case and spacing; empty where there is none."""
    return " ".join((title or "").split()).casefold()


def same(view: ControlView, a: HTTPRoundTrip) -> bool:
    """Say whether an answer is the control's: same status class and two of title, header, length."""
    same_title = bool(folded(a.title)) and folded(a.title) == folded(view.title)
    length = a.body_length if a.body_length is not None else a.declared_length
    agree = same_title + _common_header(view, a) + (_length_alike(view.body_length, length) is True)
    return (view.status or 0) // 100 == (a.status_code or 0) // 100 and agree >= 2


def _comparable(view: ControlView, a: HTTPRoundTrip) -> bool:
    """Say whether both got a page, not a refusal: a data centre is refused what everybody else is shown."""
    kind = (view.status or 0) // 100
    return not view.earlier and kind in {2, 3} and kind == (a.status_code or 0) // 100


def differs(views: Sequence[ControlView], answers: Sequence[HTTPRoundTrip]) -> bool:
    """Say whether nothing is in common with any control, in any round; a page changes within days."""
    known = [a for a in answers if a.body_length is not None]
    views = [v for v in views if all(_comparable(v, a) for a in known)]
    return (
        bool(known)
        and any(not v.before for v in views)
        and not any(_common_header(v, a) for v in views for a in answers)
        and all(folded(v.title) != folded(a.title) for v in views for a in known)
        and all(_length_alike(v.body_length, a.body_length) is False for v in views for a in known)
        and all(v.source is not ControlSource.BASELINE for v in views)
    )
