"""One app in one country's shop: the pages and look-ups that tell of it, and what each of them said."""

import re
from typing import Final, Literal

from msgspec import Struct

from probe.model.bounds import Seconds, Whole

Shop = Literal["apple", "google"]
Said = Literal["page", "api"]

_PAGES: Final = (
    ("apple", re.compile(r"https://apps\.apple\.com/(?P<storefront>[a-z]{2})/app/id(?P<app>[1-9]\d{5,11})")),
    (
        "google",
        re.compile(
            r"https://play\.google\.com/store/apps/details\?id="
            r"(?P<app>[A-Za-z]\w{0,99}(?:\.[A-Za-z]\w{0,99}){1,9})&hl=en&gl=(?P<storefront>[A-Z]{2})",
            re.ASCII,
        ),
    ),
)


class App(Struct, frozen=True, kw_only=True, gc=False):
    """An app as one country's shop may offer it; `storefront` is ISO 3166-1 in lower case."""

    shop: Shop
    app: str
    storefront: str

    @property
    def page(self) -> str:
        """The app's page in this storefront: what a target's input holds."""
        if self.shop == "apple":
            return f"https://apps.apple.com/{self.storefront}/app/id{self.app}"
        return f"https://play.google.com/store/apps/details?id={self.app}&hl=en&gl={self.storefront.upper()}"

    def is_page(self, url: str) -> bool:
        """Say whether a URL at which redirects ended is the app's own page, in its storefront."""
        if self.shop == "apple":
            return url.startswith(f"https://apps.apple.com/{self.storefront}/app/") and self.app in url
        return url.startswith("https://play.google.com/store/apps/details?") and self.app in url


def app_of(url: str) -> App | None:
    """Read a page's URL, written just as `App.page` writes it; None for any other."""
    if url.startswith("https://apps.apple.com/") and (found := _PAGES[0][1].fullmatch(url)):
        return App(shop="apple", app=found["app"], storefront=found["storefront"])
    if found := _PAGES[1][1].fullmatch(url):
        return App(shop="google", app=found["app"], storefront=found["storefront"].lower())
    return None


LOOKUP_HOST: Final = "itunes.apple.com"


def hosts_beside(url: str) -> tuple[str, ...]:
    """Return the hosts that are asked about an app beside the one of its page."""
    app = app_of(url)
    return (LOOKUP_HOST,) if app is not None and app.shop == "apple" else ()


def lookup_of(storefront: str, *apps: str) -> str:
    """Return where Apple's interface says in JSON which of these apps a storefront offers."""
    return f"https://{LOOKUP_HOST}/lookup?id={','.join(apps)}&country={storefront}"


class StoreAnswer(Struct, frozen=True, kw_only=True, gc=False):
    """What a shop said of one app in one storefront, by a page or by its interface."""

    t0: Seconds
    t: Seconds
    failure: str | None
    """Null where an answer came over a certificate that holds, whatever it says."""
    ip: str
    """Where the answer came from; empty where none came."""
    status_code: Whole | None
    said_by: Said
    storefront: str
    app: str
    is_control: bool
    """Whether it is the control app, which the storefront should know."""
    listed: bool | None
    """Null where the answer tells neither: a captcha, too many requests, an outage."""
