"""An app as it is typed, `apple:1437005085:ru`, taken apart and made a target; what is none is refused."""

import difflib
import re
from collections.abc import Iterable
from typing import Final, get_args

from probe.model.appstore import App, Shop, app_of
from probe.model.target import Target
from probe.targets.error import CatalogueError

EXPERIMENT: Final = "store"
SERVICE: Final = "app"
_CODES: Final = (
    "ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bl bm bn bo bq br bs bt bv bw"
    " by bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg eh er es et"
    " fi fj fk fm fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il"
    " im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma"
    " mc md me mf mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz"
    " om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sj sk sl sm sn"
    " so sr ss st sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug um us uy uz va vc ve vg"
    " vi vn vu wf ws ye yt za zm zw"
)
COUNTRIES: Final = frozenset(_CODES.split())
"""ISO 3166-1."""
COMPARED_WITH: Final = ("us", "de")
"""Storefronts beside which another is held: the first that is not the one asked about."""
_FORM: Final = "Type apple:NUMBER:COUNTRY or google:PACKAGE:COUNTRY, as in --app apple:324715238:ru"
_APP: Final = {
    "apple": (
        re.compile(r"[1-9]\d{5,11}", re.ASCII),
        "an app's number is what follows id in the address of its page, as in 324715238",
    ),
    "google": (
        re.compile(r"(?=.{3,150}$)[A-Za-z]\w{0,99}(?:\.[A-Za-z]\w{0,99}){1,9}", re.ASCII),
        "a package is what follows id= in the address of its page, as in org.wikipedia",
    ),
}


def app_in(text: str) -> App:
    """Read what was typed. Raises ValueError(problem, hint)."""
    parts = text.split(":")
    if len(parts) != 3:
        raise ValueError("an app has three parts: shop, app, country", _FORM)
    shop, app, storefront = parts[0].lower(), parts[1], parts[2].lower()
    if shop not in _APP:
        close = difflib.get_close_matches(shop, get_args(Shop), 1)
        raise ValueError(f"{shop[:40]!r} is no shop", f"Did you mean {close[0]}?" if close else _FORM)
    form, hint = _APP[shop]
    app = app.removeprefix("id") if shop == "apple" else app
    if not form.fullmatch(app):
        raise ValueError(f"{app[:150]!r} is no app of this shop", f"{hint[0].upper()}{hint[1:]}.")
    if storefront not in COUNTRIES:
        raise ValueError(
            f"{storefront[:40]!r} is no country", "Type two letters of ISO 3166, as in ru, kz or us."
        )
    return App(shop="apple" if shop == "apple" else "google", app=app, storefront=storefront)


def target_of_app(text: str, known: Iterable[Target]) -> Target:
    """Turn a typed app into a target; the catalogue's apps of that shop say what it is compared with.

    Raises CatalogueError.
    """
    try:
        app = app_in(text)
    except ValueError as error:
        problem, hint = error.args
        raise CatalogueError("", 0, f"{text[:200]!r}: {problem}", hint) from None
    controls = (t.control_app for t in known if t.experiment == EXPERIMENT and _shop(t) == app.shop)
    return Target(
        target_id=f"{SERVICE}/{app.shop}-{app.storefront}-{app.app.lower()}",
        service=SERVICE,
        input=app.page,
        experiment=EXPERIMENT,
        role="app",
        control_app=next((c for c in controls if c and c != app.app), ""),
        elsewhere=next(c for c in COMPARED_WITH if c != app.storefront),
    )


def _shop(target: Target) -> str:
    app = app_of(target.input)
    return app.shop if app is not None else ""


def fault_of(page: str, control_app: str, elsewhere: str) -> tuple[str, str, str] | None:
    """Return field, problem and hint where a catalogue's app cannot be asked about; None where it can."""
    app = app_of(page)
    if app is None or app.storefront not in COUNTRIES:
        hint = (
            "Write https://apps.apple.com/ru/app/id324715238 or"
            " https://play.google.com/store/apps/details?id=org.wikipedia&hl=en&gl=RU"
        )
        return "input", "no page of an app in a country's shop", hint
    if not _APP[app.shop][0].fullmatch(control_app) or control_app == app.app:
        hint = "Name another app that the shop offers everywhere: control_app = …"
        return "control_app", f"{control_app!r} is no other app of this shop", hint
    if elsewhere not in COUNTRIES or elsewhere == app.storefront:
        return "elsewhere", f"{elsewhere!r} is no other country", 'Write elsewhere = "us".'
    return None
