"""The command line is a contract: names, help, exit codes, what goes where; and `--help` stays light."""

import subprocess
import sys
from pathlib import Path

import pytest

from cli.command import probe

COMMANDS: list[tuple[str, ...]] = [
    ("run",),
    ("demo",),
    ("baseline", "record"),
    ("baseline", "from"),
    ("baseline", "show"),
    ("judge",),
    ("report",),
    ("compare",),
    ("evidence", "seal"),
    ("evidence", "verify"),
    ("evidence", "sign"),
    ("evidence", "stamp"),
    ("targets", "list"),
    ("targets", "show"),
    ("targets", "check"),
    ("helper", "serve"),
    ("self-test",),
    ("forget",),
]
GROUPS: list[tuple[str, ...]] = [("baseline",), ("evidence",), ("targets",), ("helper",)]

RUN_OPTIONS = [
    "--list",
    "--url",
    "--app",
    "--results",
    "--baseline",
    "--control",
    "--control-proxy",
    "--throughput",
    "--no-throughput",
    "--rounds",
    "--confirm-after",
    "--concurrency",
    "--timeout",
    "--max-mb",
    "--max-minutes",
    "--dns",
    "--asn",
    "--region",
    "--network-name",
    "--access-type",
    "--include-elevated",
    "--include-high-risk",
    "--dry-run",
    "--yes",
    "--json",
    "--lang",
    "--fail-on",
    "--resume",
]

HEAVY = ("pandas", "httpx", "httpcore", "dns", "cryptography", "OpenSSL", "msgspec", "rich", "numpy", "anyio")


