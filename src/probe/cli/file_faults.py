"""What is wrong with a file or an address that somebody named, and what to type next, in the language in use.

The packages that read files say it in English, which is what their errors hold and what files keep.
"""

import re
from functools import lru_cache
from typing import Final

from probe.locale import N_, _, spoken

PHRASES: Final = (
    # runs, baselines, records of OONI
    N_("cannot be read: {0}"),
    N_("cannot be written: {0}"),
    N_("cannot be made: {0}"),
    N_("larger than {0} bytes"),
    N_("longer than {0} bytes"),
    N_("not what is expected: {0}"),
    N_("not a measurement: {0}"),
    N_("not a verdict: {0}"),
    N_("no OONI measurement: {0}"),
    N_("more than {0} lines"),
    N_("no run: {0} is missing"),
    N_("no such blob"),
    N_("the blob was changed"),
    N_("this run is sealed"),
    N_("another probe is writing to this run"),
    N_("prev_sha256 does not fit: {0}"),
    N_("the chain begins elsewhere"),
    N_("line {0} was changed or removed"),
    N_("written for schema {0}, this program reads {1}"),
    N_("duplicate target {0}"),
    N_("more than {0} targets"),
    N_("recorded_utc has no time zone"),
    N_("Add a Z to it."),
    N_("Delete one of them."),
    N_("Split the file."),
    N_("Split the list it was recorded from."),
    N_("Record it again: probe baseline record all -o FILE"),
    N_("Name a folder below results/ that `probe run` wrote."),
    N_("The file is not as it was written: use an untouched copy of the run."),
    N_("The run is incomplete: use an untouched copy."),
    N_("It was cut off before anything was measured: begin a new run."),
    N_("A sealed run never changes; give -o to write elsewhere."),
    N_("Free some disk space; what was written before is kept."),
    N_("Choose a place that you may write to."),
    N_("Too many files are open: try a smaller --concurrency."),
    N_("Write it again: probe judge {0}"),
    N_("Give OONI measurements as JSON Lines, one measurement a line, uncompressed."),
    # lists and single addresses
    N_("duplicate URL {0}, first on line {1}"),
    N_("the list holds no URL"),
    N_("the header lacks {0}"),
    N_("not CSV: {0}"),
    N_("{0} fields instead of {1}"),
    N_("a line longer than {0} bytes"),
    N_("more than {0} rows"),
    N_("not UTF-8 text"),
    N_("{0} is no category code"),
    N_("the input does not begin with {0}"),
    N_("the input holds a user name or password"),
    N_("the input holds a space or an invisible character"),
    N_("the input is empty"),
    N_("the input is longer than {0} characters"),
    N_("the input has no host"),
    N_("{0} is no address of the public internet"),
    N_("{0} is no host name"),
    N_("{0} is neither a name nor an address"),
    N_("{0}:// needs an address, not a name"),
    N_("{0}:// needs a port"),
    N_("port 0 cannot be measured"),
    N_("not a URL: {0}"),
    N_("{0} is no top-level zone, as zone://ru is"),
    N_("Add a line below the header: https://…,MISC,,,,"),
    N_("Make the first line: {0}"),
    N_('Check the double quotes: inside a quoted field they are written twice ("").'),
    N_("Check the path given to --list."),
    N_("Delete one of the two lines."),
    N_("Is this a list of URLs?"),
    N_("Put text that holds a comma between double quotes."),
    N_("Save the list as UTF-8."),
    N_("Split the list."),
    N_("Write Citizen Lab's code, as in NEWS, or leave it empty."),
    N_("Write the whole URL, beginning with {0}."),
    # apps, registries
    N_("an app has three parts: shop, app, country"),
    N_("{0} is no shop"),
    N_("{0} is no app of this shop"),
    N_("{0} is no country"),
    N_("Did you mean {0}?"),
    N_("Type two letters of ISO 3166, as in ru, kz or us."),
    N_("{0} is neither a prefix nor an AS number"),
    N_("Type an AS number, as in registry://AS3333, or a prefix, as in registry://193.0.0.0/21."),
    # tunnels
    N_("no keys of a tunnel"),
    N_("the key is not of its size"),
    N_("no server"),
    N_("no server: {0}"),
    N_("no {0} in [{1}]"),
    N_("the file that {0} names is not there"),
    N_("a certificate or key that cannot be read"),
    N_("Add a line: remote host port udp"),
    N_("Copy the line as you were given it: obfs4 1.2.3.4:443 FINGERPRINT cert=… iat-mode=0"),
    N_("Copy the line whole, with its last character, =."),
    N_("Copy the whole file as your provider gave it."),
    N_("Put it beside the profile."),
    N_("Write Endpoint = host:port."),
)
"""Sentences of `probe.store` and `probe.targets` that whoever measures or passes on may meet; those for
authors of the catalogue stay in English. The first that fits a text is its translation's."""


def said(text: str) -> str:
    """Return a problem or a hint in the language in use; as it was written where the table lacks it."""
    if spoken() == "en":
        return text
    for pattern, phrase in _patterns():
        if found := pattern.fullmatch(text):
            return _(phrase).format(*(said(part) for part in found.groups()))
    head, colon, rest = text.partition(": ")
    told = said(rest) if colon else rest
    return text if told == rest else head + _(": ") + told


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple(
        (re.compile(re.sub(r"\\\{\d\\\}", "(.+)", re.escape(phrase)), re.DOTALL), phrase)
        for phrase in PHRASES
    )
