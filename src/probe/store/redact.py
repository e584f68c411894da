"""Redaction by allow-list, once, before anything is written: evidence stays, the volunteer does not."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from probe.model.measurement import Measurement
from probe.model.observation import Certificate
from probe.store.certificate import blanked
from probe.store.masks import MASKS, Mask, View
from probe.store.own import OwnValues, canonical, host_and_port, own_addresses, own_literals
from probe.store.redact_fields import KEEP, POLICIES, names_of
from probe.store.spellings import DEEPEST, unhide
from probe.store.vouched import vouched

_SHORT: Final = 100
_NUMBERS: Final = frozenset({int, float, bool, type(None)})
_MOST_REMEMBERED: Final = 4096
IN_CERTIFICATES: Final = tuple(mask for mask in MASKS if mask.category != "number")
"""Numbers in a certificate are dates and companies."""
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class Scope(Struct, frozen=True):
    """What one measurement lets pass: its evidence's addresses, and the words of its input."""

    allowed: Collection[str]
    words: Collection[str]
    own: Collection[str] = frozenset()
    """Addresses that are the volunteer's though they stand in a field of evidence."""


NO_SCOPE: Final = Scope(frozenset(), frozenset())


class Redactor:
    """Masks texts and measurements, and counts what it masked, by category."""

    def __init__(self, own: OwnValues, allowed: Collection[str] = ()) -> None:
        """Prepare the spellings of the own values; `allowed`: addresses of catalogue and controls."""
        self._own = own_addresses(own.addresses)
        self.resolvers = own_addresses(own.resolvers)
        self._allowed = frozenset(filter(None, map(canonical, allowed))) - self._own
        self._literals = own_literals(own)
        self._counts: Counter[str] = Counter()
        self._pattern = _alternation(self._literals)
        self._looked = 0
        self._clean: set[str] = set()
        self._silent: set[bytes] = set()
        """Hashes of certificates in which there is nothing to blank, whatever may pass."""

    def counts(self) -> tuple[tuple[str, int], ...]:
        """Return category and count of everything masked so far, in the order of names."""
        return tuple(sorted(self._counts.items()))

    def text(self, text: str) -> str:
        """Mask a text that belongs to no measurement."""
        return self.masked(text, Scope(self._allowed, frozenset()))

    def scope(self, allowed: Collection[str], words: Collection[str]) -> Scope:
        """Return what passes where these addresses, in canonical form, and these words are evidence."""
        return Scope(self._allowed | (frozenset(allowed) - self._own), words)

    def scope_of(self, measurement: Measurement) -> Scope:
        """Return what passes in a measurement, and what is the volunteer's wherever it stands.

        The catalogue, a known notice or an answer for a name makes an address evidence; being the system's
        resolver, or where a page led its visitor, does not.
        """
        allowed, own = vouched(measurement, self.resolvers)
        return replace(self.scope(allowed, names_of(measurement.input)), own=own - self._allowed)

    def masked(self, text: str, scope: Scope) -> str:
        """Mask a text: own names, then everything that looks like an address, device, person or account.

        Short texts in which no pattern found anything to decide are remembered: most come again and again.
        """
        if text in self._clean:
            return text
        before = self._looked
        masked = self._masked(text, scope, 0)
        if self._looked == before and masked == text and len(text) <= _SHORT:
            if len(self._clean) >= _MOST_REMEMBERED:
                self._clean.clear()
            self._clean.add(text)
        return masked

    def _masked(self, text: str, scope: Scope, depth: int, masks: tuple[Mask, ...] = MASKS) -> str:
        if not text.isascii() and _SURROGATE.search(text):
            text = text.encode("utf-8", "replace").decode("utf-8")
        text = self.without_names(text, scope)
        if depth < DEEPEST:
            # First, while what is hidden is still whole: a mask might take a part of it for something else.
            text = unhide(text, lambda hidden: self._masked(hidden, scope, depth + 1, masks))
        view = View(text)
        for mask in masks:
            if mask.sign(view):
                text = mask.pattern.sub(self._handler(mask.category, mask.replace, scope), text)
        return text

    def address(self, text: str, scope: Scope) -> str:
        """Mask an address that is evidence by its place in the record only if it is this machine's own."""
        host, port = host_and_port(text)
        if host in self._own or host in scope.own:
            self._counts["ip"] += 1
            return f"[ip]{port}"
        return text if host else self.masked(text, scope)

    def content(self, content: bytes, scope: Scope) -> bytes:
        """Mask the bytes of a page, whatever its encoding."""
        return self.masked(content.decode("latin-1"), scope).encode("latin-1", "replace")

    def certificate(self, content: bytes, scope: Scope) -> bytes:
        """Blank own names, and what looks like an address or a device, inside a certificate.

        With as many letters, so that it can still be taken apart.
        """
        digest = hashlib.sha256(content).digest()
        if digest in self._silent:
            return content
        before = self._counts.copy()
        strictly = self._blanked(content, NO_SCOPE)
        if strictly != content:
            self._counts = before.copy()
            clean = self._blanked(content, scope)
            if clean != content and self._counts == before:
                self._counts["ip"] += 1  # only as bytes
            return clean
        if len(self._silent) < _MOST_REMEMBERED:
            self._silent.add(digest)
        return content

    def _blanked(self, content: bytes, scope: Scope) -> bytes:
        """Blank a certificate; what is in a text is counted the first time that it is looked at."""
        counted: list[Counter[str]] = []

        def mask(text: str) -> str:
            masked = self._masked(text, scope, 0, IN_CERTIFICATES)
            counted.append(self._counts.copy() if not counted else counted[0])
            return masked

        content = blanked(content, mask, scope.allowed)
        self._counts = counted[0] if counted else self._counts
        lower = content.lower()
        for literal in self._literals:
            for spelling in (literal.encode("utf-8", "replace"), literal.encode("utf-16-be", "replace")):
                if len(spelling) >= 6 and spelling in lower:
                    found = re.compile(re.escape(spelling), re.IGNORECASE)
                    content, n = found.subn(lambda match: b"x" * len(match[0]), content)
                    self._counts["name"] += n
        return content

    def measurement(
        self, measurement: Measurement, blobs: Mapping[str, bytes]
    ) -> tuple[Measurement, dict[str, bytes]]:
        """Return a measurement and its blobs as they may be written; blobs are named by their new hash."""
        scope = self.scope_of(measurement)
        renamed, clean_blobs = self._blobs(measurement, blobs, scope)
        tree = msgspec.to_builtins(measurement, builtin_types=(datetime,))
        clean = self.tree(tree, scope)
        for handshake in (*clean["tls_handshakes"], *clean["quic_handshakes"]):
            for certificate in handshake["certificates"]:
                certificate["sha256"] = renamed.get(certificate["sha256"], certificate["sha256"])
        for before, after in zip(measurement.requests, clean["requests"], strict=True):
            if after["body"] != before.body and before.body_text_bytes is None:
                # Judging may not take a page that masks made shorter for a shorter page.
                after["body_text_bytes"] = len(before.body.encode("utf-8", "replace"))
            if before.body_sha256 in renamed:
                after["body_sha256"] = renamed[before.body_sha256]
            elif after["body"] != before.body:
                after["body_sha256"] = hashlib.sha256(after["body"].encode()).hexdigest()
        return msgspec.convert(clean, Measurement), clean_blobs

    def _blobs(
        self, measurement: Measurement, blobs: Mapping[str, bytes], scope: Scope
    ) -> tuple[dict[str, str], dict[str, bytes]]:
        certificates = {each.sha256 for each in certificates_of(measurement)}
        renamed: dict[str, str] = {}
        clean: dict[str, bytes] = {}
        for sha256, content in blobs.items():
            mask = self.certificate if sha256 in certificates else self.content
            masked = mask(content, scope)
            renamed[sha256] = hashlib.sha256(masked).hexdigest()
            clean[renamed[sha256]] = masked
        return renamed, clean

    def tree(self, value: Any, scope: Scope) -> Any:
        """Mask every text in a record taken apart into dicts and lists, each field by its policy."""
        if isinstance(value, dict):
            return {
                # Most fields are numbers, empty, or words of ours: they are not worth a call.
                key: each
                if not each or key in KEEP or type(each) in _NUMBERS
                else self._field(key, each, scope)
                for key, each in value.items()
            }
        if isinstance(value, list | tuple):
            return [each if type(each) in _NUMBERS else self.tree(each, scope) for each in value]
        return self.masked(value, scope) if isinstance(value, str) else value

    def _field(self, name: str, value: Any, scope: Scope) -> Any:
        policy = POLICIES.get(name)
        return policy(self, value, scope) if policy else self.tree(value, scope)

    def is_public_resolver(self, address: str) -> bool:
        """Whether the address is one the catalogue names: known to all, even if this system uses it too."""
        return address in self._allowed

    def count(self, category: str) -> None:
        """Note that something of this category was masked."""
        self._counts[category] += 1

    def without_names(self, text: str, scope: Scope) -> str:
        """Mask only what this machine and its user are called."""
        if self._pattern is None:
            return text
        lower = text.lower()
        if not any(literal in lower for literal in self._literals):
            return text

        def replace(match: re.Match[str]) -> str:
            self._looked += 1
            if match[0].lower() in scope.words:
                return match[0]
            self._counts["name"] += 1
            return self._literals.get(match[0].lower(), "[own]")

        return self._pattern.sub(replace, text)

    def _handler(
        self, category: str, replace: Callable[[re.Match[str], Collection[str]], str], scope: Scope
    ) -> Callable[[re.Match[str]], str]:
        def handle(match: re.Match[str]) -> str:
            self._looked += 1
            if match[0].lower() in scope.words:
                return match[0]
            masked = replace(match, scope.allowed)
            if masked != match[0]:
                self._counts[category] += 1
            return masked

        return handle


def certificates_of(measurement: Measurement) -> Iterator[Certificate]:
    """Yield the certificates of every handshake."""
    for tls in measurement.tls_handshakes:
        yield from tls.certificates
    for quic in measurement.quic_handshakes:
        yield from quic.certificates


def _alternation(literals: Collection[str]) -> re.Pattern[str] | None:
    """Return one pattern for all spellings, the longest first; short ones only as words of their own."""
    if not literals:
        return None
    rows = sorted(literals, key=lambda literal: (-len(literal), literal))
    alone = r"(?<![^\W_]){}(?![^\W_])"
    return re.compile(
        "|".join(alone.format(re.escape(row)) if len(row) < 8 else re.escape(row) for row in rows),
        re.IGNORECASE,
    )
