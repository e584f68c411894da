"""The closed vocabularies as a person says them; the codes stay in the files."""

from typing import Final

from probe.locale import N_, _
from probe.report.show import visible

STATES: Final = {
    "reachable": N_("reachable"),
    "throttled": N_("throttled"),
    "blocked": N_("blocked"),
    "geoblocked": N_("geoblocked"),
    "down": N_("down"),
    "inconclusive": N_("inconclusive"),
}

STATES_MEAN: Final = {
    "throttled": N_("It answers, far slower than its control."),
    "geoblocked": N_("The service itself refuses visitors from here; why it does so was not measured."),
    "down": N_("It fails in the same way for the controls."),
    "inconclusive": N_("The evidence carries no verdict. This is no all-clear."),
}

STATES_COUNTED: Final = {
    "reachable": N_("Targets that are reachable."),
    "throttled": N_("Targets that are throttled."),
    "blocked": N_("Targets that are blocked."),
    "geoblocked": N_("Targets that are geoblocked."),
    "down": N_("Targets that are down."),
    "inconclusive": N_("Targets that are inconclusive."),
}
"""What a column that counts a state holds."""
STATES_HOW: Final = {
    "reachable": N_("answers"),
    "throttled": N_("slow"),
    "blocked": N_("kept from answering"),
    "geoblocked": N_("the service itself refuses"),
    "down": N_("fails for the controls too"),
    "inconclusive": N_("not enough evidence"),
}

MECHANISMS: Final = {
    "dns.nxdomain": N_("the resolver denies that the name exists"),
    "dns.servfail": N_("the resolver fails for this name"),
    "dns.refused": N_("the resolver refuses to answer for this name"),
    "dns.no_answer": N_("the resolver gives the name no address"),
    "dns.timeout": N_("the resolver is silent about this name"),
    "dns.bogon": N_("the resolver gives an address where nothing public can live"),
    "dns.blockpage": N_("the resolver gives the address of a block page"),
    "dns.injected": N_("a forged DNS answer arrives before the true one"),
    "dns.hijacked": N_("the resolver gives addresses that are not the service's"),
    "dns.intercepted": N_("DNS questions to this resolver are answered by another"),
    "ip.unreachable": N_("the network says the address cannot be reached"),
    "tcp.timeout": N_("connections to the address go unanswered"),
    "tcp.reset": N_("connections to the address are reset"),
    "tcp.refused": N_("connections to the address are refused"),
    "tls.reset": N_("the encrypted connection is reset while it opens"),
    "tls.timeout": N_("the encrypted connection falls silent while it opens"),
    "tls.eof": N_("the encrypted connection is closed while it opens"),
    "tls.mitm": N_("somebody else's certificate is shown"),
    "http.blockpage": N_("a block page comes instead"),
    "http.redirect": N_("a redirect leads to a block page"),
    "http.reset": N_("the connection is reset after the request"),
    "http.timeout": N_("the connection falls silent after the request"),
    "http.eof": N_("the connection is closed after the request"),
    "quic.timeout": N_("QUIC goes unanswered"),
    "quic.reset": N_("QUIC is reset"),
    "throughput.policed": N_("slow: packets beyond a fixed rate are dropped"),
    "throughput.shaped": N_("slow: packets are held back in a queue"),
    "throughput.frozen": N_("the transfer freezes after a fixed amount"),
    "throughput.lossy": N_("slow: packets are lost here and there"),
    "throughput.slow": N_("slow"),
    "network.none": N_("nothing wrong with this network"),
    "network.shutdown": N_("nothing answers, at home or abroad"),
    "network.domestic_only": N_("only white-listed sites of this country answer"),
    "network.captive_portal": N_("a sign-in page stands before everything"),
    "network.degraded": N_("this network is far slower than it used to be"),
    "zone.bogus": N_("the zone's signatures do not hold"),
    "zone.lame": N_("a name server does not serve its zone"),
    "zone.inconsistent": N_("name servers of the zone disagree"),
    "zone.withdrawn": N_("the zone was withdrawn"),
    "store.delisted": N_("no longer listed in the shop"),
    "vpn.handshake": N_("the VPN handshake fails"),
    "vpn.data": N_("the VPN opens and carries nothing"),
}

TRIGGERS: Final = {
    "sni": N_("triggered by the name"),
    "host": N_("triggered by the name"),
    "ip": N_("triggered by the address"),
}

