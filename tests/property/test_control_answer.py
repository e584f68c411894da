"""Whatever a helper sends is an answer or an AnswerError, and bounded either way."""

import json

from hypothesis import given
from hypothesis import strategies as st

from probe.measure.control_answer import MAX_ADDRESSES, MAX_ENDPOINTS, MAX_VALUE, AnswerError, read_answer
from probe.model.target import Target

TARGET = Target(target_id="t", service="s", input="https://target.example/", experiment="web")

leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3000)
json_values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=20), inner, max_size=5),
)
endpoints = st.sampled_from(
    ["1.2.3.4:443", "[2001:db8::1]:443", "x", "1.2.3.4:99999999999", "[::1", ":1", ""]
)
likely = st.fixed_dictionaries(
    {},
    optional={
        "tcp_connect": st.dictionaries(
            endpoints, json_values | st.fixed_dictionaries({"status": leaves}), max_size=4
        ),
        "http_request": st.fixed_dictionaries(
            {},
            optional={
                "status_code": st.integers() | leaves,
                "failure": st.sampled_from([None, "unknown_error", "dns_lookup_error"]) | leaves,
                "headers": st.dictionaries(st.text(), st.text() | leaves, max_size=4) | leaves,
                "title": leaves,
                "body_length": leaves,
            },
        )
        | json_values,
        "dns": st.fixed_dictionaries(
            {}, optional={"failure": leaves, "addrs": st.lists(endpoints | leaves, max_size=80)}
        ),
        "ip_info": st.dictionaries(endpoints, st.fixed_dictionaries({"asn": leaves}), max_size=4),
    },
)


def check(body: bytes) -> None:
    try:
        answer = read_answer(body, control="https://helper.example/", target=TARGET, t0=0.0, t=1.0)
    except AnswerError:
        return
    assert answer.failure is None
    assert len(answer.dns_addresses) <= MAX_ADDRESSES
    assert len(answer.tcp_connect) <= MAX_ENDPOINTS
    assert answer.status_code is None or 100 <= answer.status_code <= 999
    assert answer.body_length is None or answer.body_length >= 0
    assert all(len(text) <= MAX_VALUE for pair in answer.headers for text in pair)
    assert len(answer.title or "") <= MAX_VALUE


@given(json_values | likely)
def test_any_json_is_an_answer_or_an_error(value: object) -> None:
    check(json.dumps(value).encode())


@given(st.binary(max_size=500))
def test_any_bytes_are_an_answer_or_an_error(body: bytes) -> None:
    check(body)
