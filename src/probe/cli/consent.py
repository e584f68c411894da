"""Consent: what will be contacted and who sees it, asked before the first packet.

The answer is remembered as a digest of what was agreed to; another tier, list, control or network has another
digest and is asked about again. High risk is asked about every time.
"""

import hashlib
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from probe.cli import consent_rows
from probe.cli.speeds import NONE, Speeds, cost
from probe.locale import YES, _, ngettext

if TYPE_CHECKING:
    from collections.abc import Callable

    from probe.cli.memory import Memory

TIERS: Final = ("low", "elevated", "high")


class Facts(Struct, frozen=True, kw_only=True):
    """What a run would do, as far as consent is concerned."""

    command: str = "probe run"
    """What was typed, without its options."""
    inputs: tuple[str, ...]
    """Every input that would be measured, neutral ones not counted."""
    n_services: int
    n_hosts: int
    n_neutrals: int
    tiers: tuple[str, ...]
    """The tiers of the inputs, without repetition."""
    minutes: float
    megabytes: float
    controls: tuple[str, ...]
    proxy: str
    network: str
    """What is known of this network without a packet: as declared, and the resolvers configured."""
    resolvers: tuple[str, ...]
    """Resolvers named by the catalogue or --dns that would be asked beside the system's."""
    results: str
    stun: tuple[str, ...] = ()
    """Servers that are asked which address we come from."""
    who: tuple[str, ...] = ()
    """Names that resolvers are asked for because they tell which resolver asks."""
    registries: tuple[str, ...] = ()
    """Hosts that are asked about prefixes and AS numbers."""
    paths: tuple[str, ...] = ()
    """Hosts the way to which is looked at."""
    speeds: Speeds = NONE
    is_kept: bool = True
    """Whether the run stays in `results`."""

    @property
    def tier(self) -> str:
        """The highest tier."""
        return max(self.tiers, key=TIERS.index, default="low")

    @property
    def digest(self) -> str:
        """SHA-256 over tier, list, controls, network, servers: what was consented to, nothing readable."""
        parts = [self.tier, *sorted(self.inputs), "|", *self.controls, self.proxy, "|", self.network]
        parts += ["|", *self.speeds.servers] if self.speeds.servers else []
        return hashlib.sha256("\n".join(parts).encode("utf-8", "backslashreplace")).hexdigest()


class Person(Struct, frozen=True, kw_only=True):
    """Whoever sits before the terminal: shown text, asked for a line."""

    show: "Callable[[str], None]"
    ask: "Callable[[str], str]"
    """Raises EOFError when the answer will never come."""


def screen(facts: Facts) -> str:
    """Return who sees what: the text that consent is asked on."""
    from probe.report.show import visible

    named = (
        _("OONI's public test helpers") if c == "ooni" else visible(c)
        for c in (*facts.controls, facts.proxy)
        if c
    )
    helper = ", ".join(named) or _("none chosen")
    rows = (
        (
            _("your operator"),
            _(
                "sees which hosts your line contacts, their names and when, and may "
                "have to keep that for years. "
                "The pattern itself shows that a measuring tool runs."
            ),
        ),
        (
            _("resolvers"),
            _("see every name asked for: the one this system uses, and for comparison {others}.").format(
                others=", ".join(map(visible, facts.resolvers)) or _("no other")
            ),
        ),
        (
            _("helper ({helper})").format(helper=helper),
            _("learns which targets you measure, when, and the address you come from.")
            if facts.controls or facts.proxy
            else _("nobody elsewhere learns what you measure; nothing is compared with elsewhere either."),
        ),
        (
            _("the hosts themselves"),
            _("see a short visit from your address, without cookies, accounts or a browser's traces."),
        ),
        *consent_rows.stun(facts.stun),
        *consent_rows.who(facts.who),
        *consent_rows.registries(facts.registries),
        *consent_rows.paths(facts.paths),
        *_servers(facts.speeds),
        (
            _("household or employer"),
            _("whoever runs this network or this machine can see what the operator sees."),
        ),
        (_("this disk"), _this_disk(facts).format(results=visible(facts.results, 1000))),
    )
    lines = [_("Who sees what")]
    for who, what in rows:
        lines += _wrapped(f"{who}{_(': ')}{what}", indent=2, width=80, hanging=2)
    return "\n".join(lines)


def _this_disk(facts: Facts) -> str:
    if not facts.is_kept:
        return _("keeps nothing: the run lies in {results} and is removed when the command ends.")
    return _(
        "keeps the run in {results}, without your own address. `probe forget` "
        "removes it and says what "
        "it cannot remove."
    )


def _servers(speeds: Speeds) -> tuple[tuple[str, str], ...]:
    """Return the row of those who learn targets' names though they are nobody's target."""
    from probe.report.show import visible

    if not speeds.servers:
        return ()
    what = _("see your address and names of targets whose speed is compared there: {servers}.")
    return ((_("neutral servers"), what.format(servers=", ".join(map(visible, speeds.servers)))),)


