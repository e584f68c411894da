"""What is kept: redacted before it is written, chained while it is written, checked when it is read."""

from probe.store.baseline import (
    SCHEMA_VERSION,
    decode_baseline,
    encode_baseline,
    read_baseline,
    write_baseline,
)
from probe.store.error import StoreError
from probe.store.own import OwnValues
from probe.store.packed import PackedVerdicts
from probe.store.redact import Redactor
from probe.store.run_folder import RunFolder

__all__ = [
    "SCHEMA_VERSION",
    "OwnValues",
    "PackedVerdicts",
    "Redactor",
    "RunFolder",
    "StoreError",
    "decode_baseline",
    "encode_baseline",
    "read_baseline",
    "write_baseline",
]
