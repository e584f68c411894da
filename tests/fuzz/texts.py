"""Harnesses of texts off the network: redacted before they are kept, held against block pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from fuzz.harness import Harness
from probe.judge.fingerprints import match_page, match_redirect, match_refusal
from probe.judge.portal import portal_check
from probe.store import OwnValues, Redactor
from probe.store.redact import NO_SCOPE
from unit.observed import a_trip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ADDRESS: Final = re.compile(r"(?<![\w.])203\.0\.113\.7(?![\w.])")
"""The volunteer's, alone: within a longer number it is none."""
_OWN: Final = OwnValues(
    addresses=("203.0.113.7",), hostname="my-laptop", user="volunteer", home="/home/volunteer"
)


def _redact() -> Callable[[bytes], None]:
    redactor = Redactor(_OWN, allowed=("192.0.2.1",))

    def read(data: bytes) -> None:
        redactor.content(data, NO_SCOPE)
        text = redactor.text(data.decode("utf-8", "replace"))
        assert not _ADDRESS.search(text)
        assert "volunteer" not in text.lower()

    return read


def _redact_seeds() -> Iterator[bytes]:
    yield b"Hello volunteer at 203.0.113.7, 2001:db8::7 and 02:00:5e:10:00:01; me@site.example"
    yield b"my-laptop my%2Dlaptop &#109;y-laptop bXktbGFwdG9w 0xcb.0x00.0x71.0x07 3405803783 203%2e0%2E113.7"
    yield b"<html>\\u0076olunteer =6volunteer /home/volunteer Bearer abc.def IMEI 490154203237518"


def _page() -> Callable[[bytes], None]:
    url = "http://captive.example/hotspot-detect.html"

    def read(data: bytes) -> None:
        head, _, body = data.decode("utf-8", "replace").partition("\n")
        fields = tuple((part.partition(":")[0], part.partition(":")[2]) for part in head.split("\r"))
        said = {"status": 200, "headers": fields, "title": head[:80], "body": body, "url": url}
        match_page(**said)  # type: ignore[arg-type]  # each of its own kind
        match_refusal(**said)  # type: ignore[arg-type]  # as above
        match_redirect(head, origin="site.example")
        portal_check((a_trip(url, 200, body=body, location=head or None),), uid="m", url=url, started_s=0.0)

    return read


def _page_seeds() -> Iterator[bytes]:
    yield b"Location: http://warning.rt.ru/?id=17\rServer: x\n<html><title>x</title>&#1044;<iframe src='b'>"
    yield "Server: y\n<!-- -->Доступ ограничен 149-ФЗ <a href=//eais.rkn.gov.ru>".encode()
    yield b"http://a/?token=1\n<meta http-equiv=refresh content='0;url=http://login.example/'>Success"


HARNESSES: Final = (
    Harness(name="redact", reads="texts that are redacted", make=_redact, seeds=_redact_seeds, max_len=256),
    Harness(name="page", reads="pages held against block pages", make=_page, seeds=_page_seeds, max_len=384),
)
