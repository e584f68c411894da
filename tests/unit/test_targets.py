"""The catalogue: what is shipped holds what was promised."""

import datetime as dt
from pathlib import Path

import pytest

from probe.judge import RULES_VERSION, roll_up
from probe.model.verdict import Verdict
from probe.model.words import Layer, Located, Risk, State
from probe.targets import CatalogueError, check, read_catalogue
from probe.targets.catalogue import Catalogue
from unit.a_catalogue import SERVICE, copy_of_the_catalogue

TODAY = dt.date(2026, 11, 21)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return read_catalogue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copy_of_the_catalogue(tmp_path)


def test_every_service_that_was_promised_is_there(catalogue: Catalogue) -> None:
    promised = (
        "twitter telegram telegram-web whatsapp whatsapp-web whatsapp-registration youtube instagram "
        "facebook messenger signal google-dns cloudflare-dns quad9 yandex-dns app-store google-play tor "
        "vpn-sites zone-ru"
    )
    ids = {service.service for service in catalogue.services}
    assert set(promised.split()) <= ids
    assert any(each.startswith("media-") for each in ids)
    assert any(each.startswith("sanctions-") for each in ids)


def test_a_run_that_names_nothing_contacts_low_risk_only(catalogue: Catalogue) -> None:
    default = [service for service in catalogue.services if service.default]
    assert {target.risk for service in default for target in service.targets} == {Risk.LOW}
    assert 60 <= sum(len(service.targets) for service in default) <= 200


def test_circumvention_is_high_and_undesirable_media_are_elevated(catalogue: Catalogue) -> None:
    risks = {service.service: service.risk for service in catalogue.services}
    assert risks["tor"] == risks["vpn-sites"] == Risk.HIGH
    assert risks["media-meduza"] == Risk.ELEVATED
    assert all(target.risk == Risk.HIGH for target in catalogue.service("tor").targets)


def test_every_endpoint_says_when_and_where_it_comes_from(catalogue: Catalogue) -> None:
    for target in catalogue.targets():
        assert dt.date.fromisoformat(target.dated) <= dt.datetime.now(dt.UTC).date(), target
        assert target.source, target


def test_every_endpoint_names_a_large_object_or_says_why_it_has_none(catalogue: Catalogue) -> None:
    for service in catalogue.services:
        for target in service.targets:
            assert bool(target.large_object) != bool(target.no_object), target


def test_eight_targets_at_most_are_examined_for_throttling_by_default(catalogue: Catalogue) -> None:
    default = [target for service in catalogue.services if service.default for target in service.targets]
    assert {target.target_id: target.paired for target in default if target.paired} == {
        "facebook/images": "name",
        "instagram/images": "name",
        "signal/chat": "name",
        "telegram-web/web": "name",
        "twitter/static": "own",
        "whatsapp-web/media": "name",
        "whatsapp-web/web": "name",
        "youtube/video": "name",
    }


def test_a_name_is_looked_at_where_no_object_is_needed(catalogue: Catalogue) -> None:
    for target in catalogue.targets():
        assert (target.paired != "own") or target.large_object, target
        assert not target.paired or target.input.startswith("https://"), target


def test_risky_names_are_not_sent_to_neutral_servers_unasked(catalogue: Catalogue) -> None:
    assert {target.risk for target in catalogue.targets() if target.paired == "name"} == {Risk.LOW}


@pytest.mark.parametrize(
    ("slow", "state"), [("youtube/video", State.THROTTLED), ("youtube/images", State.REACHABLE)]
)
def test_youtube_is_throttled_when_its_video_is(catalogue: Catalogue, slow: str, state: State) -> None:
    youtube = catalogue.service("youtube")
    found = [
        Verdict(
            target_id=target.target_id,
            service="youtube",
            input=target.input,
            state=State.THROTTLED if target.target_id == slow else State.REACHABLE,
            layer=Layer.THROUGHPUT,
            located=Located.PATH,
            confirmed=False,
            rule_id="r",
            rules_version=RULES_VERSION,
            template="",
            because=target.target_id,
        )
        for target in youtube.targets
    ]
    assert roll_up(youtube, found).state is state


def test_the_sentence_of_a_service_gives_way_to_an_object_of_an_endpoint(folder: Path) -> None:
    top = SERVICE.replace('source = "a test"', 'source = "a test"\nno_object = "none is known"')
    more = '[[endpoint]]\nid = "files"\ninput = "https://files.example/"\nexperiment = "web"\n'
    (folder / "sample.toml").write_text(f'{top}\n{more}large_object = "/x.bin"\npaired = "own"\n')
    web, files = read_catalogue(folder).service("sample").targets
    assert (web.large_object, web.paired, web.no_object) == ("", "", "none is known")
    assert (files.large_object, files.paired, files.no_object) == ("/x.bin", "own", "")


def test_telegram_is_judged_by_any_of_its_data_centres(catalogue: Catalogue) -> None:
    telegram = catalogue.service("telegram")
    assert telegram.rule == "any"
    assert {target.experiment for target in telegram.targets} == {"http_any"}
    assert len(telegram.targets) == 12


def test_whatsapp_is_judged_by_any_of_its_sixteen_hosts_at_both_ports(catalogue: Catalogue) -> None:
    whatsapp = catalogue.service("whatsapp")
    assert whatsapp.rule == "any"
    assert sorted(target.input for target in whatsapp.targets) == sorted(
        f"tcp://e{n}.whatsapp.net:{port}" for n in range(1, 17) for port in (443, 5222)
    )