def imported(*arguments: str) -> set[str]:
    """Return the top-level packages that a command imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "probe", *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    names = (line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "import time:" in line)
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("arguments", [("--help",), ("run", "--help"), ("baseline", "record", "--help")])
def test_help_imports_nothing_heavy(arguments: tuple[str, ...]) -> None:
    assert imported(*arguments).isdisjoint(HEAVY)


@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_version_is_answered_before_typer_is_imported(flag: str) -> None:
    assert "typer" not in imported(flag)
    assert probe(flag).stdout.startswith("probe 0.")


def test_no_command_at_all_is_wrong_use_and_shows_the_help() -> None:
    done = probe()
    assert done.returncode == 2
    assert "Commands:" in done.stdout + done.stderr


@pytest.mark.parametrize("command", COMMANDS + GROUPS, ids=" ".join)
def test_every_command_helps_with_an_example(command: tuple[str, ...]) -> None:
    done = probe(*command, "--help")
    assert done.returncode == 0
    assert done.stderr == ""
    examples = done.stdout.partition("Example:")[2].partition("\n\n")[0]
    assert f"  probe {' '.join(command)}" in examples
    assert [line for line in examples.splitlines() if len(line) > 80] == []


def test_run_has_every_option_of_the_contract() -> None:
    text = probe("run", "--help").stdout
    assert [option for option in RUN_OPTIONS if option not in text] == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nonsense",), "No such command"),
        (("run", "--rounds", "many"), "--rounds"),
        (("run", "--rounds", "0"), "--rounds"),
        (("run", "--asn", "Rostelecom"), "Type it as AS12389, or detect."),
        (("run", "--asn-table", "absent.dat"), "absent.dat"),
        (("run", "--asn", "AS4294967296"), "no AS number"),
        (("run", "--app", "apple:12:ru"), "An app's number is what follows id"),
        (("run", "--app", "google:telegram:ru"), "A package is what follows id="),
        (("run", "--app", "apple:686449807:zz"), "Type two letters of ISO 3166"),
        (("run", "--app", "appel:686449807:ru"), "Did you mean apple?"),
        (("run", "--app", "686449807"), "Type apple:NUMBER:COUNTRY or google:PACKAGE:COUNTRY"),
        (("run", "--region", "Atlantis"), "Type RU, RU-KHA or withheld."),
        (("run", "--region", "Khabarowsk"), "Did you mean Khabarovsk Krai (RU-KHA)?"),
        (("run", "--access-type", "satellite"), "fixed, mobile, wifi"),
        (("run", "--control", "me"), "--control"),
        (("run", "--control", "none", "--control", "ooni"), "none excludes every other control"),
        (("run", "--control-proxy", "localhost:1080"), "socks5://host:port"),
        (("run", "--dns", "dns.example"), "9.9.9.9:53"),
        (("run", "--fail-on", "blocked,sad"), "sad: no such state"),
        (("run", "--lang", "de"), "'de' is none of en, ru, fr"),
        (("report", "x", "--format", "odt"), "'odt' is none of csv"),
        (("compare", "a", "b"), "Name a folder"),
        (("compare", "a", "b", "--format", "odt"), "'odt' is none of text"),
        (("evidence", "seal", "a"), "Name a folder below results/ that `probe run` wrote."),
        (("evidence", "verify", "a"), "Name a folder or a zip that was sealed."),
        (("helper", "serve", "--bind", "0.0.0.0"), "Add --certificate and --key"),
        (("helper", "serve", "--bind", "helper.example"), "Type one as 0.0.0.0"),
        (("self-test",), "Add --yes if you know what `probe self-test --dry-run` tells."),
        (("self-test", "--trials", "3"), "--trials"),
        (("self-test", "--control", "ooni"), "OONI's helpers serve no transfers."),
        (("targets", "show", "myspace"), "There is no service myspace in the catalogue."),
        (("report", "absent", "--format", "csv"), "verdicts of this run"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_wrong_use_ends_with_2_and_says_why_on_stderr_only(
    arguments: tuple[str, ...], told: str, tmp_path: Path
) -> None:
    done = probe(*arguments, home=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert told in " ".join(done.stderr.split()) or told == "verdicts of this run"
    assert "Traceback" not in done.stderr


def test_without_a_terminal_a_run_asks_for_yes_and_sends_nothing(tmp_path: Path) -> None:
    done = probe("run", home=tmp_path, stdin="y\ny\ny\n")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "probe: Nobody can be asked here: this is no terminal.",
        "       Add --yes if you know what `probe run --dry-run` tells.",
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_names_hosts_and_costs_and_leaves_nothing_behind(tmp_path: Path) -> None:
    done = probe("run", "telegram", "--dry-run", "--control", "ooni", home=tmp_path)
    assert done.returncode == 0
    assert done.stderr == ""
    assert "149.154.167.51" in done.stdout
    assert "th.ooni.org" in done.stdout
    assert "9.9.9.9" in done.stdout
    assert done.stdout.splitlines()[-1] == "Nothing was sent."
    assert "MB; never more than 8 min and 15.0 MB." in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_shows_every_host_on_a_narrow_terminal_too(tmp_path: Path) -> None:
    wide = probe("run", "--dry-run", home=tmp_path).stdout
    narrow = probe("run", "--dry-run", home=tmp_path, env={"COLUMNS": "50"}).stdout
    assert max(map(len, narrow.splitlines())) <= 50
    assert any(line.endswith(" hosts would be contacted.") for line in wide.splitlines())
    hosts = {word.strip(",") for word in wide.split() if word.count(".") > 1}
    squeezed = "".join(narrow.split())
    assert len(hosts) > 90
    assert [host for host in sorted(hosts) if host not in squeezed] == []


def test_russian_is_spoken_where_the_locale_asks_for_it(tmp_path: Path) -> None:
    done = probe("run", home=tmp_path, env={"LC_ALL": "ru_RU.UTF-8", "PYTHONUTF8": "1"})
    assert done.stderr.startswith("probe: Спросить некого: это не терминал.")


def test_a_terminal_without_the_letters_is_spoken_to_in_english(tmp_path: Path) -> None:
    done = probe("run", "--lang", "ru", home=tmp_path, env={"PYTHONIOENCODING": "ascii"})
    assert done.stderr.startswith("probe: Nobody can be asked here")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("name,code\nx,y\n", "1: "),
        ("", ""),
        ("\x00\x01", ""),
    ],
)
def test_a_broken_list_ends_with_2_with_its_name_and_a_hint(tmp_path: Path, content: str, told: str) -> None:
    file = tmp_path / "my.csv"
    file.write_text(content)
    done = probe("run", "--list", str(file), "--dry-run", home=tmp_path)
    assert done.returncode == 2
    assert f"{file}:{told}".rstrip() in done.stderr
    assert len(done.stderr.strip().splitlines()) == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "--list", "absent.csv", "--dry-run"),
        ("run", "--baseline", "absent.json", "--dry-run"),
        ("judge", "absent"),
        ("baseline", "show", "absent.json"),
        ("baseline", "from", "absent", "-o", "x.json"),
        ("targets", "check", "absent.csv"),
        ("run", "myspace", "--dry-run"),
        ("run", "--url", "gopher://x", "--dry-run"),
        ("run", "tor", "--dry-run"),
        ("demo", "--scenario", "absent"),
    ],
    ids=" ".join,
)
def test_what_is_not_there_ends_with_2_and_what_to_type_next(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    done = probe(*arguments, home=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("probe: ")
    assert len(done.stderr.strip().splitlines()) >= 2
    assert "Traceback" not in done.stderr


def test_hostile_text_in_a_list_cannot_draw_on_the_terminal(tmp_path: Path) -> None:
    file = tmp_path / "my.csv"
    file.write_text("url,category_code\n\x1b[2Jhttp://x\x07,NEWS\n")
    done = probe("targets", "check", str(file), home=tmp_path)
    assert done.returncode == 2
    assert "\x1b" not in done.stderr
    assert "\x07" not in done.stderr
