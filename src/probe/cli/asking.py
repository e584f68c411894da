"""From a request to a run that was agreed to: the question about controls, the screens."""

import sys
from typing import TYPE_CHECKING

from msgspec.structs import replace

from probe.cli import consent, exits, memory
from probe.cli.places import check_results
from probe.cli.speeds import speeds_of
from probe.cli.standing import table_lines
from probe.cli.terminal import somebody_is_there
from probe.locale import _, ngettext

if TYPE_CHECKING:
    from probe.cli.asked import Asked
    from probe.model.network import Network
    from probe.pipeline.request import Prepared


def would_run(asked: "Asked") -> "Prepared":
    """Return what would be run if nobody were asked; ends with 2 where nothing could be. Sends nothing."""
    from probe.pipeline.request import prepare

    controls = asked.controls if asked.controls is not None else memory.here().controls() or ()
    prepared = prepare(asked.request(controls))
    check_results(asked.resume or asked.results)
    if prepared.left_out:
        _tell_left_out(prepared)
    for line in table_lines(prepared):
        _show(line)
    return prepared


def _tell_left_out(prepared: "Prepared") -> None:
    from probe.pipeline.extras import how_to_install

    n = len(prepared.left_out)
    said = ngettext(
        "{n} target is left out: it needs a library that is not installed. To have it: {command}",
        "{n} targets are left out: they need a library that is not installed. To have them: {command}",
        n,
    )
    _show(said.format(n=n, command=how_to_install(prepared.left_out)))


def consented(asked: "Asked", network: "Network") -> "Prepared | None":
    """Return what may be run now; None where somebody said no.

    Sends nothing. Without a terminal and without --yes it ends the program, with what to type.
    """
    prepared = would_run(asked)
    if asked.yes:
        return prepared
    if not somebody_is_there():
        exits.stop(
            _("Nobody can be asked here: this is no terminal."),
            _("Add --yes if you know what `{command} --dry-run` tells.").format(command=asked.command),
        )
    try:
        return _asked(asked, prepared, network)
    except EOFError:
        _show("\n" + _("Nothing was sent."))
    except KeyboardInterrupt:
        _show("\n" + _("Nothing was sent."))
        raise
    return None


def _asked(
    asked: "Asked",
    prepared: "Prepared",
    network: "Network",
) -> "Prepared | None":
    from probe.pipeline.request import prepare

    known = memory.here()
    remembered = known.controls()
    person = consent.Person(show=_show, ask=_ask)
    facts = facts_of(prepared, network, asked.command)
    if asked.trials:
        return _agreed(prepared, consent.agreed(facts, person, None))
    facts = replace(facts, is_kept=not asked.ephemeral)
    new_here = remembered is None or known.digest() != facts.digest
    if asked.controls is None and asked.resume is None and new_here:
        chosen = consent.choose_controls(person, remembered)
        prepared = prepare(asked.request(chosen), catalogue=prepared.catalogue, asn_table=prepared.asn_table)
        facts = replace(facts_of(prepared, network, asked.command), is_kept=not asked.ephemeral)
        _show("")
    return _agreed(prepared, consent.agreed(facts, person, None if asked.ephemeral else known))


def _agreed(prepared: "Prepared", yes: bool) -> "Prepared | None":
    if yes:
        return prepared
    _show(_("Nothing was sent."))
    return None


def facts_of(prepared: "Prepared", network: "Network", command: str = "probe run") -> consent.Facts:
    """Return what the screens tell of a prepared run."""
    contacts = prepared.contacts
    hosts = {c.host for c in contacts if c.purpose in ("target", "registry", "path")}
    vantage = prepared.request.vantage
    return consent.Facts(
        command=command,
        inputs=tuple(target.input for target in prepared.targets),
        n_services=len(prepared.services),
        n_hosts=len(hosts),
        n_neutrals=len({c.host for c in contacts if c.purpose in ("neutral", "network")}),
        tiers=tuple(dict.fromkeys(str(target.risk) for target in prepared.targets)),
        minutes=prepared.estimate.seconds / 60,
        megabytes=prepared.estimate.n_bytes / 1_000_000,
        controls=prepared.request.options.controls,
        proxy=prepared.request.options.control_proxy,
        network="|".join(
            (vantage.probe_asn, vantage.probe_network_name, vantage.access_type, *network.system_resolvers())
        ),
        resolvers=tuple(dict.fromkeys(c.host for c in contacts if c.purpose == "resolver")),
        stun=tuple(dict.fromkeys(c.host for c in contacts if c.purpose == "whereabouts")),
        who=tuple(dict.fromkeys(c.host for c in contacts if c.purpose == "who")),
        registries=tuple(dict.fromkeys(c.host for c in contacts if c.purpose == "registry")),
        paths=tuple(dict.fromkeys(c.host for c in contacts if c.purpose == "path")),
        results=str(prepared.request.results),
        speeds=speeds_of(prepared),
    )


def _show(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def _ask(prompt: str) -> str:
    """Ask on stderr, so that stdout holds results only; an end of input raises EOFError."""
    sys.stderr.write(prompt)
    sys.stderr.flush()
    line = sys.stdin.readline(1000)
    if not line:
        raise EOFError
    return line.rstrip("\r\n")