def test_plain_dns_decides_on_a_public_resolver(catalogue: Catalogue) -> None:
    for name in ("google-dns", "cloudflare-dns", "quad9", "yandex-dns"):
        essential = {target.role for target in catalogue.service(name).targets if target.essential}
        assert essential == {"udp"}, name


def test_signals_private_authority_is_named_and_shipped(catalogue: Catalogue) -> None:
    chat = catalogue.target("signal/chat")
    assert chat.private_ca == "signal"
    assert catalogue.private_cas["signal"].count("BEGIN CERTIFICATE") == 2
    assert catalogue.target("signal/site").private_ca == ""


def test_the_zone_is_asked_for_its_own_data(catalogue: Catalogue) -> None:
    zones = catalogue.service("zone-ru").targets
    assert [(t.input, len(t.roots), len(t.servers)) for t in zones] == [
        ("zone://ru", 26, 10),
        ("zone://xn--p1ai", 26, 12),
        ("zone://su", 26, 10),
    ]
    assert {"193.232.128.6", "2001:7fd::1"} <= catalogue.literals()
    assert [anchor.split()[0] for anchor in catalogue.trust_anchors] == ["20326", "38696"]


def test_the_neutral_set_is_as_the_method_asks(catalogue: Catalogue) -> None:
    groups = [neutral.neutral_group for neutral in catalogue.neutrals]
    assert all(groups.count(group) >= 3 for group in set(groups))
    assert set(groups) == {"domestic_listed", "domestic_unlisted", "foreign_frozen", "foreign"}
    assert sum(bool(neutral.large_object and neutral.any_name) for neutral in catalogue.neutrals) >= 2
    assert all(neutral.is_control for neutral in catalogue.neutrals)
    assert not catalogue.neutrals_were_checked


def test_the_network_is_asked_at_three_portals_and_a_sinkhole(catalogue: Catalogue) -> None:
    assert [target.input for target in catalogue.network] == [
        "http://captive.apple.com/hotspot-detect.html",
        "http://detectportal.firefox.com/success.txt",
        "http://connectivitycheck.gstatic.com/generate_204",
        "tcp://192.0.2.1:443",
    ]
    assert {target.service for target in catalogue.network} == {"network"}


def test_resolvers_to_compare_with_are_reached_by_address(catalogue: Catalogue) -> None:
    doh = {t.input: t.addresses for t in catalogue.resolvers if t.experiment == "doh"}
    assert doh == {
        "https://dns.google/dns-query": ("8.8.8.8",),
        "https://cloudflare-dns.com/dns-query": ("1.1.1.1",),
        "https://dns.quad9.net/dns-query": ("9.9.9.9",),
    }
    assert catalogue.helpers[0] == "https://0.th.ooni.org/"
    assert catalogue.helpers[-1] == "https://d33d1gs9kpq1c5.cloudfront.net/"


def test_published_ranges_are_shipped_with_their_date(catalogue: Catalogue) -> None:
    assert {"google", "meta", "x", "telegram", "cloudflare"} <= set(catalogue.ranges)
    assert "149.154.160.0/20" in catalogue.ranges["telegram"]
    assert catalogue.ranges_dated == "2026-08-22"


def test_a_range_tells_an_as_only_where_all_of_it_is_announced_by_that_one(catalogue: Catalogue) -> None:
    announced = dict(catalogue.asn_ranges)
    assert set(announced) == {174, 3356, 13335, 13414, 15169, 32934}
    assert announced[15169] == ("8.8.4.0/24", "8.8.8.0/24")
    assert announced[13414] == catalogue.ranges["x"]


def test_literals_are_every_address_that_a_target_names(catalogue: Catalogue) -> None:
    assert {"149.154.175.50", "8.8.8.8", "2001:4860:4860::8888", "192.0.2.1"} <= catalogue.literals()
    assert "x.com" not in catalogue.literals()


def test_the_digest_changes_with_any_file(folder: Path) -> None:
    before = read_catalogue(folder)
    assert read_catalogue(folder).digest == before.digest
    (folder / "ranges" / "x.txt").write_text("# dated: 2026-08-22\n192.0.2.0/24\n")
    assert read_catalogue(folder).digest != before.digest
    assert dict(before.files)["neutral.toml"] == (folder / "neutral.toml").read_bytes()


def test_an_unknown_service_is_answered_with_the_nearest(catalogue: Catalogue) -> None:
    with pytest.raises(CatalogueError, match=r"no service 'twiter' in the catalogue\. Did you mean twitter"):
        catalogue.service("twiter")
    with pytest.raises(CatalogueError, match=r"no target 'zzz' in the catalogue\. `probe targets list`"):
        catalogue.target("zzz")


def test_what_is_shipped_has_no_fault_and_says_that_neutrals_are_unchecked() -> None:
    findings = check(today=TODAY)
    assert [finding.level for finding in findings] == ["warning"]
    assert findings[0].problem == "the neutral set was never checked from a real network"


def test_a_service_that_somebody_adds_is_read(folder: Path) -> None:
    (folder / "sample.toml").write_text(SERVICE)
    service = read_catalogue(folder).service("sample")
    assert service.targets[0].target_id == "sample/web"
    assert service.targets[0].category_code == "NEWS"
    assert service.targets[0].role == "web"
