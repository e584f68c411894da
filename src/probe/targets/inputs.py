"""An input as its author wrote it, taken apart: scheme, host, port, and which experiment it asks for."""

import hashlib
import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from probe.model.target import Target
from probe.model.vpn import TUNNEL_PORTS
from probe.model.words import Risk
from probe.targets.error import CatalogueError
from probe.targets.resources import HINT, resource_of

LONGEST_URL: Final = 2048
HIGH_RISK: Final = frozenset({"wireguard", "openvpn+udp", "openvpn+tcp", "obfs4", "tor"})
"""Schemes of circumvention: in some places using it is punished."""
EXPERIMENT_OF: Final = {
    "http": "web",
    "https": "web",
    "tcp": "tcp",
    "dns+udp": "dns",
    "dns+tcp": "dns",
    "dns+tls": "dns",
    "dns+quic": "dns",
    "quic": "quic",
    "registry": "registry",
    "path": "path",
    "zone": "zone",
    "wireguard": "vpn",
    "openvpn+udp": "vpn",
    "openvpn+tcp": "vpn",
    "obfs4": "vpn",
    "tor": "vpn",
    "stun": "vpn",
}
_DEFAULT_PORT: Final = {
    "http": 80,
    "https": 443,
    "dns+udp": 53,
    "dns+tcp": 53,
    "dns+tls": 853,
    "dns+quic": 853,
    "quic": 443,
    "zone": 53,
    **TUNNEL_PORTS,
}
_LABEL: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_UNSEEN: Final = re.compile(r"[\s\x00-\x20\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
SCHEMES: Final = (
    "https://, http://, quic://, tcp://, dns+udp://, dns+tcp://, dns+tls://, dns+quic://, zone://, stun://,"
    " tor://, obfs4://, wireguard://, openvpn+udp://, openvpn+tcp://, registry:// or path://"
)


class Input(Struct, frozen=True, kw_only=True):
    """The parts of an input; `host` is in ASCII (IDNA), an address without brackets."""

    text: str
    scheme: str
    host: str
    port: int
    path: str

    @property
    def is_address(self) -> bool:
        """Whether the host is a literal address."""
        return _is_address(self.host)

    @property
    def key(self) -> tuple[str, str, int, str]:
        """What makes two inputs the same: an upper-case host or a stated default port is no difference."""
        return self.scheme, self.host, self.port, self.path


def parse_input(text: str) -> Input:
    """Take an input apart. Raises ValueError with the problem in words that end without a full stop."""
    _refuse_text(text)
    if text.lower().startswith("registry://"):
        resource = resource_of(text.partition("://")[2])
        return Input(text=text, scheme="registry", host=resource, port=443, path="/")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"not a URL: {error}") from None
    scheme = parts.scheme.lower()
    if scheme not in EXPERIMENT_OF or not text[len(scheme) :].startswith("://"):
        raise ValueError(f"the input does not begin with {SCHEMES}")
    if "@" in parts.netloc:
        raise ValueError("the input holds a user name or password")
    host = _ascii_host(parts.hostname or "")
    path = (parts.path or "/") + ("?" + parts.query if parts.query else "")
    if EXPERIMENT_OF[scheme] != "web":
        _refuse_path(parts.path + parts.query + parts.fragment, scheme)
    if EXPERIMENT_OF[scheme] == "dns" and not _is_address(host):
        raise ValueError(f"{scheme}:// needs an address, not a name")
    if scheme == "zone" and (port is not None or "." in host or _is_address(host)):
        raise ValueError(f"{host[:80]!r} is no top-level zone, as zone://ru is")
    _refuse_private(scheme, host)
    if port is None and scheme not in _DEFAULT_PORT:
        raise ValueError(f"{scheme}:// needs a port")
    if port == 0:
        raise ValueError("port 0 cannot be measured")
    return Input(text=text, scheme=scheme, host=host, port=port or _DEFAULT_PORT[scheme], path=path)


def target_of_url(url: str) -> Target:
    """Turn one URL given by hand into a target of the service `url`. Raises CatalogueError."""
    try:
        return target_of_input(parse_input(url), service="url")
    except ValueError as error:
        whole = f"Type the whole of it, beginning with {SCHEMES}, as in --url https://example.org/"
        hint = HINT if url.lower().startswith("registry://") else whole
        raise CatalogueError("", 0, f"{url[:200]!r}: {error}", hint) from None


def target_of_input(parsed: Input, *, service: str, category_code: str = "MISC", source: str = "") -> Target:
    """Give an input a stable name: the host, and ten hex digits that depend on the text alone."""
    digest = hashlib.sha256(parsed.text.encode()).hexdigest()[:10]
    return Target(
        target_id=f"{service}/{parsed.host.replace(':', '-').replace('/', '-')}-{digest}",
        service=service,
        input=parsed.text,
        experiment=EXPERIMENT_OF[parsed.scheme],
        category_code=category_code,
        risk=Risk.HIGH if parsed.scheme in HIGH_RISK else Risk.LOW,
        source=source,
    )


def _refuse_text(text: str) -> None:
    if not text:
        raise ValueError("the input is empty")
    if len(text) > LONGEST_URL:
        raise ValueError(f"the input is longer than {LONGEST_URL} characters")
    if _UNSEEN.search(text):
        raise ValueError("the input holds a space or an invisible character")


def _refuse_private(scheme: str, host: str) -> None:
    if scheme == "path" and _is_address(host) and not ipaddress.ip_address(host).is_global:
        raise ValueError(f"{host} is no address of the public internet")


def _refuse_path(rest: str, scheme: str) -> None:
    if rest not in {"", "/"}:
        what = "the name of a zone" if scheme == "zone" else "host and port"
        raise ValueError(f"{scheme}:// takes {what} only, no path")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _ascii_host(host: str) -> str:
    """Return the host in lower case and IDNA without a final dot; raise ValueError if it cannot be one."""
    if not host:
        raise ValueError("the input has no host")
    if _is_address(host):
        if "%" in host:
            raise ValueError("an address with a zone means something on one machine only")
        return str(ipaddress.ip_address(host))
    try:
        ascii_host = host.removesuffix(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise ValueError(f"{host!r} is no host name") from None
    labels = ascii_host.split(".")
    if len(ascii_host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError(f"{host!r} is no host name")
    if labels[-1].isdigit():
        raise ValueError(f"{host!r} is neither a name nor an address")
    return ascii_host
