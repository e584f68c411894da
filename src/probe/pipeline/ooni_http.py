"""What OONI kept of an answer: headers, body and what stands in them, each with a bound."""

import hashlib
from base64 import b64decode
from binascii import Error as Base64Error
from typing import Any, Final

from probe.measure.body import MAX_BODY, MAX_TEXT, charset_of, text_of, title_of
from probe.pipeline.ooni_hops import location_of
from probe.store.ooni import Binary, Response, Transaction

LONGEST_TEXT: Final = 1024
MOST_HEADERS: Final = 100


def answer_of(transaction: Transaction, response: Response) -> dict[str, Any]:
    """Return what an answer gives of an HTTPRoundTrip, by the names of its fields."""
    headers = _headers(response)
    content = bytes_of(response.body or "")[:MAX_BODY]
    said = {name.lower(): value for name, value in reversed(headers)}
    charset = "utf-8" if isinstance(response.body, str) else charset_of(said.get("content-type", ""), content)
    code = response.code or 0
    length = said.get("content-length", "")
    return {
        "status_code": code if 100 <= code <= 999 else None,
        "headers": headers,
        "body": text_of(content, charset),
        "body_sha256": hashlib.sha256(content).hexdigest() if content else "",
        "body_length": None if response.body is None else len(bytes_of(response.body)),
        "body_is_capped": bool(response.body_is_truncated) or len(content) > MAX_TEXT,
        "declared_length": int(length)
        if length.isascii() and length.isdigit() and len(length) < 13
        else None,
        "title": title_of(content, charset),
        "location": location_of(transaction),
    }


def _headers(response: Response) -> tuple[tuple[str, str], ...]:
    pairs = response.headers_list or list((response.headers or {}).items())
    return tuple(
        (name[:LONGEST_TEXT], value[:LONGEST_TEXT])
        for name, value in pairs[:MOST_HEADERS]
        if isinstance(value, str)
    )


def bytes_of(blob: Binary | str) -> bytes:
    """Return the bytes of df-001's MaybeBinaryData; none where they cannot be read."""
    if isinstance(blob, str):
        return blob.encode("utf-8", "replace")
    try:
        return b64decode(blob.data, validate=True) if blob.format == "base64" else b""
    except (Base64Error, ValueError):
        return b""
