"""`--dry-run`: every host that would be contacted, who sees it, how long and how much; nothing is sent."""

import sys
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from probe.cli.terminal import console
from probe.locale import N_, _, ngettext
from probe.report.show import visible

if TYPE_CHECKING:
    from probe.pipeline.request import Prepared

PURPOSES = {
    "target": N_("to be measured"),
    "neutral": N_("neutral, to compare with"),
    "network": N_("to find sign-in pages and interception"),
    "resolver": N_("resolver, asked for names"),
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


def tell(prepared: "Prepared") -> None:
    """Print on stdout what a run with the same options would do."""
    out = console(sys.stdout)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for title in (_("host"), _("service"), _("what for"), _("seen by")):
        table.add_column(title, overflow="fold")
    rows = dict.fromkeys(
        (contact.host, contact.service, contact.purpose, contact.seen_by) for contact in prepared.contacts
    )
    for host, service, purpose, seen_by in rows:
        table.add_row(
            Text(visible(host, 253)),
            Text(visible(service, 60)),
            Text(_(PURPOSES.get(purpose, purpose))),
            Text(", ".join(_(SEERS.get(who, who)) for who in seen_by)),
        )
    out.print(table)
    estimate, hosts = prepared.estimate, len({row[0] for row in rows})
    lines = (
        ngettext("{n} host would be contacted.", "{n} hosts would be contacted.", hosts).format(n=hosts),
        _(
            "About {minutes:.0f} min and {mb:.1f} MB; never more than {most:.0f} min and {most_mb:.1f} MB."
        ).format(
            minutes=max(estimate.seconds / 60, 1),
            mb=estimate.n_bytes / 1_000_000,
            most=estimate.max_seconds / 60,
            most_mb=estimate.max_bytes / 1_000_000,
        ),
        _("Where a site redirects, the hosts it leads to are contacted too, at most ten a site."),
        _("Nothing was sent."),
    )
    for line in lines:
        out.print(Text(line))
