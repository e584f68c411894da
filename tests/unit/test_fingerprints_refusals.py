"""How services refuse and challenge, and the book that holds all fingerprints."""

import pytest

from probe.judge.fingerprints import (
    FINGERPRINTS_VERSION,
    Confidence,
    fingerprint_files,
    fingerprints_digest,
    match_refusal,
)
from probe.judge.fingerprints.book import FILES, Refusal, book, read_book

# --- refusals


def refusal(
    status: int | None,
    body: str = "",
    headers: tuple[tuple[str, str], ...] = (),
    url: str = "https://x.example/",
) -> Refusal | None:
    return match_refusal(status=status, headers=headers, title=None, body=body, url=url)


@pytest.mark.parametrize(
    ("found", "expected", "confidence"),
    [
        (
            refusal(
                403,
                "<p>The Amazon CloudFront distribution is configured to block access from your country.</p>",
            ),
            "geo.cloudfront",
            Confidence.HIGH,
        ),
        (
            refusal(
                403,
                "<h1>Error 1009</h1>The owner of this website (x) has banned the country or region your IP "
                "address is in (RU) from accessing this website.",
                (("Server", "cloudflare"),),
            ),
            "geo.cloudflare_1009",
            Confidence.HIGH,
        ),
        (
            refusal(403, "Since Docker is a US company, we must comply with US export control regulations."),
            "geo.docker",
            Confidence.HIGH,
        ),
        (
            refusal(403, '{"error": {"code": "unsupported_country_region_territory"}}'),
            "geo.openai",
            Confidence.HIGH,
        ),
        (
            refusal(200, url="https://www.intel.com/content/www/us/en/support/ru-banner-inside.html"),
            "geo.intel",
            Confidence.MEDIUM,
        ),
        (
            refusal(200, "We have immediately suspended all business operations in Russia."),
            "geo.intel_text",
            Confidence.MEDIUM,
        ),
        (
            refusal(403, "Sorry, this service is not available in your country."),
            "geo.text_country",
            Confidence.MEDIUM,
        ),
        (refusal(451, "Due to the GDPR we cannot serve you."), "geo.gdpr_451", Confidence.MEDIUM),
        (refusal(451), "legal.451", Confidence.AMBIGUOUS),
        (
            refusal(403, "Sorry, you have been blocked", (("server", "cloudflare"),)),
            "waf.cloudflare",
            Confidence.AMBIGUOUS,
        ),
        (
            refusal(403, "You don't have permission to access this. Reference #18.1"),
            "waf.akamai",
            Confidence.AMBIGUOUS,
        ),
        (refusal(403, "403 Forbidden", (("Server", "Apache"),)), "origin.403", Confidence.AMBIGUOUS),
        (refusal(403, "<title>Just a moment...</title>"), "challenge.cloudflare", Confidence.CAPTCHA),
        (
            refusal(403, "", (("CF-Mitigated", "challenge"),)),
            "challenge.cloudflare_header",
            Confidence.CAPTCHA,
        ),
        (refusal(405, "", (("x-amzn-waf-action", "captcha"),)), "challenge.aws_waf", Confidence.CAPTCHA),
        (
            refusal(200, "Подтвердите, что запросы отправляли вы, а не робот"),
            "challenge.generic",
            Confidence.CAPTCHA,
        ),
        (refusal(429), "challenge.too_many", Confidence.CAPTCHA),
    ],
)
def test_how_a_service_refuses_is_known(found: Refusal | None, expected: str, confidence: Confidence) -> None:
    assert found is not None
    assert (found.id, found.confidence) == (expected, confidence)


@pytest.mark.parametrize(
    "found",
    [
        refusal(200, "<h1>Example Domain</h1>"),
        refusal(200, "This film is not available in your country. " + "Other films are. " * 500),
        refusal(200, "Access denied? " * 20),
        refusal(404, "not found"),
        refusal(None),
        refusal(503, "Service Unavailable"),
        refusal(200, "An article on Cloudflare", (("Server", "cloudflare"),)),
    ],
)
def test_what_is_no_refusal_is_not(found: Refusal | None) -> None:
    assert found is None


@pytest.mark.parametrize("signature", book().refusals, ids=lambda signature: str(signature.id))
def test_each_refusal_names_its_source_and_asks_for_something(signature: Refusal) -> None:
    assert signature.source
    assert signature.statuses or signature.headers or signature.all or signature.any or signature.url


# --- the book


def test_what_a_run_keeps_is_what_it_was_judged_by() -> None:
    files = fingerprint_files()
    assert tuple(files) == FILES
    assert read_book(files) == book()
    assert len(fingerprints_digest()) == 64
    assert FINGERPRINTS_VERSION >= 1


def changed(name: str, text: str) -> dict[str, bytes]:
    return fingerprint_files() | {name: fingerprint_files()[name] + text.encode()}


def test_two_entries_of_one_id_are_refused() -> None:
    twin = '\n[[redirect]]\nid = "redirect.ru.ttk.fz139"\nhost = "x.example"\n'
    with pytest.raises(ValueError, match=r"^fingerprint 'redirect\.ru\.ttk\.fz139' is there twice$"):
        read_book(changed("redirects.toml", twin))


def test_a_page_that_nothing_opens_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^fingerprint 'page\.new' has neither gates nor markup$"):
        read_book(changed("pages_ru.toml", '\n[[page]]\nid = "page.new"\nany = ["x"]\n'))


def test_an_unknown_scope_or_field_is_refused() -> None:
    with pytest.raises(ValueError, match="'guilty' is not a valid Scope"):
        read_book(changed("addresses.toml", '\n[[address]]\nid = "dns.new"\nip = []\nscope = "guilty"\n'))
    with pytest.raises(TypeError, match="pattern"):
        read_book(changed("pages_ru.toml", '\n[[page]]\nid = "page.new"\ngates = ["x"]\npattern = "y"\n'))
