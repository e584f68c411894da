"""What a baseline keeps of a zone: the addresses at which its own servers answered for it."""

from probe.judge.baseline import baseline_of
from probe.model import failure as f
from probe.model.zone import ZoneAnswer
from unit.factories import a_target
from unit.observed import a_measurement

ZONE = a_target("zone-ru/ru", input="zone://ru", experiment="zone")


def an_answer(ip: str, failure: str | None = None, *, authoritative: bool = True) -> ZoneAnswer:
    return ZoneAnswer(
        t0=0.0,
        t=0.1,
        failure=failure,
        side="server",
        server="a.dns.ripn.net",
        ip=ip,
        query_type="SOA",
        hostname="ru",
        transport="udp",
        authoritative=authoritative,
        serial=None if failure else 7,
    )


def test_addresses_that_answered_with_authority_are_kept() -> None:
    answers = (an_answer("193.232.128.6"), an_answer("194.85.252.62", authoritative=False))
    row = baseline_of(ZONE, [a_measurement(ZONE, "m1", 0.0, zone_answers=answers)], None)
    assert row is not None
    assert (row.n, row.n_ok, row.addresses) == (1, 1, ("193.232.128.6",))


def test_a_round_in_which_nobody_answered_is_no_success() -> None:
    silent = (an_answer("193.232.128.6", f.TIMEOUT),)
    row = baseline_of(ZONE, [a_measurement(ZONE, "m1", 0.0, zone_answers=silent)], None)
    assert row is not None
    assert (row.n_ok, row.addresses) == (0, ())
