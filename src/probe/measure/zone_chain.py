"""The signatures from the root's trust anchor down to a zone's start of authority, checked without a network.

Dates are left out: the window in which the whole chain is valid is told, and whoever judges knows the time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import dns.dnssec
import dns.exception
import dns.name
import dns.rdatatype
from msgspec import Struct

from probe.measure import zone_message as zm

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dns.message import Message
    from dns.name import Name
    from dns.rrset import RRset

ROOT: Final = dns.name.root
MAX_KEY_BYTES: Final = 1024
"""A longer key takes long to check with, and no zone has one."""
EVER: Final = (0, 2**32 - 1)

Window = tuple[int, int]
"""Seconds since 1970 between which signatures are valid."""


class Delegation(Struct, frozen=True):
    """What the root says of a zone, signed: its DS records, or (None) that it has none."""

    ds: RRset | None
    window: Window


def root_keys(message: Message, anchors: Sequence[str]) -> tuple[RRset, Window] | None:
    """Return the root's keys if one that an anchor (`tag algorithm type HEX`) names has signed them."""
    keys = zm.rrset_of(message, ROOT, dns.rdatatype.DNSKEY)
    if keys is None:
        return None
    wanted = {tuple(anchor.lower().split()) for anchor in anchors}
    window = _signed_by(message, keys, [key for key in keys if _anchored(ROOT, key, wanted)])
    return (keys, window) if window is not None else None


def delegation(message: Message, zone: Name, keys: RRset) -> Delegation | None:
    """Return what a root server's reply says of the zone, if the root's keys have signed it."""
    ds = zm.beside(message, zone, dns.rdatatype.DS)
    if ds is not None:
        window = _signed_by(message, ds, keys)
        return Delegation(ds, window) if window is not None else None
    for nsec in zm.denials(message):
        if nsec.name == zone and not _has_ds(nsec):
            window = _signed_by(message, nsec, keys)
            if window is not None:
                return Delegation(None, window)
    return None


def denied(message: Message, zone: Name, keys: RRset) -> bool:
    """Say whether the root proves, signed, that there is no such zone."""
    return any(
        nsec.name < zone and any(zone < rdata.next or rdata.next == ROOT for rdata in nsec)
        and _signed_by(message, nsec, keys) is not None
        for nsec in zm.denials(message)
    )  # fmt: skip


def zone_keys(message: Message, zone: Name, ds: RRset) -> tuple[RRset, Window] | None:
    """Return the zone's keys if one that a DS record names has signed them."""
    keys = zm.rrset_of(message, zone, dns.rdatatype.DNSKEY)
    if keys is None:
        return None
    wanted: set[tuple[str, ...]] = {
        (str(each.key_tag), str(int(each.algorithm)), str(int(each.digest_type)), each.digest.hex())
        for each in ds
    }
    window = _signed_by(message, keys, [key for key in keys if _anchored(zone, key, wanted)])
    return (keys, window) if window is not None else None


def authority(message: Message, zone: Name, keys: RRset) -> Window | None:
    """Return the window of the signature over the zone's start of authority, None where it does not hold."""
    soa = zm.rrset_of(message, zone, dns.rdatatype.SOA)
    return _signed_by(message, soa, keys) if soa is not None else None


def common(windows: Iterable[Window]) -> Window:
    """Return when all of these are valid."""
    begins, ends = zip(EVER, *windows, strict=True)
    return max(begins), min(ends)


def _has_ds(nsec: RRset) -> bool:
    number = int(dns.rdatatype.DS)
    return any(
        window == 0 and len(bitmap) > number // 8 and bitmap[number // 8] & (0x80 >> number % 8)
        for rdata in nsec
        for window, bitmap in rdata.windows
    )


def _anchored(owner: Name, key: object, wanted: set[tuple[str, ...]]) -> bool:
    """Say whether one of the wanted digests is this key's."""
    for tag, algorithm, kind, digest in wanted:
        try:
            made = dns.dnssec.make_ds(owner, key, int(kind), validating=True)  # type: ignore[arg-type]  # narrower stub
        except (dns.exception.DNSException, ValueError):
            continue
        if (str(made.key_tag), str(int(made.algorithm)), made.digest.hex()) == (tag, algorithm, digest):
            return True
    return False


def _signed_by(message: Message, rrset: RRset, keys: Iterable[object]) -> Window | None:
    """Return the longest-lasting window of a signature over the records that one of the keys has made."""
    from dns.rrset import from_rdata_list

    fitting = [key for key in keys if len(getattr(key, "key", b"")) <= MAX_KEY_BYTES]
    owner = _signer(rrset)
    if not fitting:
        return None
    ring = {owner: from_rdata_list(owner, 0, fitting)}  # type: ignore[arg-type]  # as above
    found: list[Window] = []
    signed = [each for group in zm.signatures(message, rrset) for each in group][: zm.MAX_RECORDS]
    for signature in signed:
        try:
            at = signature.inception
            dns.dnssec.validate_rrsig(rrset, signature, ring, now=at)  # type: ignore[arg-type]  # as above
        except Exception:  # noqa: BLE001, S112  # hostile keys make the library raise more than it says
            continue
        found.append((int(signature.inception), int(signature.expiration)))
    return max(found, key=lambda window: window[1], default=None)


def _signer(rrset: RRset) -> Name:
    """Return whose keys signed: the zone itself, or the root above a delegation."""
    is_own = rrset.rdtype in (dns.rdatatype.DNSKEY, dns.rdatatype.SOA)
    return rrset.name if is_own else ROOT
