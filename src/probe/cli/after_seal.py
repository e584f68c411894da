"""What `probe evidence sign` and `probe evidence stamp` ask, show and print."""

from __future__ import annotations

import getpass
import json
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import typer

from probe.cli import exits
from probe.cli.terminal import somebody_is_there
from probe.locale import N_, YES, _

if TYPE_CHECKING:
    from pathlib import Path

TIME_FORMAT: Final = "%Y-%m-%dT%H:%M:%SZ"
LASTING: Final = N_(
    "A lasting key links everything that it ever signed. It is for whoever takes bags in and vouches for"
    " them; a volunteer's bag stays unsigned."
)
PUBLISH: Final = N_(
    "Put this fingerprint into the letter, and publish it where people know you: on your site, in a journal."
    " Inside the bag it proves nothing."
)


def moment(text: str, option: str = "--at") -> datetime:
    """Read a time as `2026-11-22T12:00:00Z`; the clock's where nothing was typed. Raises BadParameter."""
    if not text:
        return datetime.now(UTC)
    with suppress(ValueError):
        return datetime.strptime(text, TIME_FORMAT).replace(tzinfo=UTC)
    raise typer.BadParameter(_("Write it as 2026-11-22T12:00:00Z."), param_hint=option)


def sign_bag(bag: Path, key: Path, identity: str, at: str, *, as_json: bool) -> int:
    """Sign, tell, and return the exit code."""
    from probe.evidence import guide
    from probe.evidence.sshsig import IDENTITY
    from probe.pipeline.signing import sign

    if not IDENTITY.fullmatch(identity):
        raise typer.BadParameter(
            _("Letters, digits and . _ @ + - only, at most 64 of them."), param_hint="--identity"
        )
    _refuse_broken(bag)
    done = sign(bag, key, identity, moment(at), _passphrase)
    signature = done.signature
    if as_json:
        return _print(
            {
                "bag": str(bag),
                "root_sha256": done.root_sha256,
                "fingerprint": signature.fingerprint,
                "identity": signature.identity,
                "minisign_key": signature.minisign_key,
                "zip": str(done.zip) if done.zip else None,
            }
        )
    _root, signature_proves, _token, neither = guide.proofs()
    check = f"ssh-keygen -Y verify -f allowed_signers -I {signature.identity} -n probe-evidence"
    _show(
        _("Signed with the key {fingerprint}").format(fingerprint=signature.fingerprint),
        _("The bag's root hash is {root}").format(root=done.root_sha256),
        *_renewed(done.zip),
        "",
        _(PUBLISH),
        signature_proves,
        neither,
        _(LASTING),
        "",
        _("Anybody can check it, in the bag's folder:"),
        f"  {check} -s tagmanifest-sha256.txt.sig < tagmanifest-sha256.txt",
        f"  minisign -V -P {signature.minisign_key} -m tagmanifest-sha256.txt",
    )
    return exits.OK


def stamp_bag(bag: Path, url: str, ca: Path | None, *, yes: bool, as_json: bool) -> int:
    """Say who will see what, ask, have it stamped, tell, and return the exit code."""
    from probe.pipeline.stamping import StampError, ordered, stamp

    order = ordered(bag, url, ca)
    _refuse_broken(bag)
    for line in _seen_by(order.host, order.scheme):
        sys.stderr.write(line + "\n")
    if not yes and not _agreed():
        return exits.NOTHING
    try:
        done = stamp(order)
    except StampError as error:
        from probe.evidence.token import PROBLEMS

        exits.stop(error.problem, error.hint, exits.FAIL_ON if error.code in PROBLEMS else exits.NOTHING)
    token = done.token
    time = token.time.strftime(TIME_FORMAT) if token.time else ""
    if as_json:
        return _print(
            {
                "bag": str(bag),
                "root_sha256": done.root_sha256,
                "time": time,
                "authority": token.authority,
                "authority_sha256": token.authority_sha256,
                "policy": token.policy,
                "serial": token.serial,
                "zip": str(done.zip) if done.zip else None,
            }
        )
    from probe.evidence.guide import proofs
    from probe.report.show import visible

    _root, _signature, token_proves, neither = proofs()
    _show(
        _("Stamped: {time}, by {authority}").format(time=time, authority=visible(token.authority)),
        _("The authority's root certificate has the SHA-256 {hash}").format(hash=token.authority_sha256),
        _("The bag's root hash is {root}").format(root=done.root_sha256),
        *_renewed(done.zip),
        "",
        token_proves,
        _("Compare the hash of the authority's certificate with the one that it publishes itself."),
        neither,
        "",
        _("Anybody can check it, in the bag's folder:"),
        "  openssl ts -verify -data tagmanifest-sha256.txt -in tagmanifest-sha256.txt.tsr -CAfile tsa-ca.pem",
    )
    return exits.OK


def _refuse_broken(bag: Path) -> None:
    """End with 1 where a bag's folder is not as it was sealed: nobody should vouch for that.

    What was not checked of it is said on stderr.
    """
    from probe.cli.sealing import not_checked
    from probe.pipeline.verifying import verify

    done = verify(bag) if bag.is_dir() else None
    for line in not_checked(done) if done is not None else ():
        sys.stderr.write(line + "\n")
    if done is not None and done.faults.n:
        exits.stop(
            _("{bag} is not as it was sealed, and was left alone.").format(bag=bag),
            _("See what is wrong: probe evidence verify {bag}").format(bag=bag),
            exits.FAIL_ON,
        )


def _renewed(zipped: Path | None) -> tuple[str, ...]:
    return (_("The zip beside it was renewed: {file}").format(file=zipped),) if zipped else ()


def _seen_by(host: str, scheme: str) -> tuple[str, ...]:
    """Return what the authority sees, and whoever is on the way."""
    sees = _(
        "{host} will see the address that this machine is connected from, the time, and the bag's root hash,"
        " from which nobody can read the bag. It may keep all three, and publish them."
    )
    plain = _(
        "The question goes in clear: whoever is on the way sees the same. https:// would hide the hash."
    )
    return (sees.format(host=host), *((plain,) if scheme == "http" else ()))


def _agreed() -> bool:
    if not somebody_is_there():
        exits.stop(
            _("Nobody can be asked here: this is no terminal."),
            _("Add --yes if the authority may see that. Nothing was sent."),
        )
    sys.stderr.write(_("Ask it? [y/N] "))
    sys.stderr.flush()
    if sys.stdin.readline(1000).strip().casefold() in YES:
        return True
    sys.stderr.write(_("Nothing was sent.") + "\n")
    return False


def _passphrase() -> str | None:
    """Ask for a key's passphrase on the terminal, unseen; None where nobody is there or says nothing."""
    if not somebody_is_there():
        return None
    with suppress(EOFError):
        return getpass.getpass(_("Passphrase of the key: "), stream=sys.stderr) or None
    return None


def _print(fields: dict[str, Any]) -> int:
    sys.stdout.write(json.dumps(fields, ensure_ascii=False) + "\n")
    return exits.OK


def _show(*lines: str) -> None:
    for line in lines:
        sys.stdout.write(line + "\n")
