"""OONI measurements read in: what they hold is judged by our rules, what they lack is never made up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from probe.measure.dial import RealNetwork
from probe.model.verdict import Verdict
from probe.model.words import ReasonCode, State
from probe.pipeline import baseline_from_run, rejudge
from probe.pipeline.folder import open_run
from probe.pipeline.ooni import Imported, judge_ooni
from probe.pipeline.request import RunRequest, UsageError, prepare
from probe.store import RunFolder, StoreError
from unit import ooni_samples as o

DC = "149.154.175.50"


def judged(tmp_path: Path, *records: dict[str, Any]) -> Imported:
    """Judge these records."""
    return judge_ooni(o.written(tmp_path / "ooni.jsonl", *records), tmp_path / "results")


def rows(imported: Imported) -> dict[str, Verdict]:
    """Return the verdicts on what was tried, by input."""
    return {v.input: v for r in imported.results for v in r.verdicts if v.n_observations}


def only(imported: Imported) -> Verdict:
    """Return the one verdict."""
    (verdict,) = rows(imported).values()
    return verdict


def test_a_page_that_came_over_validated_tls_is_reachable(tmp_path: Path) -> None:
    verdict = only(judged(tmp_path, o.a_record(test_keys=o.a_page())))
    assert (verdict.state, verdict.rule_id) == (State.REACHABLE, "http.answered")


def test_a_record_of_an_older_version_is_read_too(tmp_path: Path) -> None:
    verdict = only(judged(tmp_path, o.a_record(test_keys=o.an_old_page(), test_version="0.4.3")))
    assert (verdict.state, verdict.rule_id) == (State.REACHABLE, "http.answered")


def test_resets_without_neutrals_accuse_nobody_however_many(tmp_path: Path) -> None:
    times = [f"2026-03-04 10:{minute}:30" for minute in (20, 21, 22, 23)]
    keys = o.a_page(tls="connection_reset")
    verdict = only(judged(tmp_path, *(o.a_record(measurement_start_time=t, test_keys=keys) for t in times)))
    assert verdict.failure == "connection_reset"
    assert (verdict.state, verdict.reason_code) == (State.INCONCLUSIVE, ReasonCode.UNCONFIRMED)


def test_silence_of_an_address_is_not_called_a_missing_family_where_no_neutral_was_tried(
    tmp_path: Path,
) -> None:
    keys = o.a_page(
        tcp_connect=[o.a_connect(failure="generic_timeout_error")],
        tls_handshakes=[],
        requests=[o.a_transaction("generic_timeout_error")],
    )
    verdict = only(judged(tmp_path, o.a_record(test_keys=keys)))
    assert (verdict.rule_id, verdict.reason_code) == ("imported.no_neutrals", ReasonCode.UNCONFIRMED)


def test_a_redirect_to_a_known_notice_settles_it_alone(tmp_path: Path) -> None:
    url = f"http://{o.NAME}/"
    keys = {
        "queries": [o.a_query(o.NAME, o.IP)],
        "tcp_connect": [o.a_connect(port=80)],
        "tls_handshakes": [],
        "requests": [o.a_transaction(url=url, code=302, body="", location=o.NOTICE, address=f"{o.IP}:80")],
        "control": o.a_control(),
        "control_failure": None,
    }
    verdict = only(judged(tmp_path, o.a_record(input=url, test_keys=keys)))
    assert (verdict.state, verdict.rule_id) == (State.BLOCKED, "http.notice_redirect")
    assert verdict.confirmed


def test_one_failure_among_good_rounds_of_one_network_is_told_as_such(tmp_path: Path) -> None:
    good = [o.a_record(measurement_start_time=f"2026-03-04 1{h}:00:00", test_keys=o.a_page()) for h in (1, 2)]
    bad = o.a_record(test_keys=o.a_page(tls="connection_reset"))
    verdict = only(judged(tmp_path, bad, *good))
    assert verdict.state is State.REACHABLE
    assert len(verdict.measurement_uids) == 6  # three rounds and three controls


def test_other_networks_and_other_days_are_runs_of_their_own(tmp_path: Path) -> None:
    records = (
        o.a_record(test_keys=o.a_page()),
        o.a_record(test_keys=o.a_page(), measurement_start_time="2026-03-05 10:20:30"),
        o.a_record(test_keys=o.a_page(), measurement_start_time="2026-03-05 10:20:31"),
        o.a_record(test_keys=o.a_page(), probe_asn="AS64501"),
    )
    imported = judged(tmp_path, *records)
    assert [(r.record.vantage.probe_asn, r.record.started_utc) for r in imported.results] == [
        ("AS64500", "2026-03-04T10:20:30Z"),
        ("AS64500", "2026-03-05T10:20:31Z"),
        ("AS64501", "2026-03-04T10:20:30Z"),
    ]


def test_records_of_unknown_networks_are_rounds_only_within_one_report(tmp_path: Path) -> None:
    unknown = o.a_record(test_keys=o.a_page(), probe_asn="AS0")
    imported = judged(
        tmp_path, unknown, unknown, unknown | {"report_id": "another"}, unknown | {"report_id": ""}
    )
    assert sorted(r.record.n_measurements for r in imported.results) == [2, 2, 4]


def test_a_run_made_of_records_says_whose_they_are(tmp_path: Path) -> None:
    (result,) = judged(
        tmp_path, o.a_record(test_keys=o.a_page(), software_name="ooni\x1b[31m\u202e=probe")
    ).results
    record = result.record
    assert record.vantage.software == "ooni[31m=probe 3.8.8"
    assert record.imported_from.startswith("OONI measurements, SHA-256 of the file ")
    assert (record.vantage.asn_source, record.vantage.probe_network_name) == ("detected", "Example Telecom")
    assert result.folder.name.startswith("20260304T102030Z-AS64500-")


def test_such_a_run_is_judged_again_to_the_same_bytes(tmp_path: Path) -> None:
    (result,) = judged(tmp_path, o.a_record(test_keys=o.a_page(tls="connection_reset"))).results
    before = (result.folder / "verdicts.jsonl").read_bytes()
    rejudge(result.folder, None, None)
    assert (result.folder / "verdicts.jsonl").read_bytes() == before


def test_the_same_file_is_not_written_over_what_it_gave_before(tmp_path: Path) -> None:
    judged(tmp_path, o.a_record(test_keys=o.a_page()))
    with pytest.raises(StoreError):
        judged(tmp_path, o.a_record(test_keys=o.a_page()))


def test_telegram_is_its_endpoints_and_its_page(tmp_path: Path) -> None:
    web = {"name": "web.telegram.org", "address": "149.154.167.99:443"}
    keys = {
        "queries": [o.a_query("web.telegram.org", "149.154.167.99", tags=None)],
        "tcp_connect": [
            o.a_connect(DC, 443, "generic_timeout_error", tags=None),
            o.a_connect(DC, 80, tags=None),
            o.a_connect("149.154.167.99", 443, tags=None),
        ],
        "tls_handshakes": [o.a_handshake(tags=None, **web)],
        "requests": [
            o.a_transaction(url="https://web.telegram.org/", address="149.154.167.99:443", tags=None),
            o.a_transaction(url=f"http://{DC}:80/", code=501, address=f"{DC}:80", tags=None),
        ],
        "telegram_http_blocking": False,
        "telegram_tcp_blocking": False,
        "telegram_web_status": "ok",
    }
    imported = judged(tmp_path, o.a_record("telegram", test_keys=keys))
    found = {i: v.state for i, v in rows(imported).items()}
    assert found == {
        f"tcp://{DC}:443": State.INCONCLUSIVE,
        f"tcp://{DC}:80": State.REACHABLE,
        "https://web.telegram.org/": State.REACHABLE,
    }
    services = {s.service: s.state for s in imported.results[0].services}
    assert (services["telegram"], services["telegram-web"]) == (State.REACHABLE, State.REACHABLE)


def test_whatsapp_is_its_hosts_at_their_ports(tmp_path: Path) -> None:
    keys = {
        "queries": [o.a_query("e1.whatsapp.net", "157.240.1.60", tags=None)],
        "tcp_connect": [
            o.a_connect("157.240.1.60", 5222, tags=None),
            o.a_connect("157.240.1.60", 443, "connection_refused", tags=None),
        ],
        "tls_handshakes": None,
        "requests": None,
    }
    found = {i: v.state for i, v in rows(judged(tmp_path, o.a_record("whatsapp", test_keys=keys))).items()}
    assert found == {
        "tcp://e1.whatsapp.net:443": State.INCONCLUSIVE,
        "tcp://e1.whatsapp.net:5222": State.REACHABLE,
    }


def test_messenger_is_its_hosts_without_the_one_for_calls(tmp_path: Path) -> None:
    keys = {
        "queries": [
            o.a_query("edge-mqtt.facebook.com", "157.240.1.2", tags=None),
            o.a_query("stun.fbsbx.com", "157.240.1.3", tags=None),
        ],
        "tcp_connect": [
            o.a_connect("157.240.1.2", 443, tags=None, status={"failure": False, "success": True})
        ],
    }
    found = {
        i: v.state
        for i, v in rows(judged(tmp_path, o.a_record("facebook_messenger", test_keys=keys))).items()
    }
    assert found == {"tcp://edge-mqtt.facebook.com:443": State.REACHABLE}


def test_signal_is_its_servers(tmp_path: Path) -> None:
    host, ip = "storage.signal.org", "142.250.180.83"
    keys = {
        "queries": [o.a_query(host, ip, tags=None)],
        "tcp_connect": [o.a_connect(ip, tags=None)],
        "tls_handshakes": [o.a_handshake(name=host, address=f"{ip}:443", tags=None)],
        "requests": [o.a_transaction(url=f"https://{host}/", code=404, address=f"{ip}:443", tags=None)],
    }
    imported = judged(tmp_path, o.a_record("signal", test_keys=keys))
    assert {i: v.state for i, v in rows(imported).items()} == {f"https://{host}/": State.REACHABLE}
    services = {s.service: s.state for s in imported.results[0].services}
    assert services["signal"] is State.INCONCLUSIVE  # its other essential server was not tried


def test_dnscheck_is_a_resolver_at_its_addresses(tmp_path: Path) -> None:
    asked = o.a_query(
        "example.org", "93.184.216.34", engine="dot", resolver_address="8.8.8.8:853", query_type="A"
    )
    keys = {
        "domain": "example.org",
        "bootstrap": {"queries": [o.a_query("dns.google", "8.8.8.8")]},
        "bootstrap_failure": None,
        "lookups": {
            "dot://8.8.8.8:853": {
                "queries": [asked],
                "tcp_connect": [o.a_connect("8.8.8.8", 853)],
                "tls_handshakes": [o.a_handshake(name="dns.google", address="8.8.8.8:853")],
                "requests": None,
            }
        },
    }
    verdict = only(judged(tmp_path, o.a_record("dnscheck", input="dot://dns.google:853", test_keys=keys)))
    assert (verdict.input, verdict.state) == ("dns+tls://8.8.8.8:853", State.REACHABLE)


def test_urlgetter_may_connect_only(tmp_path: Path) -> None:
    keys = {"queries": [o.a_query(o.NAME, o.IP)], "tcp_connect": [o.a_connect(port=8080, tags=None)]}
    record = o.a_record("urlgetter", input=f"tcpconnect://{o.NAME}:8080", test_keys=keys)
    verdict = only(judged(tmp_path, record))
    assert (verdict.input, verdict.state) == (f"tcp://{o.NAME}:8080", State.REACHABLE)


def test_what_nothing_is_made_of_is_counted(tmp_path: Path) -> None:
    imported = judged(tmp_path, o.a_record("ndt"), o.a_record("ndt"), o.a_record(test_keys=o.a_page()))
    assert (imported.n_records, imported.skipped) == (1, {"ndt": 2})


def test_an_unverified_certificate_vouches_for_nothing(tmp_path: Path) -> None:
    keys = o.a_page(tls_handshakes=[o.a_handshake(no_tls_verify=True)])
    verdict = only(judged(tmp_path, o.a_record(test_keys=keys)))
    assert verdict.state is State.INCONCLUSIVE


DEEP = '{"a":' * 50_000 + "1" + "}" * 50_000


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("no JSON", "no OONI measurement"),
        ("[]", "no OONI measurement"),
        (json.dumps(o.a_record(measurement_start_time="yesterday")), "is no time"),
        (json.dumps(o.a_record(measurement_start_time="9999-01-01 00:00:00")), "is no time"),
        (json.dumps(o.a_record(test_keys={"queries": {}})), "Expected `array | null`"),
        (
            json.dumps(o.a_record(test_keys={"tcp_connect": [o.a_connect()] * 2001})),
            "more than 2000 observations",
        ),
        (json.dumps(o.a_record(test_keys={"tcp_connect": [{"port": "443"}]})), "Expected `int`"),
        (
            json.dumps(o.a_record(test_keys={"control": {"dns": 7}, "queries": [o.a_query(o.NAME)]})),
            "control",
        ),
        (json.dumps(o.a_record(annotations={"x_verdicts": "{"}, test_keys=o.a_page())), "x_verdicts"),
        (json.dumps(o.a_record(input=7)), "Expected `str"),
        ('{"test_keys": ' + DEEP + "}", "no OONI measurement"),
        ('{"test_keys": NaN}', "no OONI measurement"),
        ("\xff\xfe", "no OONI measurement"),
    ],
)
def test_a_line_that_is_no_measurement_is_refused_with_its_number(
    tmp_path: Path, line: str, problem: str
) -> None:
    path = o.written(tmp_path / "ooni.jsonl", o.a_record(test_keys=o.a_page()))
    path.write_bytes(path.read_bytes() + line.encode("latin-1") + b"\n")
    with pytest.raises(StoreError) as caught:
        judge_ooni(path, tmp_path / "results")
    assert problem in caught.value.problem
    assert caught.value.line == 2
    assert not (tmp_path / "results").exists()


def test_a_line_without_end_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "ooni.jsonl"
    with path.open("wb") as file:
        file.truncate(1 << 34)  # sixteen gigabytes of nothing, without a line feed
    with pytest.raises(StoreError, match="longer than 16777216 bytes"):
        judge_ooni(path, tmp_path / "results")


def test_times_and_texts_of_a_stranger_are_bounded(tmp_path: Path) -> None:
    keys = o.a_page(
        queries=[o.a_query(o.NAME, *[f"93.184.{n}.1" for n in range(200)], t=1e300, t0=-5.0)],
        requests=[o.a_transaction(body="x" * 3_000_000, t=9e99)],
    )
    (result,) = judged(tmp_path, o.a_record(test_keys=keys, test_runtime=1e300)).results
    lines = (result.folder / "measurements.jsonl").read_bytes().splitlines()
    assert max(map(len, lines)) < 64 * 1024
    found = json.loads(lines[0])
    assert found["queries"][0]["t"] == 3600.0
    assert len(found["queries"][0]["answers"]) == 64
    assert len(found["requests"][0]["body"]) == 16 * 1024


@pytest.mark.parametrize(
    "url",
    ["https://user:secret@site.example.org/", "https://not a host/", "ftp://site.example.org/", "x" * 5000],
)
def test_an_input_that_cannot_be_measured_is_left_out_and_counted(tmp_path: Path, url: str) -> None:
    imported = judged(tmp_path, o.a_record(input=url, test_keys=o.a_page()), o.a_record(test_keys=o.a_page()))
    assert (imported.n_records, imported.skipped) == (1, {"web_connectivity": 1})


def test_a_resolver_that_nobody_knows_is_left_out(tmp_path: Path) -> None:
    doh = o.a_record("dnscheck", input="https://doh.example/dns-query", test_keys={"lookups": {}})
    assert judged(tmp_path, doh, o.a_record(test_keys=o.a_page())).skipped == {"dnscheck": 1}


def test_a_run_of_records_is_not_taken_up_again(tmp_path: Path) -> None:
    (result,) = judged(tmp_path, o.a_record(test_keys=o.a_page())).results
    with pytest.raises(UsageError, match="measured by another program"):
        open_run(prepare(RunRequest(resume=result.folder)), RealNetwork())


def test_no_baseline_is_made_of_records(tmp_path: Path) -> None:
    (result,) = judged(tmp_path, o.a_record(test_keys=o.a_page())).results
    with pytest.raises(UsageError, match="was not fine itself"):
        baseline_from_run(result.folder, tmp_path / "b.json")


def test_a_control_that_failed_says_nothing_whatever_zeros_stand_in_its_answer(tmp_path: Path) -> None:
    zeros = {
        "tcp_connect": {},
        "http_request": {"body_length": 0, "failure": None, "title": "", "headers": {}, "status_code": 0},
        "dns": {"failure": None, "addrs": None},
    }
    keys = {
        "queries": [o.a_query(failure="dns_nxdomain_error")],
        "control": zeros,
        "control_failure": "generic_timeout_error",
    }
    (result,) = judged(tmp_path, o.a_record(test_keys=keys)).results
    with RunFolder.open(result.folder) as folder:
        (answer,) = [c for m in folder.measurements() for c in m.controls]
    assert (answer.failure, answer.dns_failure, answer.http_asked) == ("generic_timeout_error", None, False)
    assert [v.state for v in result.verdicts] == [State.INCONCLUSIVE]
