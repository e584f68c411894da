"""The list of parts is CycloneDX, the same bytes each time; and an audit that found nothing out says so."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tools import audit, sbom
from tools.lock import CORE, EVERY, NAME, PROJECT, read_extras, read_lock, with_extras
from tools.source import ROOT, ToolError

LOCK = """\
# made by a resolver
annotated==1.0 \\
    --hash=sha256:{a} \\
    --hash=sha256:{b}
    # via interference-probe (pyproject.toml)
needed==2.1 ; python_full_version < '3.12' \\
    --hash=sha256:{a}
    # via
    #   -c requirements/core.lock
    #   annotated
    #   interference-probe (pyproject.toml)
needed==2.2 ; python_full_version >= '3.12' \\
    --hash=sha256:{b}
    # via annotated
""".format(a="a" * 64, b="b" * 64)


def made(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "tools.sbom", *words],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def of(text: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(sbom.parts(read_lock(text.partition("\n")[2]), "0.1.0"))
    return told


@pytest.mark.parametrize("also", [(), ("--extras",)])
def test_the_list_of_parts_has_the_same_bytes_each_time_and_no_time_in_it(
    also: tuple[str, ...], tmp_path: Path
) -> None:
    one, other = tmp_path / "one.json", tmp_path / "other.json"
    assert made(*also, "-o", str(one), PYTHONHASHSEED="1", TZ="UTC").returncode == 0
    done = made(*also, "-o", str(other), PYTHONHASHSEED="2", TZ="Pacific/Chatham", SOURCE_DATE_EPOCH="1")
    assert (done.returncode, done.stderr) == (0, "")
    assert one.read_bytes() == other.read_bytes()
    told = json.loads(one.read_bytes())
    assert (told["bomFormat"], told["specVersion"]) == ("CycloneDX", "1.6")
    assert "serialNumber" not in told
    assert "timestamp" not in told["metadata"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.json", "other.json"]


def test_every_library_of_the_lock_is_in_the_list_once_with_all_its_hashes() -> None:
    libraries = read_lock(CORE.read_text())
    told = json.loads(sbom.parts(libraries, "0.1.0"))
    assert [(c["name"], c["version"]) for c in told["components"]] == [(p.name, p.version) for p in libraries]
    hashes = [h for c in told["components"] for e in c["externalReferences"] for h in e["hashes"]]
    assert len(hashes) == CORE.read_text().count("--hash=sha256:")
    root = next(d for d in told["dependencies"] if d["ref"] == NAME)
    assert {"httpx", "msgspec", "cryptography"} <= {ref.partition("@")[0] for ref in root["dependsOn"]}


def test_a_library_in_two_versions_is_there_twice_and_both_are_needed() -> None:
    told = of(LOCK)
    assert [c["bom-ref"] for c in told["components"]] == ["annotated@1.0", "needed@2.1", "needed@2.2"]
    assert [c["scope"] for c in told["components"]] == ["required", "optional", "optional"]
    assert {d["ref"]: d.get("dependsOn", []) for d in told["dependencies"]} == {
        "annotated@1.0": ["needed@2.1", "needed@2.2"],
        "interference-probe": ["annotated@1.0", "needed@2.1"],
        "needed@2.1": [],
        "needed@2.2": [],
    }


PYTHON_PROJECT = """\
[project.optional-dependencies]
pictures = ["Fine_Pictures>=1", "annotated"]
words = ["words"]
all = ["interference-probe[pictures,words]"]
"""
EVERY_LOCK = """\
annotated==1.0 \\
    --hash=sha256:{a} \\
    --hash=sha256:{b}
    # via
    #   fine-pictures
    #   interference-probe (pyproject.toml)
fine-pictures==3.0 \\
    --hash=sha256:{a}
    # via interference-probe (pyproject.toml:dev)
linter==4.0 \\
    --hash=sha256:{a}
    # via interference-probe (pyproject.toml:dev)
needed==2.1 ; python_full_version < '3.12' \\
    --hash=sha256:{a}
    # via
    #   annotated
    #   interference-probe (pyproject.toml)
    #   linter
