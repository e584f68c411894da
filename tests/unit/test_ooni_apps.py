"""Tests of apps and resolvers: read as targets of their own, written as one record again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from probe.model.words import State
from probe.pipeline.ooni import MOST_RUNS, judge_ooni
from probe.pipeline.reporting import told
from probe.pipeline.request import UsageError
from probe.report.ooni import ooni_lines, untold_by_ooni
from unit import ooni_samples as o

DC = "149.154.175.50"


def of_telegram() -> dict[str, Any]:
    web = "149.154.167.99:443"
    return o.a_record(
        "telegram",
        test_keys={
            "queries": [o.a_query("web.telegram.org", "149.154.167.99", tags=None)],
            "tcp_connect": [
                o.a_connect(DC, 443, "generic_timeout_error", tags=None),
                o.a_connect(DC, 80, tags=None),
                o.a_connect("149.154.167.99", tags=None),
            ],
            "tls_handshakes": [o.a_handshake(tags=None, name="web.telegram.org", address=web)],
            "requests": [
                o.a_transaction(url="https://web.telegram.org/", address=web, tags=None),
                o.a_transaction(url=f"http://{DC}:80/", code=501, address=f"{DC}:80", tags=None),
            ],
        },
    )


def of_whatsapp() -> dict[str, Any]:
    hosts = {
        "e1.whatsapp.net": "157.240.1.60",
        "v.whatsapp.net": "157.240.1.61",
        "web.whatsapp.com": "157.240.1.62",
    }
    pages = {
        "v.whatsapp.net": "https://v.whatsapp.net/v2/register",
        "web.whatsapp.com": "https://web.whatsapp.com/",
    }
    return o.a_record(
        "whatsapp",
        test_keys={
            "queries": [o.a_query(host, ip, tags=None) for host, ip in hosts.items()],
            "tcp_connect": [
                o.a_connect(hosts["e1.whatsapp.net"], 5222, tags=None),
                *(o.a_connect(hosts[host], tags=None) for host in pages),
            ],
            "tls_handshakes": [
                o.a_handshake(name=host, address=f"{hosts[host]}:443", tags=None) for host in pages
            ],
            "requests": [
                o.a_transaction(url=url, address=f"{hosts[host]}:443", tags=None)
                for host, url in pages.items()
            ],
        },
    )


def of_messenger() -> dict[str, Any]:
    return o.a_record(
        "facebook_messenger",
        test_keys={
            "queries": [o.a_query("edge-mqtt.facebook.com", "157.240.1.2", tags=None)],
            "tcp_connect": [o.a_connect("157.240.1.2", tags=None)],
        },
    )


def of_signal() -> dict[str, Any]:
    host, ip = "storage.signal.org", "142.250.180.83"
    return o.a_record(
        "signal",
        test_keys={
            "queries": [o.a_query(host, ip, tags=None)],
            "tcp_connect": [o.a_connect(ip, tags=None)],
            "tls_handshakes": [o.a_handshake(name=host, address=f"{ip}:443", tags=None)],
            "requests": [o.a_transaction(url=f"https://{host}/", code=404, address=f"{ip}:443", tags=None)],
        },
    )


def of_a_resolver() -> dict[str, Any]:
    asked = o.a_query(
        "example.org", o.IP, engine="dot", resolver_address="8.8.8.8:853", query_type="A", tags=None
    )
    lookup = {
        "queries": [asked],
        "tcp_connect": [o.a_connect("8.8.8.8", 853, tags=None)],
        "tls_handshakes": [o.a_handshake(name="dns.google", address="8.8.8.8:853", tags=None)],
    }
    keys = {"domain": "example.org", "bootstrap": None, "lookups": {"dot://8.8.8.8:853": lookup}}
    return o.a_record("dnscheck", input="dot://dns.google:853", test_keys=keys)


WANTED: dict[str, dict[str, Any]] = {
    "telegram": {
        "telegram_http_blocking": False,
        "telegram_tcp_blocking": False,
        "telegram_web_failure": None,
        "telegram_web_status": "ok",
    },
    "whatsapp": {
        "registration_server_failure": None,
        "registration_server_status": "ok",
        "whatsapp_endpoints_blocked": [],
        "whatsapp_endpoints_dns_inconsistent": [],
        "whatsapp_endpoints_status": "ok",
        "whatsapp_web_failure": None,
        "whatsapp_web_status": "ok",
    },
    "facebook_messenger": {
        "facebook_edge_dns_consistent": None,
        "facebook_edge_reachable": True,
        "facebook_dns_blocking": False,
        "facebook_tcp_blocking": False,
    },
    "signal": {"signal_backend_failure": None, "signal_backend_status": "ok"},
    "dnscheck": {"domain": "example.org", "bootstrap": None, "bootstrap_failure": None},
}


@pytest.mark.parametrize(
    "record",
    [of_telegram(), of_whatsapp(), of_messenger(), of_signal(), of_a_resolver()],
    ids=lambda record: str(record["test_name"]),
)
def test_what_was_one_record_becomes_one_record_with_its_own_keys(
    tmp_path: Path, record: dict[str, Any]
) -> None:
    once = states(tmp_path / "once", record)
    lines = list(ooni_lines(told(next((tmp_path / "once" / "results").iterdir())), public=False))
    (again,) = map(json.loads, lines)
    name = record["test_name"]
    assert again["test_name"] == name
    keys = again["test_keys"]
    assert {key: keys[key] for key in WANTED[name]} == WANTED[name]
    assert sorted(map(_endpoint, _connects(keys))) == sorted(map(_endpoint, _connects(record["test_keys"])))
    assert states(tmp_path / "again", again) == once


def states(folder: Path, record: dict[str, Any]) -> dict[str, State]:
    """Return the states of what a record tried."""
    folder.mkdir()
    (result,) = judge_ooni(o.written(folder / "ooni.jsonl", record), folder / "results").results
    return {v.input: v.state for v in result.verdicts if v.n_observations}


def _connects(keys: dict[str, Any]) -> list[dict[str, Any]]:
    return [c for part in (keys, *keys.get("lookups", {}).values()) for c in part.get("tcp_connect") or []]


def _endpoint(connect: dict[str, Any]) -> tuple[str, int, str]:
    return connect["ip"], connect["port"], str(connect["status"]["failure"])


def test_input_is_null_for_apps_and_a_resolver_is_named_as_ooni_names_it(tmp_path: Path) -> None:
    records = (of_telegram(), of_a_resolver())
    (result,) = judge_ooni(o.written(tmp_path / "ooni.jsonl", *records), tmp_path / "results").results
    found = [json.loads(line) for line in ooni_lines(told(result.folder), public=True)]
    assert sorted((r["test_name"], str(r["input"])) for r in found) == [
        ("dnscheck", "dot://8.8.8.8:853"),
        ("telegram", "None"),
    ]
    assert untold_by_ooni(told(result.folder)) == 0


def test_a_file_of_a_thousand_unknown_networks_is_to_be_split(tmp_path: Path) -> None:
    lost = o.a_record(probe_asn="AS0", report_id="", test_keys=o.a_page())
    path = o.written(tmp_path / "ooni.jsonl", *([lost] * (MOST_RUNS + 1)))
    with pytest.raises(UsageError, match="more than 1000 runs"):
        judge_ooni(path, tmp_path / "results")
    assert not (tmp_path / "results").exists()
