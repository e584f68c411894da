"""The options that several commands share, declared once; parsing of what a person types into values."""

import re
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from probe.locale import _

Services = Annotated[
    list[str] | None,
    typer.Argument(metavar="SERVICE|all", help=_("Services to measure; `probe targets list` names them.")),
]
Lists = Annotated[
    list[Path] | None,
    typer.Option(
        "--list",
        metavar="FILE.csv",
        help=_("A list in Citizen Lab's format; repeatable. Without SERVICE, nothing else."),
    ),
]
Urls = Annotated[
    list[str] | None,
    typer.Option("--url", metavar="URL", help=_("One address; repeatable. Without SERVICE, nothing else.")),
]
Vpn = Annotated[
    list[Path] | None,
    typer.Option(
        "--vpn", metavar="FILE", help=_("Your tunnel's .conf, .ovpn or bridge line; its keys are not kept.")
    ),
]
RegistryFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--registry-file",
        metavar="FILE.json",
        help=_("A saved answer of RDAP or RIPEstat, kept among the facts; repeatable."),
    ),
]
Apps = Annotated[
    list[str] | None,
    typer.Option(
        "--app",
        metavar="SHOP:APP:COUNTRY",
        help=_("An app in a country's shop, apple:324715238:ru or google:org.wikipedia:ru; repeatable."),
    ),
]
Results = Annotated[Path, typer.Option("--results", metavar="DIR", help=_("Where runs are kept."))]
Ephemeral = Annotated[
    bool, typer.Option("--ephemeral", help=_("Keep nothing of the run: it goes when the command ends."))
]
Export = Annotated[
    Path | None,
    typer.Option("--export", metavar="FILE.csv", help=_("Write verdicts.csv there too; - prints only that.")),
]
BaselineFile = Annotated[
    Path | None,
    typer.Option("--baseline", metavar="FILE", help=_("What `probe baseline` recorded on another network.")),
]
Control = Annotated[
    list[str] | None,
    typer.Option(
        "--control", metavar="URL|ooni|none", help=_("Who fetches the same from elsewhere; repeatable.")
    ),
]
ControlProxy = Annotated[
    str, typer.Option("--control-proxy", metavar="URL", help=_("A socks5:// or http:// proxy elsewhere."))
]
Throughput = Annotated[
    bool,
    typer.Option(
        "--throughput/--no-throughput",
        help=_("Also compare speeds, to find what is slowed; some seconds and about 0.5 MB a target."),
    ),
]
Rounds = Annotated[
    int, typer.Option("--rounds", metavar="N", min=1, max=20, help=_("Tries of each target, spread in time."))
]
ConfirmAfter = Annotated[
    float, typer.Option("--confirm-after", metavar="S", min=0, max=86400, help=_("Seconds to a second test."))
]
Concurrency = Annotated[
    int, typer.Option("--concurrency", metavar="N", min=1, max=256, help=_("Measurements at the same time."))
]
Timeout = Annotated[
    float, typer.Option("--timeout", metavar="S", min=0.1, max=300, help=_("Seconds for each operation."))
]
MaxMb = Annotated[
    float, typer.Option("--max-mb", metavar="MB", min=0.1, max=100000, help=_("Data to use at most."))
]
MaxMinutes = Annotated[
    float, typer.Option("--max-minutes", metavar="MIN", min=0.1, max=10000, help=_("Time to take at most."))
]
Dns = Annotated[str, typer.Option("--dns", metavar="ADDR", help=_("A resolver instead of the system's."))]
Asn = Annotated[
    str,
    typer.Option(
        "--asn", metavar="AS12389|detect", help=_("Your operator's number: yours to say, or found out.")
    ),
]
AsnTable = Annotated[
    Path | None,
    typer.Option(
        "--asn-table", metavar="FILE", help=_("Which AS an address is of: pyasn's text or a MaxMind DB.")
    ),
]
Region = Annotated[
    str,
    typer.Option(
        "--region", metavar="RU-KHA|NAME|withheld", help=_("ISO 3166 region, as finely as you like.")
    ),
]
NetworkName = Annotated[str, typer.Option("--network-name", metavar="TEXT", help=_("Your operator's name."))]
AccessType = Annotated[
    str, typer.Option("--access-type", metavar="fixed|mobile|wifi", help=_("How you are connected."))
]
Elevated = Annotated[
    bool, typer.Option("--include-elevated", help=_("Also targets that may draw attention; asks once more."))
]
HighRisk = Annotated[
    bool, typer.Option("--include-high-risk", help=_("Also targets whose mere visit may be punished; asks."))
]
Yes = Annotated[bool, typer.Option("--yes", help=_("Do not ask. On a new machine this means no control."))]
DryRun = Annotated[bool, typer.Option("--dry-run", help=_("Tell what would be contacted; send nothing."))]
JsonLines = Annotated[bool, typer.Option("--json", help=_("One JSON object per verdict on stdout."))]
Lang = Annotated[str, typer.Option("--lang", metavar="en|ru|fr", help=_("The language shown here."))]

RESULTS: Final = Path("results")
STDOUT: Final = Path("-")
ROUNDS, CONFIRM_AFTER_S, CONCURRENCY, TIMEOUT_S, MAX_MB, MAX_MINUTES = 3, 60.0, 16, 10.0, 15.0, 8.0
"""What is not typed: RunOptions' own defaults, in the units of the options."""
STATES: Final = ("reachable", "throttled", "blocked", "geoblocked", "down", "inconclusive")
DETECT: Final = "detect"
ACCESS: Final = ("", "fixed", "mobile", "wifi")


