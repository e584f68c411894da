"""`--dry-run`: every host that would be contacted, who sees it, how long and how much; nothing is sent."""

import sys
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from probe.cli.consent import minutes
from probe.cli.speeds import Speeds, cost, speeds_of
from probe.cli.terminal import console
from probe.locale import N_, _, ngettext
from probe.report.console_text import paragraph, unpadded
from probe.report.show import visible

if TYPE_CHECKING:
    from probe.pipeline.request import Prepared

PURPOSES = {
    "target": N_("to be measured"),
    "registry": N_("asked about what you named: a prefix or AS number"),
    "path": N_("only the way there is looked at, hop by hop"),
    "neutral": N_("neutral, to compare with"),
    "network": N_("to find sign-in pages and interception"),
    "resolver": N_("resolver, asked for names"),
    "whereabouts": N_("tells the address you come from, to detect your AS"),
    "who": N_("only asked of resolvers: tells them which resolver asked"),
    "control": N_("helper, fetches the same from elsewhere"),
    "proxy": N_("proxy, fetches the same from elsewhere"),
}
SEERS = {
    "operator": N_("operator"),
    "resolver": N_("resolver"),
    "target": N_("the host"),
    "helper": N_("helper"),
    "proxy": N_("proxy"),
}


def tell(prepared: "Prepared", *, json_lines: bool = False) -> None:
    """Print on stdout what such a run would do; as JSON Lines, the hosts there and the sums on stderr."""
    if json_lines:
        _write_json(prepared)
    else:
        _draw(prepared)
    out = console(sys.stderr if json_lines else sys.stdout)
    for line in _sums(prepared):
        paragraph(out, line, "", out.width)


def _write_json(prepared: "Prepared") -> None:
    """Write one JSON object a host and service: host, purpose, service, seen_by."""
    import json

    for c in prepared.contacts:
        line = {"host": c.host, "purpose": c.purpose, "service": c.service, "seen_by": c.seen_by}
        sys.stdout.write(json.dumps(line, ensure_ascii=True) + "\n")


def _draw(prepared: "Prepared") -> None:
    """Draw the hosts, by what they are for and who sees it."""
    out = console(sys.stdout)
    groups: dict[tuple[str, tuple[str, ...]], dict[str, dict[str, None]]] = {}
    for contact in prepared.contacts:
        services = groups.setdefault((contact.purpose, contact.seen_by), {})
        services.setdefault(contact.service, {})[visible(contact.host, 253)] = None
    for (purpose, seen_by), services in groups.items():
        who = ", ".join(_(SEERS.get(one, one)) for one in seen_by)
        heading = _("{purpose}; seen by: {who}").format(purpose=_(PURPOSES.get(purpose, purpose)), who=who)
        out.print(Text(heading, style="bold"))
        table = Table(box=None, show_header=False, padding=(0, 0, 0, 2))
        for _column in range(2):
            table.add_column(overflow="fold")
        for service, hosts in services.items():
            table.add_row(Text(visible(service, 60) or purpose), Text(", ".join(hosts)))
        unpadded(out, table)


def _sums(prepared: "Prepared") -> tuple[str, ...]:
    """Return how many hosts, how long, how much."""
    estimate, n = prepared.estimate, len({c.host for c in prepared.contacts if c.purpose != "who"})
    return (
        ngettext("{n} host would be contacted.", "{n} hosts would be contacted.", n).format(n=n),
        _("About {minutes} min and {mb:.1f} MB; never more than {most} min and {most_mb:.1f} MB.").format(
            minutes=minutes(estimate.seconds),
            mb=estimate.n_bytes / 1_000_000,
            most=minutes(estimate.max_seconds),
            most_mb=estimate.max_bytes / 1_000_000,
        ),
        *_speeds(speeds_of(prepared)),
        _("Where a site redirects, the hosts it leads to are contacted too, at most ten a site."),
        _("Nothing was sent."),
    )


def _speeds(speeds: Speeds) -> tuple[str, ...]:
    """Return what comparing speeds adds, and who sees which names then."""
    if not speeds.servers:
        return ()
    seen = _(
        "For that, large files are fetched from {servers} under a target's name too: whoever watches the "
        "line sees that name with that much data, and the server sees it with your address."
    ).format(servers=", ".join(visible(server, 253) for server in speeds.servers))
    return (*cost(speeds), seen)
