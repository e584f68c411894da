"""A bag is stamped: an authority is asked once about its hash, and believed if all of its answer holds."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from probe.evidence import authority, token
from probe.evidence.custody_after import STAMPED
from probe.evidence.error import EvidenceError
from probe.evidence.manifest import root_of
from probe.evidence.outside import AUTHORITY, MAX_BYTES, TOKEN
from probe.evidence.rfc3161 import question
from probe.locale import _
from probe.measure import timestamp
from probe.pipeline.after_seal import add, sealed_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography import x509

ROLE = "authority"
NONCE_BITS: Final = 63


class StampError(Exception):
    """The authority did not give a time stamp that holds; `code` is a failure string or of token.PROBLEMS."""

    def __init__(self, problem: str, hint: str, code: str) -> None:
        """Take what is wrong, what to do, and the machine word."""
        super().__init__(problem)
        self.problem = problem
        self.hint = hint
        self.code = code


class Order(Struct, frozen=True, kw_only=True):
    """What is to be stamped, by whom: checked, and nothing sent yet."""

    bag: Path
    message: bytes
    url: str
    host: str
    scheme: str
    named: tuple[x509.Certificate, ...]
    """Roots that the authority's certificate may lead to, and what lies between."""


class StampedBag(Struct, frozen=True, kw_only=True):
    """What was done."""

    root_sha256: str
    token: token.Token
    zip: Path | None


def ordered(bag: Path, url: str, ca: Path | None) -> Order:
    """Check what was typed; sends nothing. Raises EvidenceError, OSError for a file that cannot be read.

    Without `ca`, the authorities count that browsers trust.
    """
    message = sealed_bytes(bag, without=(TOKEN, AUTHORITY))
    try:
        place = timestamp.authority_at(url)
    except ValueError:
        raise EvidenceError(
            url,
            _("This is no address of an authority that stamps time"),
            _("Type it as https://tsa.example/path, as the authority gives it."),
        ) from None
    return Order(
        bag=bag,
        message=message,
        url=url,
        host=place.authority,
        scheme=place.scheme,
        named=_named(ca) if ca is not None else _usual(),
    )


def stamp(order: Order) -> StampedBag:
    """Ask the authority, check its answer in full, and only then write. Raises StampError, OSError."""
    nonce = secrets.randbits(NONCE_BITS)
    root = root_of(order.message)
    reply = timestamp.post(order.url, question(bytes.fromhex(root), nonce))
    if reply.failure:
        raise StampError(
            _("The authority gave no answer that could be used: {failure}.").format(
                failure=f"{reply.failure} {reply.status_code}" if reply.status_code else reply.failure
            ),
            _("Nothing was written. Try again later, or name another one with --tsa."),
            reply.failure,
        )
    try:
        said, chain = token.checked(reply.body, bytes.fromhex(root), order.named, nonce)
    except authority.AuthorityError as error:
        raise StampError(_(token.PROBLEMS[str(error)]), _hint(str(error)), str(error)) from None
    files = {TOKEN: reply.body, AUTHORITY: authority.to_pem(chain[1:])}
    zipped = add(order.bag, files, ROLE, STAMPED, said.time)
    return StampedBag(root_sha256=root, token=token.token_of(order.bag), zip=zipped)


def _hint(code: str) -> str:
    if code == "unknown_authority":
        return _("Nothing was written. Fetch the root certificate that it publishes, and name it with --ca.")
    return _("Nothing was written. Do not use this authority's answers; name another one with --tsa.")


def _named(path: Path) -> tuple[x509.Certificate, ...]:
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    try:
        found = authority.certificates(content)
    except authority.AuthorityError:
        found = ()
    if not any(authority.is_root(each) for each in found):
        raise EvidenceError(
            path,
            _("There is no root certificate in this file"),
            _("It holds certificates in PEM, one of them signed by itself, as the authority publishes it."),
        )
    return found


def _usual() -> tuple[x509.Certificate, ...]:
    import certifi

    return authority.readable(certifi.contents())
