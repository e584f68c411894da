"""What every server of the world honestly is: who listens where, and what it answers to whom."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from probe.lab import injected, pages
from probe.lab.names import NOTICE_HOST, PORTAL_NAME, is_address
from probe.lab.records import Answer, Place
from probe.lab.resolver import replies

if TYPE_CHECKING:
    from probe.lab.records import Request
    from probe.lab.world import World

TITLE = re.compile(rb"<title>(.*?)</title>", re.IGNORECASE | re.DOTALL)


FIXED = {
    **pages.PORTAL_ANSWERS,
    NOTICE_HOST: Answer(headers=pages.headers(), body=pages.NOTICE),
    PORTAL_NAME: pages.PORTAL_LOGIN,
}
"""Names with one answer to every request."""


def title(body: bytes) -> str:
    """Return the text of the first title element; empty when there is none."""
    found = TITLE.search(body[:65536])
    return found.group(1).decode("utf-8", "replace").strip() if found else ""


def place_of(endpoint: str) -> Place:
    """Return the place that `ip:port` or `[ip]:port` names. Raises ValueError."""
    address, _, port = endpoint.rpartition(":")
    address = address.strip("[]")
    if not is_address(address) or not port.isdigit():
        raise ValueError(f"no endpoint: {endpoint!r}")
    return Place(address=address, port=int(port))


def syn(world: World, place: Place) -> str:
    """Return "" where somebody listens, for everybody; else drop, reset or unreachable."""
    return world.true_syn(place.address)


def answer(world: World, request: Request, *, elsewhere: bool = False) -> Answer:
    """Return what the servers at this place answer; `elsewhere`: to somebody who is not this user."""
    home = world.home(request.place.address, request.host or request.server_name)
    site = world.site(home)
    if site.own_names_only and request.server_name not in (
        None,
        *world.names.names_at(request.place.address),
    ):
        return pages.MISDIRECTED
    if site.answer is not None and not (elsewhere and site.only_here):
        return site.answer(request)
    if urlsplit(request.path).path == "/dns-query" and world.is_resolver(request.place.address):
        return _doh(world, request)
    if home in FIXED:
        return FIXED[home]
    if home in world.names.cleartext:
        return Answer(status=404 if request.method == "POST" else 501, headers=pages.headers())
    return _page(world, request, home)


def _page(world: World, request: Request, home: str) -> Answer:
    if request.path == world.names.large.get(home):
        return pages.OBJECTS[world.site(home).large]()
    if request.host not in ("", home) and not is_address(request.host):
        return pages.page("404 Not Found", "<h1>404</h1><p>No such site on this server.</p>", 404)
    if not request.is_tls and home not in world.names.plain:
        return pages.redirect(f"https://{home}{request.path}", 301)
    return pages.own_page(home, world.scenario.page_bytes)


def _doh(world: World, request: Request) -> Answer:
    """Answer DNS over HTTPS (RFC 8484), GET and POST."""
    message = request.body
    if request.method == "GET":
        text = parse_qs(urlsplit(request.path).query).get("dns", [""])[0]
        try:
            message = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except (binascii.Error, ValueError):
            message = b""
    if not message:
        return Answer(status=400)
    made = replies(world, message, request.place.address, "doh")
    if not made:
        return Answer(act=injected.swallow)
    delay, reply = made[-1]
    return Answer(headers=(("Content-Type", "application/dns-message"),), body=reply, delay_s=delay)
