"""Frames are counted as they pass by, however they are cut, and nothing of them is lost."""

from __future__ import annotations

import random

import pytest

from probe.lab.hostile.http2_words import DATA, PING, SETTINGS, frame
from probe.measure.http2_frames import AT_ONCE, MAX_CHATTER, MAX_DATA, MAX_SETTINGS, EnoughError, Frames


def passed(*reads: bytes) -> list[bytes]:
    frames = Frames()
    return [portion for read in reads for portion in frames.portions(read)]


def cut(data: bytes, seed: int) -> list[bytes]:
    chance = random.Random(seed)
    places = sorted(chance.randrange(len(data)) for _ in range(20))
    return [data[a:b] for a, b in zip((0, *places), (*places, len(data)), strict=True)]


@pytest.mark.parametrize("seed", range(20))
def test_all_bytes_pass_in_their_order_wherever_they_are_cut(seed: int) -> None:
    data = b"".join(frame(DATA, 0, 1, bytes(n % 50)) + frame(PING, 0, 0, bytes(8)) for n in range(100))
    assert b"".join(passed(*cut(data, seed))) == data


def test_a_read_full_of_frames_comes_in_portions_and_one_long_frame_does_not() -> None:
    pings = frame(PING, 0, 0, bytes(8)) * (3 * AT_ONCE)
    # A portion ends behind the head of its last frame.
    assert [len(portion) for portion in passed(pings)] == [31 * 17 + 9, 32 * 17, 32 * 17, 8]
    assert passed(frame(DATA, 0, 1, bytes(16_000))) == [frame(DATA, 0, 1, bytes(16_000))]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("one", "most"), [(frame(PING, 0, 0, bytes(8)), MAX_CHATTER), (frame(DATA), MAX_DATA)]
)
def test_as_many_frames_as_allowed_pass_and_one_more_is_enough(one: bytes, most: int, seed: int) -> None:
    assert b"".join(passed(*cut(one * most, seed))) == one * most
    with pytest.raises(EnoughError):
        passed(*cut(one * (most + 1), seed))


def test_settings_longer_than_anybody_has_are_enough_before_they_are_here() -> None:
    fits = frame(SETTINGS, 0, 0, bytes(MAX_SETTINGS))
    assert passed(fits) == [fits]
    with pytest.raises(EnoughError):
        passed(frame(SETTINGS, 0, 0, bytes(MAX_SETTINGS + 6))[:9])