def speak(lang: str) -> None:
    """Use the language asked for by --lang, here or anywhere on the line, else the locale's."""
    from probe import locale
    from probe.cli.terminal import language_typed, use_language

    try:
        use_language(lang or language_typed(sys.argv[1:]))
    except LookupError:
        raise typer.BadParameter(
            _("{value!r} is none of {known}.").format(value=lang, known=", ".join(locale.LANGUAGES)),
            param_hint="--lang",
        ) from None


def states(text: str) -> frozenset[str]:
    """Return the states of `--fail-on blocked,throttled`."""
    named = frozenset(part.strip() for part in text.split(",") if part.strip())
    if unknown := sorted(named.difference(STATES)):
        raise typer.BadParameter(
            _("{value}: no such state. There are {known}.").format(
                value=", ".join(unknown), known=", ".join(STATES)
            ),
            param_hint="--fail-on",
        )
    return named


def asn(text: str) -> str:
    """Return `AS12389` for AS12389, as12389 and 12389, nothing for nothing, and `detect` as it is."""
    if text in ("", DETECT):
        return text
    found = re.fullmatch(r"(?:AS)?(\d{1,10})", text, re.IGNORECASE | re.ASCII)
    if not found or not 0 < int(found[1]) < 2**32:
        raise typer.BadParameter(
            _("{value!r} is no AS number. Type it as AS12389, or detect.").format(value=text),
            param_hint="--asn",
        )
    return f"AS{int(found[1])}"


def region(text: str) -> str:
    """Return an ISO 3166 code, a country's or a region's, or `withheld`; Russia's regions go by name too."""
    code = text.upper().strip()
    if code == "WITHHELD":
        return "withheld"
    from probe.cli import regions
    from probe.locale import spoken

    russian = code.startswith("RU")
    if re.fullmatch(r"[A-Z]{2}(-[A-Z0-9]{1,3})?", code, re.ASCII) and (
        not russian or code in regions.names()
    ):
        return code
    found = regions.codes_of(text)
    if len(found) == 1:
        return found[0]
    near = regions.told(found or regions.nearest(text), spoken())
    if found:
        problem = _("{value!r} may be {names}: type the code of yours.")
    elif near:
        problem = _("{value!r} is no known region. Did you mean {names}?")
    else:
        problem = _(
            "{value!r} is no ISO 3166 code and no region of Russia by name. Type RU, RU-KHA or withheld."
        )
    raise typer.BadParameter(
        problem.format(value=text[: regions.LONGEST], names=_(" or ").join(near)), param_hint="--region"
    )


def access_type(text: str) -> str:
    """Return fixed, mobile, wifi or nothing."""
    if text not in ACCESS:
        raise typer.BadParameter(
            _("{value!r} is none of {known}.").format(value=text, known="fixed, mobile, wifi"),
            param_hint="--access-type",
        )
    return text


def controls(values: list[str] | None) -> tuple[str, ...] | None:
    """Return the controls asked for; None where nothing was said, empty for `none`."""
    if not values:
        return None
    if "none" in values:
        if len(values) > 1:
            raise typer.BadParameter(_("none excludes every other control."), param_hint="--control")
        return ()
    for value in values:
        if value != "ooni" and not re.match(r"https?://[^/]", value):
            raise typer.BadParameter(
                _("{value!r} is neither ooni, none nor an https:// address.").format(value=value),
                param_hint="--control",
            )
    return tuple(dict.fromkeys(values))


def proxy(text: str) -> str:
    """Return the proxy's address."""
    if text and not re.match(r"(socks5|socks5h|http|https)://[^/]", text):
        raise typer.BadParameter(
            _("{value!r}: type socks5://host:port or http://host:port.").format(value=text),
            param_hint="--control-proxy",
        )
    return text


def server(text: str) -> str:
    """Return `ip` or `ip:port` of a resolver, as typed."""
    from ipaddress import ip_address

    if not text:
        return text
    host, port = text, "53"
    if bracketed := re.fullmatch(r"\[([^\]]+)\](?::(\d+))?", text):
        host, port = bracketed[1], bracketed[2] or "53"
    elif text.count(":") == 1:
        host, port = text.split(":")
    try:
        ip_address(host)
        right = 0 < int(port) < 65536
    except ValueError:
        right = False
    if not right:
        raise typer.BadParameter(
            _("{value!r}: type an address such as 9.9.9.9 or 9.9.9.9:53.").format(value=text),
            param_hint="--dns",
        )
    return text


def alone(context: typer.Context, option: str, names: frozenset[str]) -> None:
    """Refuse what was typed beside an option that settles it already; `names` are parameters that may be."""
    given = [
        parameter.opts[0] if parameter.param_type_name == "option" else "SERVICE"
        for parameter in context.command.params
        if parameter.name and parameter.name not in names and typed(context, parameter.name)
    ]
    if given:
        raise typer.BadParameter(
            _("it does not go together with {others}: that run settles them.").format(
                others=", ".join(given)
            ),
            param_hint=option,
        )


def typed(context: typer.Context, name: str) -> bool:
    """Whether a parameter was typed, rather than left as it is."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"
