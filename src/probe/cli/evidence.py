"""`probe evidence`: seal a run so that a stranger can check it."""

from pathlib import Path
from typing import Annotated

import typer

from probe.cli import options as o
from probe.cli.described import described
from probe.locale import _

Bag = Annotated[Path, typer.Argument(metavar="BAG")]
JsonObject = Annotated[bool, typer.Option("--json", help=_("One JSON object on stdout."))]

group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


def add_to(app: typer.Typer) -> None:
    """Give the application the group `evidence`."""
    app.add_typer(
        group,
        name="evidence",
        help=described(
            _("Seal a run; verify, sign or stamp it (later)."),
            "probe evidence seal results/20261121T101500Z-AS12389-4f2a",
        ),
    )


@group.command(
    "seal",
    help=described(
        _("Seal a run (later)."),
        "probe evidence seal RUN -o DIR",
    ),
)
def seal(
    run: Annotated[Path, typer.Argument(metavar="RUN")],
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="DIR")] = None,
) -> None:
    """Say that this comes later."""
    _later("seal", run, out)


@group.command(
    "verify",
    help=described(
        _("Check a sealed run (later)."),
        "probe evidence verify BAG --root HASH",
    ),
)
def verify(bag: Bag, root: Annotated[str, typer.Option("--root", metavar="HASH")] = "") -> None:
    """Say that this comes later."""
    _later("verify", bag, root)


@group.command(
    "sign",
    help=described(
        _("Sign a sealed run with a lasting key, for whoever takes bags in and vouches for them."),
        "ssh-keygen -t ed25519 -f evidence_key",
        "probe evidence sign BAG --key evidence_key --identity coalition",
    ),
)
def sign(
    *,
    bag: Bag,
    key: Annotated[
        Path, typer.Option("--key", metavar="FILE", help=_("An Ed25519 key of OpenSSH, the private half."))
    ],
    identity: Annotated[
        str, typer.Option("--identity", metavar="NAME", help=_("Who signs, by role: it is published."))
    ] = "coalition",
    at: Annotated[
        str, typer.Option("--at", metavar="UTC", help=_("When, as 2026-11-22T12:00:00Z (else now)."))
    ] = "",
    as_json: JsonObject = False,
    lang: o.Lang = "",
) -> None:
    """Sign a bag, and say what that proves."""
    o.speak(lang)
    from probe.cli.after_seal import sign_bag

    raise typer.Exit(sign_bag(bag, key, identity, at, as_json=as_json))


@group.command(
    "stamp",
    help=described(
        _("Have an authority stamp the time on a sealed run; the authority sees this machine's address."),
        "probe evidence stamp BAG --tsa https://tsa.example/tsr --ca tsa-root.pem",
    ),
)
def stamp(
    *,
    bag: Bag,
    tsa: Annotated[str, typer.Option("--tsa", metavar="URL", help=_("The authority's address (RFC 3161)."))],
    ca: Annotated[
        Path | None,
        typer.Option(
            "--ca", metavar="FILE.pem", help=_("Its root certificate (else those that browsers trust).")
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help=_("Do not ask whether it may see that."))] = False,
    as_json: JsonObject = False,
    lang: o.Lang = "",
) -> None:
    """Ask the authority, check its answer, and keep it in the bag."""
    o.speak(lang)
    from probe.cli.after_seal import stamp_bag

    raise typer.Exit(stamp_bag(bag, tsa, ca, yes=yes, as_json=as_json))


def _later(what: str, *_: object) -> None:
    from probe.cli.exits import later

    later(f"probe evidence {what}")
