"""An authority is asked once, over HTTP, and nothing is written unless every part of its answer holds."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import certifi
import pytest

from loopback.authority import an_authority as a_web_authority
from loopback.stamping import (
    answering,
    failing,
    flooding,
    hanging_up,
    leading_away,
    no_http,
    packed,
    served,
    trickling,
)
from probe.evidence.der import element, integer
from probe.evidence.error import EvidenceError
from probe.evidence.outside import OUTSIDE
from probe.evidence.signature import signature_of
from probe.evidence.token import token_of
from probe.measure import timestamp
from probe.pipeline.signing import sign
from probe.pipeline.stamping import StampError, ordered, stamp
from unit.a_sealed import NAME, a_bag, a_key, root_of, said
from unit.an_authority import FROM, StampingAuthority, an_authority

if TYPE_CHECKING:
    from collections.abc import Callable
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

SIGNED = "tagmanifest-sha256.txt"
VERIFY = ("openssl", "ts", "-verify", "-data", SIGNED, "-in", f"{SIGNED}.tsr", "-CAfile", "tsa-ca.pem")


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> StampingAuthority:
    return an_authority(tmp_path_factory.mktemp("tsa") / "one", between=True)


def written(bag: Path) -> list[str]:
    return sorted(path.name for path in bag.iterdir() if path.name in OUTSIDE)


def test_a_stamp_is_asked_for_checked_and_kept_so_that_openssl_finds_it_good(
    tmp_path: Path, tsa: StampingAuthority
) -> None:
    bag = a_bag(tmp_path, zipped=True)
    with served(answering(tsa.answer)) as (url, questions):
        done = stamp(ordered(bag, url, tsa.roots))
    assert done.token == token_of(bag)
    assert (done.token.state, done.token.authority, done.zip) == (
        "good",
        "CN=Test stamps",
        tmp_path / f"{NAME}.zip",
    )
    assert written(bag) == ["custody-after.csv", f"{SIGNED}.tsr", "tsa-ca.pem"]
    code, text = said(*VERIFY, bag=bag)
    assert (code, "Verification: OK" in text) == (0, True)
    assert len(questions) == 1


def test_the_question_holds_the_root_hash_a_nonce_and_nothing_of_the_machine(
    tmp_path: Path, tsa: StampingAuthority
) -> None:
    bag = a_bag(tmp_path)
    with served(answering(tsa.answer)) as (url, questions):
        stamp(ordered(bag, url, tsa.roots))
    ((headers, body),) = questions
    assert set(headers) == {
        "Accept",
        "Accept-Encoding",
        "Connection",
        "Content-Length",
        "Content-Type",
        "Host",
        "User-Agent",
    }
    assert headers["User-Agent"] == "Mozilla/5.0"
    assert bytes.fromhex(root_of(bag)) in body
    assert len(body) < 80


def test_the_act_bears_the_authority_s_time_and_stands_after_the_signature(
    tmp_path: Path, tsa: StampingAuthority
) -> None:
    bag = a_bag(tmp_path)
    with served(answering(tsa.answer)) as (url, _questions):
        done = stamp(ordered(bag, url, tsa.roots))
    assert done.token.time is not None
    sign(bag, a_key(tmp_path), "coalition", done.token.time + timedelta(minutes=1), lambda: None)
    lines = (bag / "custody-after.csv").read_bytes().decode().split("\r\n")
    assert lines[1].startswith(f"{done.token.time:%Y-%m-%dT%H:%M:%SZ},authority,stamped,")
    assert ",coalition,signed," in lines[2]
    assert (token_of(bag).state, signature_of(bag).state) == ("good", "good")


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (flooding, "x_reply_too_large"),
        (packed, "unreadable"),
        (leading_away, "http_unexpected_status_code"),
        (failing, "http_unexpected_status_code"),
        (hanging_up, "eof_error"),
        (no_http, "x_http_parse_error"),
        (answering(lambda _question: b""), "unreadable"),
        (answering(lambda _question: b"<html>Welcome to the hotel</html>"), "unreadable"),
        (answering(lambda _question: element(0x30, element(0x30, integer(2)))), "refused"),
    ],
)
def test_an_authority_that_misbehaves_is_named_so_and_leaves_nothing(
    tmp_path: Path,
    tsa: StampingAuthority,
    behaviour: Callable[[BaseHTTPRequestHandler, bytes], None],
    code: str,
) -> None:
    bag = a_bag(tmp_path)
    with served(behaviour) as (url, questions), pytest.raises(StampError) as caught:
        stamp(ordered(bag, url, tsa.roots))
    assert caught.value.code == code
    assert len(questions) == 1
    assert written(bag) == []


def test_an_answer_that_trickles_ends_at_the_deadline() -> None:
    with served(trickling) as (url, _questions):
        assert timestamp.post(url, b"?", deadline_s=0.5).failure == "generic_timeout_error"


def test_nobody_at_the_address_is_named_so(tmp_path: Path, tsa: StampingAuthority) -> None:
    with served(failing) as (url, _questions):
        pass
    with pytest.raises(StampError) as caught:
        stamp(ordered(a_bag(tmp_path), url, tsa.roots))
    assert caught.value.code == "connection_refused"


def test_an_answer_to_an_earlier_question_is_refused(tmp_path: Path, tsa: StampingAuthority) -> None:
    first, second = a_bag(tmp_path / "first"), a_bag(tmp_path / "second")
    kept: list[bytes] = []

    def the_first_again(question: bytes) -> bytes:
        kept.append(tsa.answer(question) if not kept else kept[0])
        return kept[-1]

    with served(answering(the_first_again)) as (url, _questions):
        stamp(ordered(first, url, tsa.roots))
        with pytest.raises(StampError) as caught:
            stamp(ordered(second, url, tsa.roots))
    assert caught.value.code == "another_nonce"
    assert written(second) == []


def test_an_answer_about_other_bytes_is_refused(tmp_path: Path, tsa: StampingAuthority) -> None:
    bag = a_bag(tmp_path)
    root = bytes.fromhex(root_of(bag))

    def about_another(question: bytes) -> bytes:
        return tsa.answer(question.replace(root, b"\7" * 32))

    with served(answering(about_another)) as (url, _questions), pytest.raises(StampError) as caught:
        stamp(ordered(bag, url, tsa.roots))
    assert caught.value.code == "another_hash"


def test_an_authority_that_nobody_named_is_refused_with_what_to_fetch(
    tmp_path: Path, tsa: StampingAuthority
) -> None:
    bag = a_bag(tmp_path)
    with served(answering(tsa.answer)) as (url, _questions), pytest.raises(StampError) as caught:
        stamp(ordered(bag, url, None))
    assert caught.value.code == "unknown_authority"
    assert "--ca" in caught.value.hint
    assert written(bag) == []


def test_an_authority_whose_certificate_has_ended_is_refused(tmp_path: Path) -> None:
    ended = an_authority(tmp_path / "tsa", until=FROM + timedelta(days=365))
    bag = a_bag(tmp_path)
    with served(answering(ended.answer)) as (url, _questions), pytest.raises(StampError) as caught:
        stamp(ordered(bag, url, ended.roots))
    assert caught.value.code == "expired"
    assert written(bag) == []


def test_over_https_the_server_s_own_certificate_must_hold(
    tmp_path: Path, tsa: StampingAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    web = a_web_authority(tmp_path)
    bag = a_bag(tmp_path)
    with served(answering(tsa.answer), web.good("127.0.0.1")) as (url, _questions):
        with pytest.raises(StampError) as caught:
            stamp(ordered(bag, url, tsa.roots))
        assert caught.value.code == "ssl_failed_handshake"
        monkeypatch.setattr(certifi, "where", lambda: web.ca_file)
        assert stamp(ordered(bag, url, tsa.roots)).token.state == "good"


def test_proxies_of_the_environment_are_not_told_of_it(
    tmp_path: Path, tsa: StampingAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("all_proxy", "http://127.0.0.1:9")
    with served(answering(tsa.answer)) as (url, _questions):
        assert stamp(ordered(a_bag(tmp_path), url, tsa.roots)).token.state == "good"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "tsa.example",
        "ftp://tsa.example/",
        "file:///etc/passwd",
        "http://user:word@tsa.example/",
        "http:///x",
    ],
)
def test_what_is_no_authority_s_address_is_refused_before_anything_is_sent(tmp_path: Path, url: str) -> None:
    with pytest.raises(EvidenceError, match="This is no address of an authority that stamps time"):
        ordered(a_bag(tmp_path), url, None)


def test_what_is_no_root_certificate_is_refused_before_anything_is_sent(
    tmp_path: Path, tsa: StampingAuthority
) -> None:
    bag = a_bag(tmp_path)
    for name in ("between.pem", "signer.key", "question"):
        file = tmp_path / name
        file.write_bytes((tsa.folder / name).read_bytes() if name != "question" else b"\0")
        with pytest.raises(EvidenceError, match="There is no root certificate in this file"):
            ordered(bag, "http://127.0.0.1:9/", file)


def test_a_bag_is_stamped_once(tmp_path: Path, tsa: StampingAuthority) -> None:
    bag = a_bag(tmp_path)
    with served(answering(tsa.answer)) as (url, _questions):
        stamp(ordered(bag, url, tsa.roots))
        with pytest.raises(EvidenceError, match="it is never replaced"):
            ordered(bag, url, tsa.roots)
