"""A helper's receipt counts for what its signature bears out, and for nothing else."""

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec.structs import replace

from probe.evidence.fault import Faults
from probe.measure.transfer_receipt import JUNK, read_receipt
from probe.model.transfer import Receipt, Transfer
from probe.pipeline.receipts import PROBLEM, as_they_hold, hold, holds
from probe.pipeline.reporting import told
from probe.store import journal
from unit.a_bag import faults_of, hashed_again, lines_of
from unit.a_run import a_measurement
from unit.factories import a_transfer

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PUBLIC = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
NONCE = "0123456789abcdef" * 2
SAID = {
    "bytes": 131_072,
    "client_asn": "AS64500",
    "direction": "down",
    "min_rtt_us": None,
    "nonce": NONCE,
    "retransmits": None,
    "rtt_us": 40_000,
    "server_name": "target.example",
    "utc": "2026-11-21T12:00:00Z",
    "v": 1,
}
TRANSFER = a_transfer()


def signed(**changes: object) -> dict[str, str]:
    payload = json.dumps({**SAID, **changes}, sort_keys=True, separators=(",", ":"))
    return {"payload": payload, "signature": KEY.sign(payload.encode()).hex(), "key": PUBLIC}


def with_receipt(found: dict[str, str]) -> Transfer:
    receipt = read_receipt(found, key=PUBLIC, nonce=NONCE, transfer=TRANSFER)
    return replace(TRANSFER, receipt=receipt)


def altered(transfer: Transfer, **changes: Any) -> Transfer:
    assert transfer.receipt is not None
    return replace(transfer, receipt=replace(transfer.receipt, **changes))


def test_whatever_was_kept_of_a_helpers_answer_holds() -> None:
    for found in (signed(), signed(bytes=1), signed(v=2), {**signed(), "signature": "00" * 64}):
        assert holds(with_receipt(found))
    assert holds(TRANSFER)
    assert holds(replace(TRANSFER, receipt=JUNK))


def test_what_was_changed_since_does_not_hold() -> None:
    honest = with_receipt(signed())
    assert isinstance(honest.receipt, Receipt)
    assert honest.receipt.is_valid
    changes: tuple[dict[str, Any], ...] = (
        {"signature": "00" * 64},
        {"signature": ""},
        {"payload": honest.receipt.payload.replace("AS64500", "AS64501")},
        {"payload": "[" * 900},
        {"key": "00" * 32},
        {"client_asn": "AS64501"},
        {"n_bytes": 131_073},
        {"is_valid": False},
    )
    assert [holds(altered(honest, **each)) for each in changes] == [False] * len(changes)
    assert not holds(replace(honest, server_name="other.example"))
    assert not holds(replace(honest, n_bytes=200_000))
    assert not holds(altered(with_receipt(signed(bytes=1)), is_valid=True))


def test_one_receipt_stands_for_one_transfer() -> None:
    honest = with_receipt(signed())
    faults, seen = Faults(), set[str]()
    measurement = a_measurement(transfers=(honest,))
    hold(measurement, 7, seen, "data/measurements.jsonl", faults)
    assert faults.n == 0
    hold(measurement, 8, seen, "data/measurements.jsonl", faults)
    assert [(fault.file, fault.line) for fault in faults.kept] == [("data/measurements.jsonl", 8)]


def test_a_receipt_that_does_not_hold_is_not_counted() -> None:
    honest = with_receipt(signed())
    measurement = a_measurement(transfers=(honest, altered(honest, signature="00" * 64)))
    kept, forged = as_they_hold(measurement).transfers
    assert kept == honest
    assert forged.receipt == JUNK


def test_a_forged_receipt_in_a_bag_is_told_and_in_a_run_it_counts_for_nothing(
    bag: Path,
) -> None:
    path = bag / "data" / "measurements.jsonl"
    records = lines_of(path)
    before = journal.FIRST
    lines: list[bytes] = []
    for record in records:
        del record["prev_sha256"]
    forged = altered(with_receipt(signed()), signature="00" * 64)
    records[2]["transfers"] = [msgspec.to_builtins(forged)]
    for record in records:
        lines.append(journal.chained(msgspec.json.encode(record), before))
        before = hashlib.sha256(lines[-1][:-1]).hexdigest()
    path.write_bytes(b"".join(lines))
    hashed_again(bag)
    told_of = [fault for fault in faults_of(bag) if dict(fault.params).get("problem") == PROBLEM]
    assert [(fault.file, fault.line) for fault in told_of] == [("data/measurements.jsonl", 3)]
    run = bag.parent / "run"
    (bag / "data").rename(run)
    receipts = [each.receipt for one in told(run).measurements() for each in one.transfers if each.receipt]
    assert JUNK in receipts
    assert all(each == JUNK for each in receipts if each.signature == "00" * 64)