REASONS: Final = {
    "NO_CONTROL": N_("nothing to compare with"),
    "CONTROL_FAILED": N_("the control failed"),
    "CONTROL_UNCALIBRATED": N_("slow for its own name; the server may do that itself"),
    "INTERMITTENT": N_("it failed sometimes"),
    "DISCORDANT_RERUN": N_("it failed differently each time"),
    "UNCONFIRMED": N_("seen, not confirmed"),
    "RESIDUAL_WINDOW": N_("an earlier block may still have been in force"),
    "CONTENT_DIFFERS": N_("the content differs from the control's"),
    "SERVER_REFUSED": N_("the server refused the handshake"),
    "AMBIGUOUS_REFUSAL": N_("refused, and it does not show by whom"),
    "FAMILY_UNAVAILABLE": N_("this network lacks the address family"),
    "LOCAL_INTERCEPTION": N_("something on this machine or in this home intervenes"),
    "CAPTIVE_PORTAL": N_("a sign-in page stands before everything"),
    "RESOLVER_FAILED": N_("the resolver fails for everything"),
    "DOMESTIC_ONLY": N_("nothing abroad answers"),
    "SHUTDOWN": N_("nothing answers at all"),
    "NO_NETWORK": N_("no network"),
    "NETWORK_CHANGED": N_("the network changed during the run"),
    "CLOCK_UNTRUSTED": N_("this machine's clock may be wrong"),
    "LINK_TOO_SLOW": N_("this link is too slow to tell"),
    "CONTROL_NOISY": N_("the control varies too much"),
    "TOO_FEW_PAIRS": N_("too few pairs to compare"),
    "SLOW_NOT_NAME_DEPENDENT": N_("slow, whatever the name"),
    "PMTU_OR_SERVER": N_("large packets or the server may be the cause"),
    "EFFECT_BELOW_FLOOR": N_("somewhat slow, too little to tell on this link"),
    "BACKGROUND_TRAFFIC": N_("other programs used the link"),
    "BUDGET_SPENT": N_("the limit of time or data was reached"),
    "NETWORK_DEGRADED": N_("this network is far slower than it used to be"),
    "NOT_MEASURED": N_("not measured"),
}

CAVEATS: Final = {
    "BYPASS_ACTIVE": N_(
        "a VPN, proxy or similar tool is active: this may not be what the operator's line shows"
    ),
    "OPERATOR_UNCERTAIN": N_("it is not certain whose network this is"),
}

LOCATED: Final = {
    "resolver": N_("at the resolver"),
    "operator_network": N_("in the operator's network"),
    "path": N_("on the path"),
    "path_or_target": N_("on the path or at the target's side"),
    "server": N_("at the server"),
    "unknown": N_("place unknown"),
}

CONTROLS: Final = {
    "cross": N_("crossed names and addresses"),
    "resolver": N_("another resolver"),
    "test_helper": N_("a helper elsewhere"),
    "proxy": N_("a proxy elsewhere"),
    "baseline": N_("a baseline"),
    "neutral": N_("neutral sites here"),
    "none": N_("nothing"),
}

ACCESS: Final = {"fixed": N_("fixed line"), "mobile": N_("mobile"), "wifi": N_("wireless network")}
"""Kinds of line, as the volunteer states them."""
WORDING: Final = {
    "path": N_(
        "Traffic bearing these names, or going to these addresses, was treated differently on the path of "
        "subscribers of {operator}; these data do not show by whose equipment or order."
    ),
    "path_or_target": N_(
        "Traffic of subscribers of {operator} to these addresses was treated "
        "differently; these data do not show by whose equipment or order."
    ),
    "operator_network": N_(
        "A page, address or router known as the operator's own answered in "
        "place of the service; these data do "
        "not show by whose order."
    ),
    "resolver": N_(
        "The resolver answered subscribers of {operator} differently from "
        "others asked at the same time; these "
        "data do not show by whose order."
    ),
    "server": N_("The difference arose at the server's side."),
    "unknown": N_("These data do not show where, by whose equipment or by whose order."),
}
"""What may be said of an accusation, by where the evidence locates it: never more than it shows."""


WARNINGS: Final = (
    N_("Stopping: what is in flight is being written. Once more ends at once."),
    N_("Stopping: the verdicts are being written. Once more ends at once."),
    N_("Stopped before the verdicts were written. What makes them"),
    N_("A fault of this program, not of the network"),
)
"""What a run warns of; after the last two stand a colon and what to type, or where it happened."""


def warning(text: str) -> str:
    """Return a run's warning in the language in use, safe to look at."""
    head, colon, rest = text.partition(": ")
    said = text
    if text in WARNINGS:
        said = _(text)
    elif colon and head in WARNINGS:
        said = _(head) + _(": ") + rest
    return _("Warning: {text}").format(text=visible(said, 600))


def mechanism(code: str) -> str:
    """Return `tls.reset.sni` in words; an unknown code as it is; nothing for none."""
    if not code:
        return ""
    layer, _dot, rest = code.partition(".")
    what, _dot, trigger = rest.partition(".")
    words = MECHANISMS.get(f"{layer}.{what}")
    if words is None:
        return visible(code, 60)
    if trigger not in TRIGGERS:
        return _(words)
    return _("{what}, {trigger}").format(what=_(words), trigger=_(TRIGGERS[trigger]))


def place(located: str, mechanism: str) -> str:
    """Return the key of `LOCATED` and `WORDING`.

    What does not depend on a name looks the same where a server itself turns subscribers away.
    """
    layer, _dot, rest = mechanism.partition(".")
    by_address = layer in {"tcp", "ip"} or rest == "frozen" or rest.endswith(".ip")
    return "path_or_target" if located == "path" and by_address else located


def operator(asn: str) -> str:
    """Return the network as a sentence names it, safe to look at."""
    return _("this network (operator not declared)") if asn in ("", "AS0") else visible(asn, 20)


def sentence(text: str) -> str:
    """Return words as a sentence: a capital first, a full stop last."""
    return f"{text[:1].upper()}{text[1:]}."
