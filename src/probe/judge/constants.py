"""Every number that decides a verdict, with where it comes from."""

from typing import Final

FLOOR_TRIES: Final = 3
"""METHOD 2: at least three tries of one failure class."""
FLOOR_ROUNDS: Final = 3
"""METHOD 2: in three rounds."""
FLOOR_SPREAD_S: Final = 20.0
"""METHOD 2: spread over at least 20 s, first start to last start."""
BRACKET_S: Final = 5.0
"""METHOD 2: a neutral success within 5 s before and after each failure."""
MAX_EXTRA_ROUNDS: Final = 3
"""Rounds asked for beyond `--rounds` when a failure lacked its bracket; then the verdict is given."""

HELLO_GAP_S: Final = 0.5
"""METHOD 6: between two ClientHellos of one name."""
HELLO_GAP_SLACK_S: Final = 0.02
"""METHOD 8: the event loop's clock errs by up to 3 ms; a paced handshake is not a burst."""
HELLO_WINDOW_S: Final = 120.0
HELLO_WINDOW_MAX: Final = 12
"""METHOD 6: at most twelve ClientHellos per (name, /24 or /48) in 120 s."""

CONTROL_AGAIN_S: Final = 20.0
"""METHOD 3: one control asked twice counts as two when 20 s lie between."""
BASELINE_FRESH_S: Final = 24 * 3600.0
BASELINE_ALONE_S: Final = 3600.0
"""Older than that, a baseline alone cannot tell a block from an outage of today; the verdict says so."""
ASIDE_S: Final = 3600.0
"""METHOD 3: what others said further than that from the last try of the target's own, as in a run that was
taken up again days later, is of another time."""
UNDATED: Final = float("inf")
"""The age of a baseline that this machine's clock, or the baseline's own date, leaves unknown."""
UNSERVED: Final = frozenset({403, 407, 429, 451})
"""Statuses that are a refusal, or a limit, of the control itself: with them it shows nobody being served."""
BASELINE_GEO_S: Final = 30 * 24 * 3600.0
"""METHOD 3: ages up to which a baseline carries blocked, and geoblocked."""

CLOCK_TOLERANCE_S: Final = 60.0
"""An offset below a minute moves no certificate's dates by anything that matters."""

CROSS_TRIES: Final = 3
CROSS_TRY_GAP_S: Final = 2.0
CROSS_NEUTRALS: Final = 2
CROSS_PASS_WITHIN_S: Final = 5.0
"""METHOD 6: three tries at least 2 s apart a cell, two neutral addresses and names, a pass within 5 s."""
CROSS_GAP_SLACK_S: Final = 0.02

RESIDUAL_S: Final = 420.0
"""METHOD 6: the longest residual block known."""

LENGTH_LOW: Final = 0.3
LENGTH_HIGH: Final = 3.0
"""METHOD 5: a body of 30-300 % of the control's is of the same length."""
SAME_LENGTH: Final = 40
"""Bytes by which one page without a title may differ from itself: it may print who asked (39) or when."""

DNS_WAIT_S: Final = 5.0
DNS_RESEND: Final = 0.5
"""Our own queries: the longest wait for an answer, and the part of it after which the query is sent again."""
NEAR_S: Final = 0.005
"""What answers within 5 ms may stand in the home as well as at the operator."""
DNSSEC_EDE: Final = frozenset({1, 2, 5, 6, 7, 8, 9, 10, 11, 12, 25, 27})
"""RFC 8914: extended errors that say validation failed."""

_UBIQUITOUS = """accept-ranges age cache-control connection content-encoding content-language content-length
content-type date etag expires keep-alive last-modified location pragma server set-cookie transfer-encoding
vary via"""
UBIQUITOUS_HEADERS: Final = frozenset(_UBIQUITOUS.split())
"""Headers that any server sends: having them in common says nothing (cf. OONI's web_connectivity)."""

PAIRS: Final = 6
LEAST_PAIRS: Final = 5
SLOW_RATIO: Final = 0.5
SLOW_PAIRS: Final = 5
SLOW_MEDIAN: Final = 1 / 3
NOISY_RSD: Final = 0.8
NOISY_MEDIAN: Final = 0.25
CLEAR_MEDIAN: Final = 0.67
CLEAR_RATIO: Final = 0.5
CLEAR_PAIRS: Final = 5
LEAST_CONTROL_BPS: Final = 300_000.0
"""METHOD 7: the decision over pairs; its error rates are printed by `benchmarks/throttle_error_rates.py`."""

