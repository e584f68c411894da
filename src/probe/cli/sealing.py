"""What `probe evidence seal` and `probe evidence verify` print, and how they end."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final

from probe.cli import exits
from probe.locale import _, ngettext
from probe.report.show import visible

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from probe.evidence.fault import Fault
    from probe.evidence.signature import Signature
    from probe.evidence.token import Token
    from probe.pipeline.sealing import Refused, Sealed
    from probe.pipeline.verifying import Verified

TIME_FORMAT: Final = "%Y-%m-%dT%H:%M:%SZ"
_LONGEST: Final = 400
"""Characters of a line that came from a bag."""


def seal_run(run: Path, out: Path | None, at: datetime | None, *, as_json: bool) -> int:
    """Seal, tell, and return the exit code: 1 where the run was not sealed for what is in it."""
    from probe.pipeline.sealing import Refused, seal

    done = seal(run, out, at)
    if isinstance(done, Refused):
        return _tell_refused(run, done, as_json=as_json)
    if as_json:
        return _print(_sealed_json(done))
    _show(
        _("Sealed: {bag}").format(bag=visible(str(done.bag), 1000)),
        _("As one file: {zip}").format(zip=visible(str(done.zip), 1000)),
        _("Root hash: {root}").format(root=done.root_sha256),
        _files(done.n_files, done.n_bytes),
        *([_("It was made in the built-in lab: it is evidence of nothing.")] if done.simulated else []),
        "",
        _("Write the root hash into the letter, or publish it: it is what everybody compares with."),
        _("A bag holds everything that the run holds, exact times too: give it only to whom you mean."),
        _("VERIFY.txt in it says how a stranger checks it without this program."),
    )
    return exits.OK


def verify_bag(path: Path, root: str, *, as_json: bool) -> int:
    """Verify, tell each fault on a line, and return the exit code: 1 where there is one."""
    from probe.pipeline.verifying import verify

    done = verify(path, root)
    code = exits.FAIL_ON if done.faults.n else exits.OK
    if as_json:
        _print(_verified_json(path, done))
        return code
    for fault in done.faults.kept:
        _show(_line(fault))
    if more := done.faults.n - len(done.faults.kept):
        _show(ngettext("and {n} more fault", "and {n} more faults", more).format(n=more))
    if {fault.code for fault in done.faults.kept} == {"root"}:
        _show(_("This bag fits together: it is another one than was meant, or the hash was mistyped."))
    elif done.faults.n:
        _show(_("This bag was altered, or was sealed with what does not fit together."))
    _show(*_told(done, root))
    return code


def _tell_refused(run: Path, refused: Refused, *, as_json: bool) -> int:
    """Say why a run was not sealed; of what was found only what redaction would leave of it."""
    if as_json:
        _print(
            {
                "run": str(run),
                "sealed": False,
                "residues": [
                    {"file": one.file, "line": one.line, "category": one.category, "excerpt": one.excerpt}
                    for one in refused.residues
                ],
                "faults": [_fault_json(fault) for fault in refused.faults],
            }
        )
        return exits.FAIL_ON
    for one in refused.residues:
        place = f"{one.file}:{one.line}" if one.line else one.file
        _show(f"{visible(place, _LONGEST)}: {one.category}: {visible(one.excerpt, _LONGEST)}")
    for fault in refused.faults:
        _show(_line(fault))
    if refused.residues:
        exits.tell(
            _("{run} was not sealed: it may still name whoever measured, in the places above.").format(
                run=run
            ),
            _(
                "Sealing edits nothing. Names of this machine count too: seal where the run was measured,"
                " or measure again with this version."
            ),
        )
    else:
        exits.tell(
            _("{run} was not sealed: what lies in it does not fit together.").format(run=run),
            _("Judge it again, then seal it: probe judge {run}").format(run=run),
        )
    return exits.FAIL_ON


def _line(fault: Fault) -> str:
    """Return a fault as one line: where, then what."""
    place = f"{fault.file}:{fault.line}" if fault.line else fault.file
    where = f"{visible(place, _LONGEST)}: " if place else ""
    return where + visible(fault.sentence(), 2 * _LONGEST)


def _told(done: Verified, root: str) -> list[str]:
    """Return what was found, and what it proves."""
    from probe.evidence import guide

    lines: list[str] = []
    found, judging = done.checked, done.judging
    if found is not None:
        lines += [
            _("Root hash: {root}").format(root=found.root_sha256 or "-"),
            _files(found.n_files, found.n_bytes),
        ]
        if not root:
            lines.append(_("No --root was given: compare this hash with the one that was published."))
    if judging is not None:
        lines += [*_judged(done), *not_checked(done)]
        if judging.simulated:
            lines.append(_("It was made in the built-in lab: it is evidence of nothing."))
    lines += [_signed(done.signature), _stamped(done.token), "", *guide.proofs()]
    return lines


def _judged(done: Verified) -> list[str]:
    judging = done.judging
    if judging is None:
        return []
    if judging.again:
        sentence = ngettext(
            "{n} verdict was judged again from the measurements, by the same rules.",
            "{n} verdicts were judged again from the measurements, by the same rules.",
            judging.n_verdicts,
        )
        came = [_("All came out the same.")] if not done.faults.n else []
        return [" ".join((sentence.format(n=judging.n_verdicts), *came))]
    return []


def not_checked(done: Verified) -> list[str]:
    """Return what nobody looked at, because other rules or another version made it."""
    judging, lines = done.judging, []
    if judging is None:
        return [_("Not checked: whether the verdicts follow from the measurements.")]
    if not judging.again:
        head = _(
            "Not checked: whether the verdicts follow from the measurements. They were made by other rules"
            " ({n}) or fingerprints than this program's."
        )
        lines.append(head.format(n=judging.rules_version))
        if judging.problem:
            text = _("This program's rules cannot judge them: {problem}")
            lines.append(text.format(problem=visible(judging.problem, _LONGEST)))
        elif judging.differences:
            lines.append(_("Judged by this program's rules, these differ, in the fields named:"))
            lines += [f"  {visible(each, _LONGEST)}" for each in judging.differences]
        else:
            lines.append(_("Judged by this program's rules, no field of any verdict differs."))
    if not judging.same_version:
        text = _(
            "Not checked: VERIFY.txt, the tables' description, and the order of columns and keys. Version"
            " {version} made the run; only the version that made run and bag can compare them."
        )
        lines.append(text.format(version=visible(judging.software)))
    return lines


def _signed(signature: Signature) -> str:
    if signature.state == "good":
        return _("Signature: good, by the key {fingerprint}").format(fingerprint=signature.fingerprint)
    return _("Signature: none") if signature.state == "none" else _("Signature: bad")


def _stamped(token: Token) -> str:
    if token.state == "good" and token.time:
        return _("Time stamp: good, {time}, by {authority}").format(
            time=token.time.strftime(TIME_FORMAT), authority=visible(token.authority)
        )
    return _("Time stamp: none") if token.state == "none" else _("Time stamp: bad")


def _files(n_files: int, n_bytes: int) -> str:
    sentence = ngettext(
        "{n} file below data/, {bytes} bytes", "{n} files below data/, {bytes} bytes", n_files
    )
    return sentence.format(n=n_files, bytes=n_bytes)


def _sealed_json(done: Sealed) -> dict[str, Any]:
    return {
        "run_id": done.run_id,
        "sealed": True,
        "bag": str(done.bag),
        "zip": str(done.zip),
        "root_sha256": done.root_sha256,
        "n_files": done.n_files,
        "n_bytes": done.n_bytes,
        "generated_utc": done.generated_utc,
        "simulated": done.simulated,
    }


def _verified_json(path: Path, done: Verified) -> dict[str, Any]:
    from probe.evidence import guide

    found, judging = done.checked, done.judging
    return {
        "bag": str(path),
        "ok": not done.faults.n,
        "n_faults": done.faults.n,
        "faults": [_fault_json(fault) for fault in done.faults.kept],
        "run_id": judging.run_id if judging else None,
        "simulated": judging.simulated if judging else None,
        "root_sha256": found.root_sha256 if found else None,
        "n_files": found.n_files if found else None,
        "n_bytes": found.n_bytes if found else None,
        "generated_utc": found.generated_utc if found else None,
        "rules_version": judging.rules_version if judging else None,
        "judged_again": judging.again if judging else False,
        "differences": list(judging.differences) if judging else [],
        "not_checked": not_checked(done),
        "signature": {
            "state": done.signature.state,
            "problem": done.signature.problem,
            "fingerprint": done.signature.fingerprint,
            "identity": done.signature.identity,
        },
        "token": {
            "state": done.token.state,
            "problem": done.token.problem,
            "time": done.token.time.strftime(TIME_FORMAT) if done.token.time else None,
            "authority": done.token.authority,
            "authority_sha256": done.token.authority_sha256,
        },
        "proves": list(guide.proofs()),
    }


def _fault_json(fault: Fault) -> dict[str, Any]:
    return {"code": fault.code, "file": fault.file, "line": fault.line, "says": fault.sentence()}


def _print(fields: dict[str, Any]) -> int:
    sys.stdout.write(json.dumps(fields) + "\n")
    return exits.OK


def _show(*lines: str) -> None:
    for line in lines:
        sys.stdout.write(line + "\n")
