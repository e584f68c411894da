"""An OpenVPN profile with its keys inside, or in files beside it: what a handshake with its servers takes."""

import os
import re
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from probe.model.vpn import Keys, OpenVPNKeys, Wrap
from probe.targets.error import CatalogueError
from probe.targets.inputs import parse_input
from probe.targets.side_files import readable_certificates
from probe.targets.toml_file import read_text

MOST_REMOTES: Final = 8
STATIC_KEY: Final = 256
WRAPS: Final[tuple[Wrap, ...]] = ("auth", "crypt")
_TRANSPORTS: Final = {"udp": "udp", "udp4": "udp", "udp6": "udp", "tcp": "tcp", "tcp-client": "tcp"}
_TRANSPORTS_MORE: Final = {"tcp4": "tcp", "tcp6": "tcp", "tcp4-client": "tcp", "tcp6-client": "tcp"}
_INLINE: Final = ("ca", "cert", "key", "tls-auth", "tls-crypt", "auth-user-pass")
_REFUSED: Final = {
    "tls-crypt-v2": "tls-crypt-v2 is not known here",
    "secret": "static key mode is not known here",
    "pkcs12": "PKCS #12 is not read here",
}
_STATIC: Final = re.compile(
    r"-----BEGIN OpenVPN Static key V1-----([0-9A-Fa-f\s]+)-----END OpenVPN Static key V1-----"
)
_DIGESTS: Final = {"sha1": "sha1", "sha256": "sha256", "sha384": "sha384", "sha512": "sha512"}


def read_openvpn(  # noqa: C901  # one line an option that a handshake needs
    path: Path, text: str
) -> tuple[tuple[str, Keys], ...]:
    """Return the servers of a profile, as inputs, with its keys. Raises CatalogueError."""
    options, blocks = _parsed(path, text)

    def error(option: str, problem: str, hint: str) -> CatalogueError:
        return CatalogueError(str(path), options.get(option, [(1, [])])[0][0], problem, hint)

    for option, problem in _REFUSED.items():
        if option in options or option in blocks:
            raise error(option, problem, "Ask for a profile with tls-auth or tls-crypt, PEM keys inside.")

    def content(option: str) -> str:
        named = options.get(option)
        if option in blocks or not named or not named[0][1]:
            return blocks.get(option, "")
        beside = path.parent / named[0][1][0]
        if not os.path.isfile(beside):  # noqa: PTH113  # unlike a Path's own it bears a name of any length
            raise error(option, f"the file that {option} names is not there", "Put it beside the profile.")
        return read_text(beside)[1]

    ca = content("ca")
    if "BEGIN CERTIFICATE" not in ca:
        raise error("ca", "no certificate of an authority", "Add <ca> … </ca> as your provider gave it.")
    certificate, private_key = content("cert"), content("key")
    if bool(certificate) != bool(private_key):
        raise error("cert", "of cert and key one is missing", "Add both, or none.")
    try:
        readable_certificates(ca)
        if certificate:
            readable_certificates(certificate)
            load_pem_private_key(private_key.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise error(
            "ca", "a certificate or key that cannot be read", "PEM, the key without a password."
        ) from None
    user, _, password = content("auth-user-pass").strip().partition("\n")
    wrap: Wrap = next((w for w in WRAPS if f"tls-{w}" in blocks or f"tls-{w}" in options), "")
    static = _STATIC.search(content(f"tls-{wrap}")) if wrap else None
    digits = "".join(static[1].split()) if static else ""
    key = bytes.fromhex(digits) if len(digits) % 2 == 0 else b""
    if wrap and len(key) != STATIC_KEY:
        raise error(f"tls-{wrap}", "the static key is not of 256 bytes", "Copy the whole of its block.")
    digest = _DIGESTS.get(_word(options, "auth", "sha1").lower(), "")
    if not digest:
        raise error("auth", "a digest that is not known here", f"Known: {', '.join(_DIGESTS)}.")
    keys = OpenVPNKeys(
        ca=ca,
        certificate=certificate,
        private_key=private_key,
        user=user.strip(),
        password=password.strip(),
        static_key=key,
        wrap=wrap,
        direction=_direction(options),
        digest=digest,
    )
    return tuple((server, keys) for server in _servers(path, options))


def _parsed(path: Path, text: str) -> tuple[dict[str, list[tuple[int, list[str]]]], dict[str, str]]:
    """Return options by name, each with its lines and words, and what stands in <blocks>."""
    options: dict[str, list[tuple[int, list[str]]]] = {}
    blocks: dict[str, str] = {}
    inside, kept, begun = "", [""], 0
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip()
        if inside:
            if line == f"</{inside}>":
                blocks[inside] = "\n".join(kept)
                inside = ""
            else:
                kept.append(raw.rstrip("\r"))
        elif line.startswith("<") and line.endswith(">"):
            inside, kept, begun = line[1:-1], [], number
        elif line and not line.startswith(("#", ";")):
            name, *words = line.split()
            options.setdefault(name.removeprefix("--"), []).append((number, words))
    if inside:
        hint = f"Add a line: </{inside[:20]}>" if inside in _INLINE else "Close it."
        raise CatalogueError(str(path), begun, "a block that does not end", hint)
    return options, blocks


def _word(options: dict[str, list[tuple[int, list[str]]]], name: str, otherwise: str) -> str:
    words = options.get(name, [(0, [])])[0][1]
    return words[0] if words else otherwise


def _direction(options: dict[str, list[tuple[int, list[str]]]]) -> int | None:
    inline = options.get("tls-auth", [(0, [])])[0][1]
    said = inline[1] if len(inline) > 1 else _word(options, "key-direction", "")
    return int(said) if said in {"0", "1"} else None


def _servers(path: Path, options: dict[str, list[tuple[int, list[str]]]]) -> tuple[str, ...]:
    known = _TRANSPORTS | _TRANSPORTS_MORE
    found: dict[str, None] = {}
    usual = _word(options, "proto", "udp")
    for number, words in options.get("remote", []):
        host, port, proto, *_ = (*words, *("", "", "")[len(words) :]) if words else ("", "", "")
        port = port or _word(options, "port", "1194")
        transport = known.get((proto or usual).lower())
        shown = f"[{host}]" if ":" in host else host
        try:
            found[parse_input(f"openvpn+{transport}://{shown}:{port}").text] = None
        except ValueError as error:
            problem = f"remote: {error}" if transport else "remote: neither udp nor tcp"
            raise CatalogueError(str(path), number, problem, "Write remote host port udp, or tcp.") from None
        if len(found) > MOST_REMOTES:
            hint = "Keep the lines of those you use."
            raise CatalogueError(str(path), number, f"more than {MOST_REMOTES} servers", hint)
    if not found:
        hint = "Add a line: remote host port udp"
        raise CatalogueError(str(path), 1, "no server", hint)
    return tuple(found)
