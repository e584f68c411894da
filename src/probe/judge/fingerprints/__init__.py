"""Pages, redirects, addresses and issuers that are known, and whether they accuse anybody.

The data lie beside this file in `data/`, as literals without regular expressions: a hostile page costs no
more than an honest one of its length. What accuses is `legal_notice`; the other scopes are there so that an
unpaid bill, an office filter or a CDN's own page is recognised as the innocent thing it is.
"""

from probe.judge.fingerprints.bogon import LOCAL_KINDS, NAT64, is_bogon
from probe.judge.fingerprints.book import (
    FINGERPRINTS_VERSION,
    Confidence,
    Refusal,
    Scope,
    fingerprint_files,
    fingerprints_digest,
    notice_addresses,
)
from probe.judge.fingerprints.match import (
    Match,
    is_notice_host,
    legal_notice,
    match_certificate_names,
    match_dns_address,
    match_issuer,
    match_page,
    match_redirect,
    match_refusal,
)

__all__ = [
    "FINGERPRINTS_VERSION",
    "LOCAL_KINDS",
    "NAT64",
    "Confidence",
    "Match",
    "Refusal",
    "Scope",
    "fingerprint_files",
    "fingerprints_digest",
    "is_bogon",
    "is_notice_host",
    "legal_notice",
    "match_certificate_names",
    "match_dns_address",
    "match_issuer",
    "match_page",
    "match_redirect",
    "match_refusal",
    "notice_addresses",
]
