"""The pages of the lab: what sites show, how they refuse, and the notices operators put in their place."""

from __future__ import annotations

import hashlib
import html
import random
from email.utils import formatdate
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from probe.lab.names import NOTICE_HOST
from probe.lab.records import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from probe.lab.records import Answerer, Request

LARGE_BYTES = 2_000_000
NOTICE_URL = f"http://{NOTICE_HOST}/?id=17&st=0&dt=185.199.110.1&rs="


def _text(name: str) -> bytes:
    return (files("probe.lab") / "notices" / name).read_bytes()


NOTICE = _text("legal.html")
"""What a Russian operator shows in a site's place: fingerprinted, of legal-notice scope."""
UNPAID = _text("unpaid.html")
"""What it shows whoever did not pay: innocent."""
BARE_NOTICE = (
    b"<html><head><title>Blocked</title></head><body><p>This site is not available.</p></body></html>"
)
"""A block page nobody has fingerprinted."""


def headers(*more: tuple[str, str], server: str = "nginx") -> tuple[tuple[str, str], ...]:
    """Return what an ordinary server sends, with the true time."""
    return (
        ("Server", server),
        ("Date", formatdate(usegmt=True)),
        ("Content-Type", "text/html; charset=utf-8"),
        *more,
    )


def page(
    title: str,
    body: str = "",
    status: int = 200,
    more: tuple[tuple[str, str], ...] = (),
    *,
    server: str = "nginx",
) -> Answer:
    """Return an HTML page."""
    text = (
        f"<!DOCTYPE html><html><head><title>{html.escape(title)}</title></head><body>{body}</body></html>\n"
    )
    return Answer(status=status, headers=headers(*more, server=server), body=text.encode())


def own_page(name: str, n_bytes: int = 0) -> Answer:
    """Return the page of a name: its own title, text, length and a header, always the same.

    It is at least `n_bytes` long.
    """
    mark = hashlib.sha256(name.encode()).hexdigest()
    text = f"<h1>{html.escape(name)}</h1>" + "".join(
        f"<p>Paragraph {n} of {html.escape(name)}: {mark[n : n + 24]}</p>"
        for n in range(10 + int(mark[0], 16))
    )
    text += f"<!-- {'long ' * (n_bytes // 5)}-->" if n_bytes else ""
    return page(
        f"Welcome to {name}", text, more=((f"X-Site-{mark[:6]}", mark[:12]), ("ETag", f'"{mark[:16]}"'))
    )


def redirect(location: str, status: int = 302) -> Answer:
    """Return a redirect."""
    return Answer(status=status, headers=headers(("Location", location)), body=b"<html>Moved</html>\n")


def always(answer: Answer) -> Answerer:
    """Return an answerer that says the same to everybody."""
    return lambda _request: answer


def redirect_to(location: str, status: int = 302) -> Answerer:
    """Return an answerer that sends everybody elsewhere; `{host}` and `{path}` are filled in."""
    return lambda r: redirect(location.format(host=r.host, path=r.path), status)


def locale_redirect(request: Request) -> Answer:
    """Send a fresh visitor to the page of a language, and show it there."""
    if request.path == "/":
        return redirect(f"https://{request.host}/ru-ru/")
    return own_page(request.host)


def slow(seconds: float) -> Answerer:
    """Return an answerer that thinks before it gives the name's own page."""

    def answer(request: Request) -> Answer:
        made = own_page(request.host)
        return Answer(status=made.status, headers=made.headers, body=made.body, delay_s=seconds)

    return answer


def huge(_request: Request) -> Answer:
    """Answer with far more than anybody wants to read."""
    return Answer(headers=headers(), body=b"<html><title>huge</title>" + b"x" * 20_000_000)


CLOUDFRONT_REFUSAL = page(
    "ERROR: The request could not be satisfied",
    "<h1>403 ERROR</h1>The Amazon CloudFront distribution is configured to block access from your country.",
    403,
    (("X-Cache", "Error from cloudfront"),),
    server="CloudFront",
)
CLOUDFLARE_REFUSAL = page(
    "Access denied",
    "<h1>Error 1009</h1><p>The owner of this website has banned the country or region your IP address is in "
    "(RU) from accessing this website.</p>",
    403,
    (("CF-RAY", "8f3a1c2b4d5e6f70-DME"),),
    server="cloudflare",
)
LEGAL_451 = page("451 Unavailable For Legal Reasons", "<p>Unavailable for legal reasons.</p>", 451)
CAPTCHA = page(
    "Just a moment...",
    '<p>Checking your browser before accessing.</p><div class="g-recaptcha"></div>',
    403,
    (("CF-RAY", "8f3a1c2b4d5e6f71-DME"), ("cf-mitigated", "challenge")),
    server="cloudflare",
)
WAF_403 = page(
    "Attention Required! | Cloudflare",
    "<h1>Sorry, you have been blocked</h1><p>You are unable to access this site.</p>",
    403,
    (("CF-RAY", "8f3a1c2b4d5e6f72-DME"),),
    server="cloudflare",
)
UNAVAILABLE = page("503 Service Temporarily Unavailable", "<h1>503</h1>", 503, (("Retry-After", "120"),))
SPEAKS_OF_BLOCKING = page(
    "How web sites are blocked", _text("article.html").decode() * 12, more=(("X-Newsroom", "1"),)
)
SHORT_OBJECT = Answer(headers=headers(("X-Object", "short")), body=b"ok")
MISDIRECTED = page("421 Misdirected Request", "<h1>421</h1>", 421)
NOT_FOUND = page("404 Not Found", "<h1>404</h1><p>No such thing on this server.</p>", 404)


@cache
def large_object() -> Answer:
    """Return what a path of the catalogue's `large_object` holds: bytes that nothing can compress, once."""
    body = random.Random(1).randbytes(LARGE_BYTES)
    return Answer(headers=(("Server", "nginx"), ("Content-Type", "application/octet-stream")), body=body)


OBJECTS: Mapping[str, Callable[[], Answer]] = {
    "": large_object,
    "none": lambda: NOT_FOUND,
    "short": lambda: SHORT_OBJECT,
}
"""What stands at that path, by a site's word."""

PORTAL_ANSWERS = {
    "captive.apple.com": Answer(
        headers=headers(),
        body=b"<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>",
    ),
    "detectportal.firefox.com": Answer(
        headers=(("Server", "nginx"), ("Content-Type", "text/plain")), body=b"success\n"
    ),
    "connectivitycheck.gstatic.com": Answer(status=204),
    "www.msftconnecttest.com": Answer(
        headers=(("Content-Type", "text/plain"),), body=b"Microsoft Connect Test"
    ),
}
"""What the portal checks get where there is no portal."""

PORTAL_LOGIN = Answer(headers=headers(), body=_text("login.html"))