needed==2.2 ; python_full_version >= '3.12' \\
    --hash=sha256:{b}
    # via annotated
shared==5.0 \\
    --hash=sha256:{a}
    # via
    #   fine-pictures
    #   interference-probe (pyproject.toml:dev)
    #   linter
    #   words
words==6.0 ; sys_platform == 'linux' \\
    --hash=sha256:{b}
    # via interference-probe (pyproject.toml:dev)
""".format(a="a" * 64, b="b" * 64)


def test_what_extras_bring_is_optional_and_names_them_and_what_only_tests_need_is_left_out() -> None:
    core, every = read_lock(LOCK.partition("\n")[2]), read_lock(EVERY_LOCK)
    told = json.loads(sbom.parts(with_extras(core, every, read_extras(PYTHON_PROJECT)), "0.1.0"))
    said = {
        c["bom-ref"]: (c["scope"], *(p["value"] for p in c.get("properties", []))) for c in told["components"]
    }
    assert said == {
        "annotated@1.0": ("required",),
        "fine-pictures@3.0": ("optional", "pictures"),
        "needed@2.1": ("optional", "python_full_version < '3.12'"),
        "needed@2.2": ("optional", "python_full_version >= '3.12'"),
        "shared@5.0": ("optional", "pictures", "words"),
        "words@6.0": ("optional", "words", "sys_platform == 'linux'"),
    }
    assert {d["ref"]: d.get("dependsOn", []) for d in told["dependencies"]} == {
        "annotated@1.0": ["needed@2.1", "needed@2.2"],
        "fine-pictures@3.0": ["annotated@1.0", "shared@5.0"],
        "interference-probe": ["annotated@1.0", "fine-pictures@3.0", "needed@2.1", "words@6.0"],
        "needed@2.1": [],
        "needed@2.2": [],
        "shared@5.0": [],
        "words@6.0": ["shared@5.0"],
    }


def test_every_extra_of_this_program_is_in_the_list_and_the_core_is_as_without_them() -> None:
    core, extras = read_lock(CORE.read_text()), read_extras(PROJECT.read_text())
    assert sorted(extras) == ["asn", "helper", "letters", "quic"]
    told = json.loads(sbom.parts(with_extras(core, read_lock(EVERY.read_text()), extras), "0.1.0"))
    by_extra = {
        extra: {c["name"] for c in told["components"] if extra in _extras_of(c)} for extra in sorted(extras)
    }
    assert {extra: names >= set(extras[extra]) for extra, names in by_extra.items()} == dict.fromkeys(
        sorted(extras), True
    )
    assert {"aioquic", "pylsqpack"} <= by_extra["quic"]
    assert "lxml" in by_extra["letters"]
    alone = json.loads(sbom.parts(core, "0.1.0"))
    assert [c for c in told["components"] if not _extras_of(c)] == alone["components"]
    assert {c["scope"] for c in told["components"] if _extras_of(c)} == {"optional"}
    assert not {"pytest", "mypy", "ruff"} & {c["name"] for c in told["components"]}


def _extras_of(component: dict[str, Any]) -> set[str]:
    return {p["value"] for p in component.get("properties", []) if p["name"] == f"{NAME}:extra"}


@pytest.mark.parametrize(
    ("every", "said"),
    [
        (
            EVERY_LOCK.replace("words==6.0", "swords==6.0"),
            "No lock pins what an extra needs: words: make lock",
        ),
        (EVERY_LOCK.replace("needed==2.1", "needed==2.0"), "Not in both locks: needed 2.1: make lock"),
    ],
)
def test_locks_that_do_not_agree_give_no_list(every: str, said: str) -> None:
    with pytest.raises(ToolError) as told:
        with_extras(read_lock(LOCK.partition("\n")[2]), read_lock(every), read_extras(PYTHON_PROJECT))
    assert str(told.value) == said


def test_the_wheels_hash_stands_at_the_program_where_one_is_given(tmp_path: Path) -> None:
    wheel = tmp_path / "a.whl"
    wheel.write_bytes(b"x")
    told = json.loads(sbom.parts(read_lock(LOCK.partition("\n")[2]), "0.1.0", wheel))
    (digest,) = told["metadata"]["component"]["hashes"]
    assert digest == {
        "alg": "SHA-256",
        "content": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a==1 \\\n    --hash=md5:00\n", "line 2 of the lock is not as `make lock` writes it: --hash=md5:00"),
        ("a>=1\n", "line 1 of the lock is not as `make lock` writes it: a>=1"),
        ("a==1\n    # via b\n", "line 1 of the lock pins a without a hash: make lock"),
        ("    --hash=sha256:" + "a" * 64, "line 1 of the lock is not as `make lock` writes it"),
    ],
)
def test_a_lock_that_is_none_is_told_with_its_line(text: str, said: str) -> None:
    with pytest.raises(ToolError) as told:
        read_lock(text)
    assert str(told.value).startswith(said)


def test_of_a_lock_that_is_none_no_list_is_written(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("a>=1\n")
    done = made("--lock", str(tmp_path / "lock"), "-o", str(tmp_path / "out"))
    assert (done.returncode, done.stdout) == (1, "")
    assert not (tmp_path / "out").exists()


def an_auditor(folder: Path, said: str, errors: str = "", code: int = 0) -> Path:
    """Return a program that answers as pip-audit was seen to."""
    (folder / "said").write_text(said)
    (folder / "errors").write_text(errors)
    program = folder / "pip-audit"
    program.write_text(f"#!/bin/sh\ncat '{folder}/said'\ncat '{folder}/errors' >&2\nexit {code}\n")
    program.chmod(0o755)
    return program


FLAW = {"id": "PYSEC-2099-1\x1b[2J", "fix_versions": ["99.1"], "aliases": ["CVE-2099-1"]}
ANNOTATED: dict[str, Any] = {"name": "annotated", "version": "1.0", "vulns": []}
NEEDED: dict[str, Any] = {"name": "needed", "version": "2.1", "vulns": []}
CLEAN = json.dumps({"dependencies": [ANNOTATED, NEEDED], "fixes": []})
FLAWED = json.dumps({"dependencies": [{**ANNOTATED, "vulns": [FLAW]}], "fixes": []})
AWAY = "requests.exceptions.ConnectionError: Temporary failure in name resolution\n"


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "a.lock"
    path.write_text(LOCK.partition("\n")[2])
    return path


def told(
    auditor: Path, lock: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str, str]:
    """Return how an audit ended, and what it said of the lock."""
    monkeypatch.setattr(sys, "argv", ["audit", "--with", str(auditor), str(lock)])
    code = audit.main()
    out, err = capsys.readouterr()
    return code, out.replace(str(lock), "LOCK"), err.replace(str(lock), "LOCK")


def test_an_audit_that_knows_nothing_ends_with_0_and_says_of_what(
    lock: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = told(an_auditor(tmp_path, CLEAN), lock, monkeypatch, capsys)
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "LOCK: 2 libraries asked about, something is known of 0.",
        "  Not asked about, as they are not for this machine: needed 2.2.",
    ]


def test_a_known_flaw_ends_with_1_and_cannot_draw_on_the_terminal(
    lock: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    auditor = an_auditor(tmp_path, FLAWED, "Found 1 known vulnerability in 1 package\n", 1)
    code, out, err = told(auditor, lock, monkeypatch, capsys)
    assert (code, err) == (1, "")
    assert out.splitlines() == [
        "LOCK: 1 libraries asked about, something is known of 1.",
        "  annotated 1.0: PYSEC-2099-1\\x1b[2J, CVE-2099-1; mended in 99.1",
        "  Not asked about, as they are not for this machine: needed 2.1, needed 2.2.",
    ]


def test_without_an_answer_it_ends_with_3_and_says_that_nothing_was_found_out(
    lock: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = told(an_auditor(tmp_path, "", AWAY, 1), lock, monkeypatch, capsys)
    assert (code, out) == (3, "")
    assert err == "audit: LOCK: nothing was found out: the database did not answer: " + AWAY


def test_without_pip_audit_it_is_said_what_installs_it(lock: Path, tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"is not there: make audit installs it$"):
        audit.audited(lock, tmp_path / "absent")