def counts(facts: Facts) -> str:
    """Return how many hosts, how long and how much: the last lines before the question."""
    reached = (
        ngettext(
            "This will contact {n} host for {services}, and {neutrals} neutral sites to compare with.",
            "This will contact {n} hosts for {services}, and {neutrals} neutral sites to compare with.",
            facts.n_hosts,
        )
        if facts.n_services
        else ngettext(
            "This will contact {n} neutral site and no other.",
            "This will contact {n} neutral sites and no other.",
            facts.n_neutrals,
        )
    )
    n = facts.n_hosts if facts.n_services else facts.n_neutrals
    lines = (
        reached.format(n=n, services=_services(facts.n_services), neutrals=facts.n_neutrals),
        _("About {minutes} min and {mb:.0f} MB. Highest risk tier: {tier}.").format(
            minutes=minutes(facts.minutes * 60), mb=max(facts.megabytes, 1), tier=_tier(facts.tier)
        ),
        " ".join(cost(facts.speeds)),
        _("`{command} --dry-run` with the same options names every host.").format(command=facts.command),
    )
    return "\n".join(wrapped for line in lines for wrapped in _wrapped(line, indent=0, width=80))


def minutes(seconds: float) -> str:
    """Return minutes as they are said: whole ones, tenths below one."""
    return f"{seconds / 60:.0f}" if seconds >= 60 else f"{max(seconds / 60, 0.1):.1f}"


def _services(n: int) -> str:
    return ngettext("{n} service", "{n} services", n).format(n=n)


def _tier(tier: str) -> str:
    return {"low": _("low"), "elevated": _("elevated"), "high": _("high")}[tier]


def _wrapped(text: str, indent: int, width: int = 76, hanging: int = 0) -> list[str]:
    import textwrap

    margin = " " * indent
    return textwrap.wrap(
        text,
        width,
        initial_indent=margin,
        subsequent_indent=margin + " " * hanging,
        break_on_hyphens=False,
    )


def _warnings(tiers: tuple[str, ...]) -> tuple[tuple[str, str, str], ...]:
    """Return (tier, what to weigh, what to type) for every screen of its own that these tiers need."""
    screens = (
        (
            "elevated",
            _(
                "Some of these targets may draw attention where you are: to be seen "
                "contacting them can lead to "
                "questions. Leave them out if you would not visit them from this line on any other day."
            ),
            "",
        ),
        (
            "high",
            _(
                "Some of these targets are banned where some volunteers live, or are "
                "said to be extremist or made "
                "for circumvention: there, a visit alone may be punished. Nothing this "
                "program does hides the "
                "visit. If in doubt, stop here and ask somebody you trust who knows the law."
            ),
            _("I understand"),
        ),
    )
    return tuple(screen for screen in screens if screen[0] in tiers)


def choose_controls(person: Person, remembered: tuple[str, ...] | None) -> tuple[str, ...]:
    """Ask who may fetch the same from elsewhere; an empty answer is the one remembered, else nobody."""
    usual = "3" if not remembered else "2" if remembered == ("ooni",) else "1"
    person.show(
        "\n".join(
            (
                _("Nothing is sent before you have agreed."),
                "",
                _("Who may fetch the same from elsewhere, at the same time?"),
                *_wrapped(
                    _(
                        "Without it, much that fails here stays inconclusive: it cannot be "
                        "told from a site that "
                        "is down for everybody."
                    ),
                    indent=2,
                ),
                "  1  " + _("a helper of your campaign; you type its address"),
                "  2  " + _("OONI's public test helpers"),
                "  3  " + _("nobody"),
            )
        )
    )
    while True:
        answer = person.ask(_("Type 1, 2 or 3 [{usual}]: ").format(usual=usual)).strip() or usual
        if answer == "2":
            return ("ooni",)
        if answer == "3":
            return ()
        if answer == "1":
            known = remembered[0] if usual == "1" and remembered else ""
            prompt = _("Its https:// address [{known}]: ") if known else _("Its https:// address: ")
            address = person.ask(prompt.format(known=known)).strip() or known
            if address.startswith("https://") and len(address) > len("https://"):
                return (address,)
        person.show(_("That was not understood."))


def agreed(facts: Facts, person: Person, memory: "Memory | None") -> bool:
    """Show the screens this run needs, and ask; True if all were agreed to, now or the last time.

    Without a memory it is asked about every time, and what is remembered of runs stays.
    """
    if memory is not None and facts.tier != "high" and memory.digest() == facts.digest:
        return True
    person.show(screen(facts))
    for _tier_name, text, phrase in _warnings(facts.tiers):
        person.show("\n" + "\n".join(_wrapped(text, indent=0)))
        if phrase:
            said = person.ask(_('Type "{phrase}" to include them: ').format(phrase=phrase))
            if said.strip().casefold() != phrase.casefold():
                return False
        elif not _yes(person.ask(_("Include them? [y/N] "))):
            return False
    person.show("\n" + counts(facts))
    if not _yes(person.ask(_("Start? [y/N] "))):
        return False
    if memory is not None:
        memory.remember(controls=facts.controls, digest=facts.digest)
    return True


def _yes(answer: str) -> bool:
    """Whether the answer is yes, in any of the languages."""
    return answer.strip().casefold() in YES
