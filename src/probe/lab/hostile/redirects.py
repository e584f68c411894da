"""Hostile redirects: in circles, without end, to what is no page, and into the volunteer's own network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from probe.lab import pages
from probe.lab.hostile.acts import answers, sends
from probe.lab.hostile.records import Misbehaviour
from probe.model import failure as f

if TYPE_CHECKING:
    from collections.abc import Callable

    from probe.lab.records import Answer, Request

MANY: Final = 10
"""Redirects that are followed."""


def _row(
    word: str, does: str, peer: Callable[[Request], Answer], failure: str | None, **more: object
) -> Misbehaviour:
    where = str(more.pop("seen_in", ""))
    return Misbehaviour(
        name=f"redirect.{word}", does=does, door="http", peer=peer, failure=failure, facts=more, seen_in=where
    )


def _to(location: str) -> Callable[[Request], Answer]:
    """Lead whoever comes to the front page on, and give an honest page elsewhere."""
    return lambda request: pages.redirect(location) if request.path == "/" else pages.own_page(request.host)


def _inside(word: str, does: str, location: str, ip: str) -> Misbehaviour:
    """Return the row of a redirect to an address that nobody connects to on a stranger's word."""
    return _row(word, does, _to(location), f.X_NOT_TRIED, seen_in="tcp_connect", ip=ip)


def _nowhere(word: str, does: str, location: str) -> Misbehaviour:
    return _row(word, does, _to(location), f.HTTP_INVALID_REDIRECT, location=location[:2048])


def _loop(request: Request) -> Answer:
    """Lead through three pages in a circle."""
    number = request.path.strip("/")
    return pages.redirect(f"/{(int(number) + 1) % 3 if number.isdigit() else 0}")


def _chain(request: Request) -> Answer:
    """Lead to a page with the next number."""
    number = request.path.strip("/")
    return pages.redirect(f"/{int(number) + 1 if number.isdigit() else 1}")


def _user(request: Request) -> Answer:
    if request.path == "/":
        return pages.redirect(f"http://www.bank.example:80@{request.host}/in?")
    return pages.own_page(request.host)


_CIRCLES = (
    _row("loop", "Leads in a circle.", _loop, f.X_REDIRECT_LOOP),
    _row("itself", "Leads to where one is.", lambda _request: pages.redirect("/"), f.X_REDIRECT_LOOP),
    _row("for_ever", "Leads on and on.", _chain, f.X_TOO_MANY_REDIRECTS, hop=MANY),
)

_INSIDE = (
    _inside("loopback", "Leads to a service of this machine.", "http://127.0.0.1:22/", "127.0.0.1"),
    _inside("loopback6", "Leads to this machine by IPv6.", "http://[::1]:8080/", "::1"),
    _inside("private", "Leads to the router at home.", "http://10.0.0.1/admin", "10.0.0.1"),
    _inside(
        "metadata", "Leads to where clouds keep keys.", "http://169.254.169.254/latest/", "169.254.169.254"
    ),
    _inside(
        "mapped", "Leads to this machine by IPv4 in IPv6.", "http://[::ffff:127.0.0.1]/", "::ffff:127.0.0.1"
    ),
    _inside("nat64", "Leads to this machine through NAT64.", "http://[64:ff9b::7f00:1]/", "64:ff9b::7f00:1"),
    _inside("sixtofour", "Leads to this machine through 6to4.", "http://[2002:7f00:1::]/", "2002:7f00:1::"),
    _inside("multicast", "Leads to all routers at once.", "http://[ff02::2]/", "ff02::2"),
)

_NOWHERE = (
    _nowhere("file", "Leads to a file.", "file:///etc/passwd"),
    _nowhere("script", "Leads into a script.", "javascript:alert(1)"),
    _nowhere("data", "Leads into its own words.", "data:text/html,<script>alert(1)</script>"),
    _nowhere("ftp", "Leads to another protocol.", "ftp://ftp.example.org/"),
    _nowhere("bracket", "Opens a bracket and never closes it.", "http://[bad"),
    _nowhere("no_host", "Leads to no host.", "http:///"),
    _nowhere("port_zero", "Leads to port 0.", "http://www.example.org:0/"),
    _nowhere("port_vast", "Leads to port 99999.", "http://www.example.org:99999/"),
    _nowhere("port_word", "Gives a word for a port.", "http://www.example.org:http/"),
    _nowhere(
        "long", "Leads to a page with a name of 10,000 letters.", "http://www.example.org/" + "a" * 10_000
    ),
    _nowhere("long_label", "Leads to a host with a label of 64 letters.", f"http://{'a' * 64}.example/"),
    _nowhere("many_labels", "Leads to a host with 128 labels.", f"http://{'a.' * 127}example/"),
    _nowhere("backslashes", "Writes its slashes backwards.", "http:\\\\www.example.org\\"),
)

_ODD = (
    _row("user", "Leads to itself, dressed up as a bank.", _user, None, status_code=200),
    _row("empty", "Redirects to nowhere in particular.", _to(""), None, status_code=302, location=None),
    Misbehaviour(
        name="redirect.two",
        does="Names two places at once.",
        door="http",
        peer=answers(
            sends(
                b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nLocation: http://www.example.org/\r\n"
                b"Content-Length: 0\r\n\r\n"
            )
        ),
        failure=f.X_NOT_TRIED,
        facts={"ip": "10.0.0.1"},
        seen_in="tcp_connect",
    ),
)

ROWS: Final = (*_CIRCLES, *_INSIDE, *_NOWHERE, *_ODD)
