"""The large object as controls elsewhere got it: it tells a freeze here from a server that stops for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probe.judge.view import view_of_answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from probe.judge.reading import Reading
    from probe.judge.view import ControlView
    from probe.model.measurement import Measurement


def object_url(reading: Reading) -> str:
    """Return the URL of the large object that the catalogue names; empty where it names none."""
    target, start = reading.target, reading.start
    if not target.large_object:
        return ""
    port = start.port if start.is_tls else 443
    return f"https://{start.host}{'' if port == 443 else f':{port}'}{target.large_object}"


def asked_whole(reading: Reading) -> Iterator[Measurement]:
    """Yield the measurements that asked a control for the object, not for the page."""
    return (m for m in reading.aside if m.experiment == "control" and is_of_object(reading, m))


def is_of_object(reading: Reading, m: Measurement) -> bool:
    """Say whether a control's answer is about the object: it is no page to compare the target's page with."""
    return m.input != reading.target.input and m.input == object_url(reading)


def views_of_object(reading: Reading) -> tuple[ControlView, ...]:
    """Return what controls saw of the object."""
    return tuple(
        view_of_answer(answer, uid=m.measurement_uid, started_s=m.started_s)
        for m in asked_whole(reading)
        for answer in m.controls
    )