SCREEN_LEAST_BYTES: Final = 24_000
SCREEN_NEUTRALS: Final = 2
SCREEN_FASTER: Final = 0.25
SCREEN_SLOWER: Final = 1.5
SCREEN_SLACK_S: Final = 0.05
"""METHOD 7, screening: fewer bytes of a page say nothing; so many neutrals' pages tell the link's rate, a
quarter of them faster; what took more than 1.5 times its due, and 50 ms, is owed pairs. What it misses is
printed by `benchmarks/throttle_error_rates.py`."""

MULTIPLE_P: Final = 0.01
"""METHOD 7: a run's confirmations hold up to this p, adjusted by Holm for all targets tested in it. Twelve
slow pairs of twelve (p = 1/4096) hold among some 40 targets, eleven among three."""

PAIRS_AT_MOST: Final = 7
"""METHOD 7: at most 14 handshakes a test."""
TRANSFERS_AT_MOST: Final = 40
"""METHOD 7: handshakes of a target's transfers in one run."""
WINDOW_AFTER_S: Final = 0.5
WINDOW_LEAST_S: Final = 0.3
"""METHOD 7: both arms are looked at from half a second after their first byte, where both go on for 0.3 s
after that: slow start and a policer's bucket lie behind them then."""
TRIAL_LEAST_BYTES: Final = 32_000
"""A control whose object ends before gives no rate: slow start is all of it."""
FOREIGN_SHARE: Final = 0.2
FOREIGN_PAIRS: Final = 2
"""METHOD 7: others' traffic over a fifth drops a pair, and at most two are dropped."""
UNFIT_PAIRS: Final = 2
"""So many arms that were not of one kind, and more than pairs that are: there is no such arm to be had."""
SLOW_FOR_ALL_BPS: Final = 1_000_000.0
"""A neutral name at the target's address that came no faster is held against a neutral server too: the
policers known give 0.13-0.7 Mbit/s."""
CALIBRATION_S: Final = 30 * 24 * 3600.0
"""A pair that was even elsewhere within 30 days calibrates one here."""

FREEZE_LEAST_BYTES: Final = 8_000
FREEZE_MOST_BYTES: Final = 70_000
FREEZE_CV: Final = 0.3
FREEZE_TRIALS: Final = 3
FREEZE_SILENCE_S: Final = 1.2
FREEZE_SILENCE_RTTS: Final = 10
FREEZE_WITHIN_S: Final = 60.0
"""METHOD 7: the six conditions of a freeze."""
FREEZE_SUSPECT_S: Final = 1.0
"""A trial of a pair is cut at 2.8 s: one that was silent for so long at its end is looked at again, uncut."""
FREEZE_PASSED: Final = 1.2
"""Elsewhere, or with smaller segments, so many times the bytes came: they pass, not by a hair."""

SHAPE_GAP_LOW_S: Final = 0.2
SHAPE_GAP_HIGH_S: Final = 1.0
SHAPE_GAP_RTTS: Final = 1.5
"""In slow start a flight comes every round trip: on a path of 450 ms that is no policer's wait."""
SHAPE_GAPS: Final = 2
SHAPE_OFF_LINE: Final = 4.0
"""Segments. In the wire lab the waits of policed names lie 0 to 4 off their line, of names whose packets are
dropped by chance most often 6.7 to 21 (`docs/wire-lab.md`)."""
SHAPE_TRIALS: Final = 4
"""Fewer lie on some line by luck."""
SHAPE_QUEUE_GROWS: Final = 1.3
"""There, by chance of when the kernel looked, 1.5 to 6 in a shaper's queue, 1 to 1.1 on a longer way."""
SHAPE_FLAT_RTT: Final = 2.0
SHAPE_RTT: Final = 5.0
SHAPE_LEAST_RTT_US: Final = 5_000
SHAPE_PLATEAU_CV: Final = 0.3
SHAPE_SCATTER_CV: Final = 0.5
"""METHOD 7: what the labels policed, shaped and lossy ask for; they decide no state. Growth is told against
5 ms at least: timers and busy machines are late by milliseconds, on a path of 0.1 ms no queue."""

ZONE_AGREE: Final = 2
"""Root servers, or servers of a zone by name, that must say the same before it is taken for so."""
STORE_LOOKS: Final = 2
"""Rounds in which a shop must say alike that it does not have an app: one reply may be a fault of a day."""
ZONE_SERIAL_GAP: Final = 100_000
"""Serials further apart are no lag: of seconds it is more than a day, of dates ten months. Our choice."""
