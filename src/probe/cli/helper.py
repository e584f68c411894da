"""`probe helper`: the control server that others may host."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from probe.cli.described import described
from probe.locale import _

if TYPE_CHECKING:
    from probe.helper.serve import Running, Settings

group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

EXAMPLE = "probe helper serve --bind 0.0.0.0 --certificate chain.pem --key key.pem"


def add_to(app: typer.Typer) -> None:
    """Give the application the group `helper`."""
    app.add_typer(
        group, name="helper", help=described(_("Host a control server for volunteers elsewhere."), EXAMPLE)
    )


@group.command("serve", help=described(_("Serve until stopped; docs/helper.md is the guide."), EXAMPLE))
def serve(  # noqa: PLR0917  # a command is what its options are
    bind: Annotated[
        str, typer.Option("--bind", metavar="ADDR", help=_("Where to listen: an address, or :: for all."))
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=0, max=65535, help=_("Of the endpoint; 0 takes any."))
    ] = 8443,
    transfer_port: Annotated[
        int,
        typer.Option("--transfer-port", metavar="N", min=0, max=65535, help=_("Of transfers; 0 takes any.")),
    ] = 443,
    transfers: Annotated[
        bool, typer.Option("--transfers/--no-transfers", help=_("Whether transfers are served."))
    ] = True,
    certificate: Annotated[
        Path | None,
        typer.Option(
            "--certificate", metavar="FILE", help=_("The endpoint's certificates, PEM, leaf first.")
        ),
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", metavar="FILE", help=_("Its key, PEM, without a password."))
    ] = None,
    behind_proxy: Annotated[
        bool,
        typer.Option("--behind-proxy", help=_("Plain HTTP for a proxy that writes X-Forwarded-For.")),
    ] = False,
    as_table: Annotated[
        Path | None,
        typer.Option("--as-table", metavar="FILE", help=_("Prefixes and their AS: receipts then name it.")),
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option("--state", metavar="DIR", help=_("Where the transfer certificate and key are kept.")),
    ] = None,
    ephemeral: Annotated[
        bool, typer.Option("--ephemeral", help=_("Keep nothing: a new certificate and key at each start."))
    ] = False,
    public_address: Annotated[
        list[str] | None,
        typer.Option("--public-address", metavar="ADDR", help=_("An address that leads here; repeatable.")),
    ] = None,
    max_connections: Annotated[int, typer.Option("--max-connections", metavar="N", min=1)] = 512,
    client_connections: Annotated[int, typer.Option("--client-connections", metavar="N", min=1)] = 32,
    client_mb: Annotated[
        float, typer.Option("--client-mb", metavar="MB", min=1, help=_("A minute, for each client."))
    ] = 32,
    client_requests: Annotated[
        int, typer.Option("--client-requests", metavar="N", min=1, help=_("A minute, for each client."))
    ] = 600,
) -> None:
    """Check what was typed, then serve until SIGTERM or Ctrl-C."""
    from probe.cli import exits
    from probe.cli.helper_state import state_folder

    _check(bind, certificate, key, behind_proxy=behind_proxy)
    import asyncio

    from probe.helper.limits import Limits
    from probe.helper.serve import Settings, serve_until_stopped
    from probe.measure.asn_table import AsnTable, read_table

    settings = Settings(
        bind=bind,
        port=port,
        transfer_port=transfer_port if transfers else None,
        certificate=certificate,
        key=key,
        behind_proxy=behind_proxy,
        state=None if ephemeral or not transfers else state or state_folder(),
        as_table=AsnTable() if as_table is None else read_table(as_table),
        own_addresses=frozenset(_address(text) for text in public_address or ()),
        limits=Limits(
            connections=max_connections,
            connections_per_client=client_connections,
            bytes_per_minute=round(client_mb * 1_000_000),
            requests_per_minute=client_requests,
        ),
    )
    asyncio.run(serve_until_stopped(settings, lambda running: _tell(settings, running)))
    raise typer.Exit(exits.OK)


def _check(bind: str, certificate: Path | None, key: Path | None, *, behind_proxy: bool) -> None:
    """End with 2 where hypercorn is missing, or what was typed would let questions cross the net in clear."""
    import importlib.util
    import ipaddress
    import ssl

    from probe.cli import exits

    if importlib.util.find_spec("hypercorn") is None:
        exits.stop(
            _("The helper needs hypercorn, which is not installed."),
            _("Type: pipx install 'interference-probe[helper]'"),
        )
    _address(bind)
    if certificate is None and not behind_proxy and not ipaddress.ip_address(bind).is_loopback:
        exits.stop(
            _("Without a certificate the endpoint is served on loopback only."),
            _("Add --certificate and --key, or --behind-proxy if a proxy on this machine does TLS."),
        )
    if certificate is None:
        return
    from probe.helper.identity import server_context

    try:
        server_context(certificate, key)
    except ssl.SSLError:
        exits.stop(
            _("{path}: no certificate with its key.").format(path=certificate),
            _("Both are PEM; --key names the key if it lies in a file of its own."),
        )
    except OSError as error:  # ssl does not say which file
        there = certificate if key is None or not certificate.exists() else key
        raise OSError(error.errno, error.strerror, str(there)) from None


def _address(text: str) -> str:
    """Return the address as it is usually written, or end with 2."""
    import ipaddress

    from probe.cli import exits

    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        exits.stop(
            _("{text}: no address.").format(text=text), _("Type one as 0.0.0.0, 203.0.113.7 or 2001:db8::7.")
        )


def _tell(settings: "Settings", running: "Running") -> None:
    """Print where it serves, and what volunteers are to be told."""
    scheme = "https" if running.is_tls else "http"
    host = f"[{settings.bind}]" if ":" in settings.bind else settings.bind
    lines = [_("Endpoint: {url}").format(url=f"{scheme}://{host}:{running.port}/")]
    if running.transfers is not None:
        lines += [
            _("Transfers: port {port}").format(port=running.transfers.port),
            _("Certificate of transfers, SHA-256: {digest}").format(
                digest=running.transfers.certificate_sha256
            ),
            _("Key of receipts, Ed25519: {key}").format(key=running.transfers.public_key),
        ]
    lines.append(
        _("Tell volunteers: probe run --control {url}").format(url=f"https://NAME:{running.port}/")
        if running.is_tls
        else _("Volunteers need https: put a certificate or a proxy before it.")
    )
    typer.echo("\n".join(lines))
