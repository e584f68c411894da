"""A volunteer planted into what registries, paths, tunnels, shops, resolvers say: nothing of him is kept."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.model.appstore import StoreAnswer
from probe.model.fact import PathHop, PathTrace, RegistryAnswer
from probe.model.observation import LocalFact
from probe.model.vpn import VPNExchange
from probe.model.who import WhoAnswer
from probe.pipeline.request import RunRequest, prepare
from probe.pipeline.saved import saved_answers, saved_targets
from probe.store import OwnValues, Redactor, codec
from unit.a_run import a_measurement
from unit.test_redact import OWN, VOLUNTEER, VOLUNTEER_SIX

AUTNUM = {"objectClassName": "autnum", "startAutnum": 3333, "endAutnum": 3333, "handle": "AS3333"}
PLANTED = (
    VOLUNTEER,
    VOLUNTEER_SIX,
    "::ffff:203.0.113.77",
    "203-0-113-77.pppoe.example",
    "77.113.0.203.in-addr.arpa",
    "203.000.113.077",
    "cb00714d",
    "3405803853",
    "100.64.7.8",
    "192.168.1.23",
    "00:11:22:33:44:55",
    "ivanova@mail.example",
    "+7 916 123-45-67",
    "/home/ivanova/keys",
    "IVANOVA-PC",
)
TIMES: dict[str, Any] = {"t0": 0.0, "t": 0.1, "failure": None}


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine is the volunteer's."""
    monkeypatch.setenv("LOGNAME", "ivanova")
    monkeypatch.setenv("HOME", "/home/ivanova")
    monkeypatch.setattr("platform.node", lambda: "IVANOVA-PC")


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("said", [each for each in PLANTED if "/" not in each])
def test_a_saved_answer_named_after_the_volunteer_names_nobody(tmp_path: Path, said: str) -> None:
    path = tmp_path / f"rdap {said}.json"
    path.write_text(json.dumps(AUTNUM))
    kept = prepare(RunRequest(registry_files=(path,)))
    text = msgspec.json.encode((kept.services, kept.saved)).decode()
    assert said not in text
    (answer,) = next(iter(kept.saved.values()))
    measured = a_measurement(
        target_id=kept.targets[0].target_id, input=kept.targets[0].input, registry_answers=(answer,)
    )
    clean, _ = Redactor(OWN).measurement(measured, {})
    assert said not in codec.encode(clean).decode()


@pytest.mark.usefixtures("home")
def test_saved_answers_keep_names_that_name_nobody_and_stay_apart(tmp_path: Path) -> None:
    names = ("as3333.json", "rdap-20261121.json", "rdap-20261122.json")
    for number, name in enumerate(names):
        (tmp_path / name).write_text(json.dumps(AUTNUM) + " " * number)
    inputs = [target.input for target in saved_targets(tmp_path / name for name in names)]
    assert inputs[0] == "file:as3333.json"
    assert len(set(inputs)) == 3
    network = {"objectClassName": "ip network", "startAddress": "193.0.0.0", "endAddress": "193.0.7.255"}
    (tmp_path / "193.0.0.0-21.json").write_text(json.dumps(network))
    ((answer,),) = saved_answers([tmp_path / "193.0.0.0-21.json"]).values()
    assert answer.source == "file:193.0.0.0-21.json"


def a_registry_answer(**changes: Any) -> RegistryAnswer:
    fields: dict[str, Any] = {
        **TIMES,
        "kind": "rdap",
        "resource": "193.0.0.0/21",
        "source": "https://r.example/",
    }
    return RegistryAnswer(**(fields | changes))


def handle_of(said: str) -> str:
    clean, _ = Redactor(OWN).measurement(
        a_measurement(registry_answers=(a_registry_answer(handle=said),)), {}
    )
    return clean.registry_answers[0].handle


@pytest.mark.parametrize(
    "said",
    [
        VOLUNTEER,
        f"{VOLUNTEER}/32",
        f"{VOLUNTEER}:443",
        f"{VOLUNTEER} - {VOLUNTEER}",
        f"193.0.0.0 - {VOLUNTEER}",
        VOLUNTEER_SIX,
        f"{VOLUNTEER_SIX}/128",
        "2001:db8:12:34::/64",
        "NET-203-0-113-77-1",
    ],
)
def test_a_handle_that_is_somebodys_address_is_masked(said: str) -> None:
    assert "203" not in handle_of(said)
    assert "2001" not in handle_of(said)


@pytest.mark.parametrize(
    "said", ["193.0.0.0 - 193.0.7.255", "2001:db8::/32", "2001:db8:12::/48", "AS3333", "193.0.0.0/21"]
)
def test_a_handle_that_is_a_ranges_is_evidence(said: str) -> None:
    assert handle_of(said) == said


@given(
    st.sampled_from(PLANTED),
    st.sampled_from(["{}", "x {} y", "https://r.example/?q={}", "c.{}", '{{"a": "{}"}}']),
)
def test_nothing_planted_into_the_new_observations_is_written(said: str, around: str) -> None:
    text = around.format(said)
    told: dict[str, Any] = {"t0": 0.0, "t": 0.1, "failure": text}
    # Other addresses of hops are kept from here by measure.path.told.
    is_own = said in {"192.168.1.23", "ivanova@mail.example", "IVANOVA-PC"}
    hop = PathHop(ttl=1, n_sent=2, ips=(text,) if is_own else ())
    registry = a_registry_answer(
        **told, source=text, referred_to=text, handle=text, status=(text,), country=text, port43=text
    )
    tunnel = VPNExchange(
        **told, ip="198.51.100.7", port=1, protocol="wireguard", transport="udp", stage="data"
    )
    shop = StoreAnswer(
        **told, ip="", status_code=200, said_by="api", storefront="ru", app="1", is_control=False, listed=True
    )
    measured = a_measurement(
        registry_answers=(registry,),
        path_traces=(PathTrace(**told, ip="66.28.0.45", port=53, hops=(hop,)),),
        vpn_exchanges=(tunnel,),
        store_answers=(shop,),
        who_answers=(WhoAnswer(**told, ip="9.9.9.9", transport="udp", question=text, whence="elsewhere"),),
        local=(LocalFact(name="resolver_asn", value=text), LocalFact(name=text, value="asn")),
    )
    clean, _ = Redactor(OWN).measurement(measured, {})
    assert said not in codec.encode(clean).decode().replace("\\/", "/")


def test_an_own_address_stays_out_even_where_a_registry_was_asked_about_it() -> None:
    answer = a_registry_answer(
        handle="192.168.1.0 - 192.168.1.255", source="https://r.example/ip/192.168.1.23"
    )
    clean, _ = Redactor(OwnValues(addresses=("192.168.1.23",))).measurement(
        a_measurement(registry_answers=(answer,)), {}
    )
    assert clean.registry_answers[0].source == "https://r.example/ip/[ip]"
