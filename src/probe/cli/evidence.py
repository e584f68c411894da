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
            _("Seal a run; verify, sign or stamp it."),
            "probe evidence seal results/20261121T101500Z-AS12389-4f2a",
        ),
    )


@group.command(
    "seal",
    help=described(
        _("Seal a finished run: a folder and a zip that a stranger can check."),
        ("probe evidence seal RUN", _("into the folder sealed/ beside the run")),
        ("probe evidence seal RUN -o DIR", _("into another folder")),
    ),
)
def seal(
    run: Annotated[Path, typer.Argument(metavar="RUN", help=_("A folder under results/."))],
    *,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="DIR", help=_("Where bag and zip go."))
    ] = None,
    at: Annotated[
        str,
        typer.Option("--at", metavar="UTC", help=_("When, as 2026-11-22T12:00:00Z (else the run's end).")),
    ] = "",
    as_json: JsonObject = False,
    lang: o.Lang = "",
) -> None:
    """Seal a run."""
    o.speak(lang)
    from probe.cli.after_seal import moment
    from probe.cli.sealing import seal_run

    raise typer.Exit(seal_run(run, out, moment(at) if at else None, as_json=as_json))


@group.command(
    "verify",
    help=described(
        _("Check a sealed run: its files, its verdicts, who signed it and when."),
        ("probe evidence verify BAG --root HASH", _("HASH is what the letter prints")),
        "probe evidence verify 20261121T101500Z-AS12389-4f2a.zip",
    ),
)
def verify(
    bag: Annotated[Path, typer.Argument(metavar="BAG|ZIP", help=_("A sealed folder or its zip."))],
    *,
    root: Annotated[
        str, typer.Option("--root", metavar="HASH", help=_("The root hash that it must have."))
    ] = "",
    as_json: JsonObject = False,
    lang: o.Lang = "",
) -> None:
    """Check a bag."""
    o.speak(lang)
    from probe.cli.sealing import verify_bag

    raise typer.Exit(verify_bag(bag, root, as_json=as_json))


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
