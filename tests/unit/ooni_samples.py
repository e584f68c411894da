"""OONI measurements as other programs write them, made up here after OONI's public specification."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

IP = "93.184.216.34"
NAME = "site.example.org"
URL = f"https://{NAME}/"
PAGE = "<html><title>A site of its own</title>" + "<p>text</p>" * 100 + "</html>"
NOTICE = "http://warning.rt.ru/?id=17&st=0&dt=0&rs=http://site.example.org/"


def a_record(test: str = "web_connectivity", **changes: Any) -> dict[str, Any]:
    """Return a whole measurement, without observations unless `test_keys` holds some."""
    return {
        "annotations": {"engine_name": "ooniprobe-engine", "engine_version": "3.20.1", "platform": "android"},
        "data_format_version": "0.2.0",
        "extensions": {
            "dnst": 0,
            "httpt": 0,
            "netevents": 0,
            "tcpconnect": 0,
            "tlshandshake": 0,
            "tunnel": 0,
        },
        "input": URL if test in {"web_connectivity", "urlgetter"} else None,
        "input_hashes": [],
        "measurement_start_time": "2026-03-04 10:20:30",
        "options": [],
        "probe_asn": "AS64500",
        "probe_cc": "RU",
        "probe_ip": "127.0.0.1",
        "probe_network_name": "Example Telecom",
        "report_id": "20260304T102000Z_webconnectivity_RU_64500_n1_abcdefghijklmnop",
        "resolver_asn": "AS64500",
        "resolver_ip": "203.0.113.53",
        "resolver_network_name": "Example Telecom",
        "software_name": "ooniprobe-android",
        "software_version": "3.8.8",
        "test_keys": {},
        "test_name": test,
        "test_runtime": 2.5,
        "test_start_time": "2026-03-04 10:20:00",
        "test_version": "0.5.28",
    } | changes


def a_query(host: str = NAME, *ips: str, failure: str | None = None, **changes: Any) -> dict[str, Any]:
    """Return a look-up of the system's resolver."""
    answers = [{"answer_type": "A", "ipv4": ip, "ttl": None, "asn": 64501} for ip in ips]
    return {
        "answers": answers or None,
        "engine": "getaddrinfo",
        "failure": failure,
        "hostname": host,
        "query_type": "ANY",
        "resolver_address": "",
        "resolver_hostname": None,
        "resolver_port": None,
        "t0": 0.001,
        "t": 0.02,
        "tags": ["classic", "depth=0"],
        "transaction_id": 1,
    } | changes


def a_connect(ip: str = IP, port: int = 443, failure: str | None = None, **changes: Any) -> dict[str, Any]:
    """Return a connect."""
    return {
        "ip": ip,
        "port": port,
        "status": {"blocked": None, "failure": failure, "success": failure is None},
        "t0": 0.03,
        "t": 0.06,
        "tags": ["classic", "depth=0"],
    } | changes


def a_handshake(
    failure: str | None = None, name: str = NAME, address: str = f"{IP}:443", **changes: Any
) -> dict[str, Any]:
    """Return a TLS handshake that the client verified."""
    return {
        "address": address,
        "cipher_suite": "TLS_AES_128_GCM_SHA256" if failure is None else "",
        "failure": failure,
        "negotiated_protocol": "h2" if failure is None else "",
        "no_tls_verify": False,
        "peer_certificates": [],
        "server_name": name,
        "t0": 0.06,
        "t": 0.12,
        "tags": ["classic", "depth=0", "fetch_body=true"],
        "tls_version": "TLSv1.3" if failure is None else "",
    } | changes


def a_transaction(
    failure: str | None = None, url: str = URL, code: int = 200, body: str = PAGE, **changes: Any
) -> dict[str, Any]:
    """Return a request and its answer; with a failure, without one."""
    location = changes.pop("location", None)
    headers = [["Server", "nginx"], ["Content-Type", "text/html; charset=utf-8"]]
    headers += [["Location", location]] if location else []
    answered = failure is None
    return {
        "address": f"{IP}:443",
        "failure": failure,
        "network": "tcp",
        "request": {"body": "", "headers": {}, "headers_list": [], "method": "GET", "url": url},
        "response": {
            "body": body if answered else "",
            "body_is_truncated": False,
            "code": code if answered else 0,
            "headers": dict(headers) if answered else {},
            "headers_list": headers if answered else [],
            "locations": [location] if location else None,
        },
        "t0": 0.12,
        "t": 0.3,
        "tags": ["classic", "depth=0", "fetch_body=true"],
    } | changes


def a_control(**changes: Any) -> dict[str, Any]:
    """Return what the test helper saw: the page."""
    return {
        "tcp_connect": {f"{IP}:443": {"status": True, "failure": None}},
        "tls_handshake": {f"{IP}:443": {"server_name": NAME, "status": True, "failure": None}},
        "quic_handshake": {},
        "http_request": {
            "body_length": len(PAGE),
            "discovered_h3_endpoint": "",
            "failure": None,
            "title": "A site of its own",
            "headers": {"Server": "nginx", "X-Frame-Options": "DENY"},
            "status_code": 200,
        },
        "http3_request": None,
        "dns": {"failure": None, "addrs": [IP]},
        "ip_info": {IP: {"asn": 64501, "flags": 11}},
    } | changes


def a_page(*, tls: str | None = None, http: str | None = None, **changes: Any) -> dict[str, Any]:
    """Return web connectivity's keys for an https page that failed so, or did not."""
    keys: dict[str, Any] = {
        "queries": [a_query(NAME, IP)],
        "tcp_connect": [a_connect()],
        "tls_handshakes": [a_handshake(tls)],
        "requests": [a_transaction(tls or http)],
        "network_events": [],
        "control": a_control(),
        "control_failure": None,
        "blocking": False,
        "accessible": True,
    }
    return keys | changes


def an_old_page() -> dict[str, Any]:
    """Return the keys as version 0.4 wrote them: split look-ups, requests without addresses."""
    split = {"engine": "system", "query_type": "A", "tags": None, "t0": None}
    return {
        "agent": "redirect",
        "client_resolver": "203.0.113.53",
        "queries": [
            a_query(NAME, IP, **split),
            a_query(NAME, failure="dns_no_answer", **split | {"query_type": "AAAA"}),
        ],
        "tcp_connect": [
            {"ip": IP, "port": 443, "status": {"blocked": False, "failure": None, "success": True}, "t": 0.1}
        ],
        "tls_handshakes": [a_handshake(tags=["tcptls_experiment"], t0=None)],
        "requests": [a_transaction(address=None, tags=None, t0=None)],
        "control": a_control(),
        "control_failure": None,
    }


def written(path: Path, *records: dict[str, Any]) -> Path:
    """Write them as JSON Lines."""
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path
