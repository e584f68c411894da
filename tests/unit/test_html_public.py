"""A page made public: what an operator could look up, and what picks somebody out, is not in it."""

import re

from msgspec.structs import replace

from probe.report.told import Seal
from unit import a_run
from unit.a_page import RUN_ID, a_try, an_accused_run, assert_sound, page_of, written
from unit.a_run import a_full_measurement, a_lookup, a_measurement, a_round_trip
from unit.markup import Page
from unit.some_trials import a_transfer
from unit.telling import a_told


def test_times_are_told_in_milliseconds_with_one_digit_and_in_public_with_two_in_all() -> None:
    assert "<td>45.7</td>" in written(an_accused_run())
    assert "<td>46</td>" in written(an_accused_run(), public=True)


def test_a_public_page_tells_no_second_no_neutral_site_no_helper_and_not_the_name_of_the_run() -> None:
    seal = Seal(root_sha256="ab" * 32, n_files=1, n_bytes=1, signature="none", token="none")
    full, public = written(an_accused_run(seal=seal)), written(an_accused_run(seal=seal), public=True)
    for told in ("12:00:2", RUN_ID, "www.example.net", "198.51.100.9", "0.th.ooni.org", "line 2 of"):
        assert told in full
        assert told not in public
    page = Page(public)
    assert_sound(page)
    assert ("h2", "Run abababab") in page.said
    assert "measured from 2026-11-21T12:00Z to 2026-11-21T12:00Z (UTC)" in page.text
    assert "neutral site abroad, round 1: an answer came" in page.text
    assert ("td", "[helper]") in [
        (tag, re.sub(r"https://(\[helper\])/", r"\1", text)) for tag, text in page.said
    ]
    assert "https://twitter.example/" in page.text
    assert "93.184.216.34:443" in page.text


def test_an_address_that_is_a_targets_too_is_told() -> None:
    shared = a_try(9, target_id="signal/chat", queries=(a_lookup(answers=("198.51.100.9",)),))
    run = an_accused_run()
    both = (*run.measurements(), shared)
    verdicts = (run.verdicts[0], replace(run.verdicts[1], measurement_uids=(shared.measurement_uid,)))
    page = page_of(replace(run, measurements=lambda: both, verdicts=verdicts), public=True)
    assert "198.51.100.9" in page.text


def test_a_public_page_tells_nothing_of_an_own_tunnel_but_what_came_of_it() -> None:
    m = replace(
        a_full_measurement(), service="vpn", target_id="vpn/own", input="wireguard://vpn.example.org:51820"
    )
    verdict = a_run.a_verdict(
        service="vpn",
        target_id="vpn/own",
        input=m.input,
        because=f"{m.input}: no answer.",
        dns_ms=1.0,
        measurement_uids=(m.measurement_uid,),
    )
    run = a_told((m,), verdicts=(verdict,))
    full, public = written(run), written(run, public=True)
    for own in ("vpn.example.org", "93.184.216.34"):
        assert own in full
        assert own not in public
    assert "wireguard://[own]" in public


def test_a_public_page_rounds_what_an_operator_could_look_up_in_its_logs() -> None:
    m = a_measurement(
        requests=(a_round_trip(body_length=131_072),), transfers=(a_transfer("T", 8e6, n_bytes=123_456),)
    )
    run = a_told((m,), verdicts=(a_run.a_verdict(measurement_uids=(m.measurement_uid,)),))
    full, public = written(run), written(run, public=True)
    for exact, rounded in (("131072 bytes", "130000 bytes"), ("123456 bytes", "120000 bytes")):
        assert exact in full
        assert exact not in public
        assert rounded in public
    assert '<td class="n">100</td>' in full
    assert "At, s" in full
    assert "At, s" not in public


def test_a_target_that_was_crossed_with_a_neutral_site_does_not_tell_which() -> None:
    run = an_accused_run()
    site, *others = run.measurements()
    v4, v6 = (replace(site.tcp_connect[0], ip=ip) for ip in ("198.51.100.9", "2001:db8::9"))
    near = replace(v6, ip="2001:db8::9:1")
    shaken = replace(a_full_measurement().tls_handshakes[0], ip="198.51.100.9", server_name="www.example.net")
    crossed = replace(others[0], tcp_connect=(v4, v6, near), tls_handshakes=(shaken,))
    all_of_it = (replace(site, tcp_connect=(v4, v6)), crossed, *others[1:])
    public = written(replace(run, measurements=lambda: all_of_it), public=True)
    assert not re.search(r"198\.51\.100\.9|2001:db8::9[^:]|www\.example\.net", public)
    for told in ("[neutral site abroad]:443", "[[neutral site abroad]]:443", "[2001:db8::9:1]:443"):
        assert f"<td>{told}</td>" in public
    assert "<td>TLS handshake: [neutral site abroad]</td>" in public
    (certificate,) = shaken.certificates
    assert public.count(certificate.sha256) == len(others[1].tls_handshakes)


def test_what_a_resolver_told_of_a_neutral_site_is_hidden_in_public_too() -> None:
    lookup = a_lookup(hostname="WWW.example.net.", answers=("203.0.113.7",), resolver_address="8.8.8.8:53")
    m = a_try(
        9, target_id="resolver/google", input="dns+udp://8.8.8.8:53", is_control=True, queries=(lookup,)
    )
    run = an_accused_run()
    verdict = replace(run.verdicts[0], witnesses=(m.measurement_uid,))
    both = (*run.measurements(), m)
    run = replace(run, measurements=lambda: both, verdicts=(verdict,))
    full, public = written(run), written(run, public=True)
    assert "dns+udp://8.8.8.8:53, round 1: 203.0.113.7" in full
    assert "dns+udp://8.8.8.8:53, round 1: [neutral site abroad]" in public
    assert not re.search("203.0.113.7|example.net", public, re.IGNORECASE)
