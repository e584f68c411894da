"""Golden cases: transfers at steady rates, that stall, or that are not what they should be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cases.script import NAME, TRUE_IP, WORDS, measured
from probe.model.observation import LocalFact
from probe.model.transfer import TRIAL_SECONDS, Receipt, TCPSample, Transfer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probe.model.measurement import Measurement
    from probe.model.target import Target

RTT_S: Final = 0.06
STEP_S: Final = 0.05
OTHER_IP: Final = "93.184.1.1"
NEUTRAL: Final = "neutral.example"
PLACE: Final[dict[str, tuple[str, str]]] = {
    "T": (TRUE_IP, NAME),
    "C1": (TRUE_IP, NEUTRAL),
    "X": (OTHER_IP, NAME),
    "C2": (OTHER_IP, NEUTRAL),
    "N": (OTHER_IP, NEUTRAL),
}


def a_trial(arm: str, kbps: float, **more: Any) -> Transfer:
    """Return a trial that began at 0 and came at a steady rate from its first byte to its cap.

    `stall_at` is the number of bytes after which nothing came any more; other fields are the record's own.
    """
    ip, name = PLACE[arm]
    stall_at = int(more.pop("stall_at", 0))
    begun = float(more.get("t0", 0.0))
    most, seconds = int(more.get("max_bytes", 131_072)), float(more.get("max_seconds", TRIAL_SECONDS))
    size = int(more.pop("size", 1_000_000))
    requested = begun + 2 * RTT_S
    first = requested + RTT_S
    whole = min(most, size)
    series: list[tuple[float, int]] = []
    moved, at = 0, first
    while moved < min(whole, stall_at or whole) and at <= requested + seconds and kbps > 0:
        step = max(1, min(int(kbps * 1000 / 8 * STEP_S), whole - moved, (stall_at or whole) - moved))
        series.append((at, step))
        moved, at = moved + step, at + STEP_S
    ended = series[-1][0] if series and moved >= whole else requested + seconds
    more = {key: None if value == "none" else value for key, value in more.items()}
    if "series" in more:
        more["series"] = tuple((float(t), int(n)) for t, n in more["series"])
    given: dict[str, Any] = {
        "t0": begun,
        "t": ended,
        "failure": None,
        "arm": arm,
        "purpose": "pair",
        "test": 0,
        "number": 0,
        "position": 0,
        "ip": ip,
        "port": 443,
        "server_name": name,
        "host": NAME,
        "path": "/large.bin",
        "direction": "down",
        "connect_s": RTT_S,
        "tls_s": RTT_S,
        "requested": requested,
        "first_byte": first if series else None,
        "status_code": 200,
        "declared_length": size,
        "n_bytes": moved,
        "n_socket_bytes": moved,
        "series": tuple(series),
        "chain_length": 3,
        "ended_by": "we",
    }
    if isinstance(more.get("failure"), str):
        more["failure"] = WORDS[more["failure"]]
    if "receipt" in more:
        more["receipt"] = a_receipt(name, **{"n_bytes": moved, **more["receipt"]})
    if "rtts" in more:
        more["samples"] = tuple(a_sample(n * STEP_S, **one) for n, one in enumerate(more.pop("rtts")))
    return Transfer(**{**given, **more})


def a_receipt(name: str, **more: Any) -> Receipt:
    """Return what an honest helper signs."""
    given: dict[str, Any] = {
        "payload": "{}",
        "signature": "00",
        "key": "00",
        "is_valid": True,
        "server_name": name,
        "retransmits": 0,
        "rtt_us": 60_000,
        "min_rtt_us": 60_000,
    }
    return Receipt(**{**given, **more})


def a_sample(t: float, **more: Any) -> TCPSample:
    """Return what the kernel said of a quiet connection."""
    given: dict[str, Any] = {
        "rtt_us": 60_000,
        "min_rtt_us": 60_000,
        "delivery_rate_bps": None,
        "reordering": 0,
        "rcv_ooopack": 0,
        "bytes_received": None,
        "total_retrans": 0,
    }
    return TCPSample(t=t, **{**given, **more})


def a_transfer_measurement(uid: str, target: Target, at: float, transfers: Sequence[Transfer]) -> Measurement:
    """Return the measurement that holds them."""
    made = measured(uid, target, at, [], experiment="throughput")
    ended = max((t.t for t in transfers), default=0.0)
    return replace(made, transfers=tuple(transfers), runtime_s=ended)


def a_pair(arms: str, kbps: float, control_kbps: float, said: dict[str, Any]) -> tuple[Transfer, Transfer]:
    """Return both arms of a pair, the control second; `suspect` and `ctrl` change fields of one of them."""
    one, other = arms.split("/")
    both = {key: said[key] for key in ("test", "number", "helper") if key in said}
    suspect = a_trial(one, kbps, **both, **said.get("suspect", {}))
    control = a_trial(other, control_kbps, t0=suspect.t + 0.2, position=1, **both, **said.get("ctrl", {}))
    return suspect, control


def transfers_of(rows: Sequence[dict[str, Any]], target: Target) -> list[Measurement]:
    """Return what a case's rows say, one measurement a pair or a single trial, 6 s apart."""
    found: list[Measurement] = []
    at = 120.0
    for row in rows:
        at = float(row.get("at", at))
        for turn in range(int(row.get("times", 1))):
            number = int(row.get("number", 0)) + turn
            said = {**row, "number": number}
            uid = f"t{len(found):02}"
            if row.get("purpose", "pair") == "pair":
                rates = row.get("rates", [])
                kbps = rates[turn] if rates else row.get("kbps", 140)
                made: tuple[Transfer, ...] = a_pair(
                    row.get("arms", "T/C1"), kbps, row.get("control", 8000), said
                )
            else:
                made = (_single(row, number),)
            one = a_transfer_measurement(uid, target, at, made[: row.get("arms_made", 2)])
            local = tuple(LocalFact(name=name, value=value) for name, value in row.get("local", {}).items())
            found.append(replace(one, local=local))
            at += 6.0
    return found


def _single(row: dict[str, Any], number: int) -> Transfer:
    """Return one trial of a freeze, uncapped, or what it is held against."""
    purpose = row["purpose"]
    arm = "N" if purpose == "elsewhere" else "T"
    given: dict[str, Any] = {"max_bytes": 32_768 if arm == "N" else 1_000_000, "max_seconds": 10.0}
    more = {**given, **row.get("trial", {})}
    return a_trial(arm, row.get("kbps", 8000), purpose=purpose, number=number, **more)
