"""Take out the defences of docs/security.md one by one, in a copy, and see that each's test fails.

    python -m benchmarks.defences [--only TEXT]

Prints a line each and the counts; ends with 1 where a test did not notice. One test at a time, some minutes.
Where two defences stand behind each other, taking one out shows nothing: only the one that decides is here.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
COPIED: Final = ("src", "targets", "tests", "docs", "tools", "requirements", "benchmarks", "pyproject.toml")
LONGEST_S: Final = 600.0
FAILED: Final = 1
"""How pytest ends where a test failed; anything else is no proof."""


@dataclass(frozen=True, slots=True)
class Defence:
    """A piece of source below src/probe, what weakens it, and the test that has to fail then."""

    file: str
    there: str
    weakened: str
    test: str


PUBLIC: Final = "return address.is_global and not address.is_multicast"
TERMINAL: Final = "        if category in _ESCAPED or marks"
DEFENCES: Final = (
    Defence(
        "measure/urls.py",
        PUBLIC,
        "return True",
        "loopback/test_tcp.py::test_an_answer_inside_the_volunteers_own_network_is_recorded_and_not_tried",
    ),
    Defence(
        "measure/urls.py",
        "if inner is None and address not in _GLOBAL",
        "if inner",
        "unit/test_where_may_be_connected.py::test_addresses_of_the_volunteers_own_network_and_junk_may_not",
    ),
    Defence(
        "measure/transfer.py",
        "if goal.certificate_sha256 and",
        "if not goal and",
        "loopback/test_throughput_helper.py::test_a_certificate_that_is_not_the_announced_one_ends_the_arm"
        "_before_a_byte_is_asked_for",
    ),
    Defence(
        "measure/machine_gateway.py",
        "SALT: Final = secrets.token_bytes(16)",
        'SALT: Final = b"x" * 16',
        "unit/test_soundness_moved.py::test_every_program_draws_a_salt_of_its_own_and_keeps_it_for_as_long_as"
        "_it_runs",
    ),
    Defence(
        "pipeline/contacts.py",
        '("neutral", catalogue.neutrals),',
        "",
        "loopback/test_announced.py::test_a_run_of_the_lab_goes_nowhere_that_was_not_announced",
    ),
    Defence(
        "report/show.py",
        TERMINAL,
        "        if marks",
        "unit/test_console_show.py::test_whatever_comes_nothing_is_left_to_obey",
    ),
    Defence(
        "report/show.py",
        TERMINAL,
        "        if marks",
        "unit/test_bag_hostile.py::test_a_strangers_text_gives_the_terminal_no_orders",
    ),
    Defence(
        "report/csv.py",
        "    return guarded(str(value))",
        "    return str(value)",
        "unit/test_csv.py::test_hostile_text_comes_back_from_the_file_as_it_was",
    ),
    Defence(
        "report/html.py",
        "autoescape=True",
        "autoescape=False",
        "unit/test_html.py::test_nothing_that_was_said_becomes_markup",
    ),
    Defence(
        "report/html_veil.py",
        "return hour(text) if self.public else text",
        "return text",
        "unit/test_html_public.py::test_a_public_page_tells_no_second_no_neutral_site_no_helper_and_not_the"
        "_name_of_the_run",
    ),
    Defence(
        "report/annex/disclosure.py",
        "LEAST_IN_A_CELL: Final = 3",
        "LEAST_IN_A_CELL: Final = 1",
        "unit/test_annex_disclosure.py::test_no_cell_is_under_three_and_nobody_is_lost",
    ),
    Defence(
        "cli/exporting.py",
        '"html": Form(write=drawn(_html), disclosure="public")',
        '"html": Form(write=drawn(_html))',
        "cli/test_cli_annex.py::test_documents_are_public_and_tables_exact_where_nobody_said",
    ),
    Defence(
        "system/disk.py",
        "FILE_MODE: Final = 0o600",
        "FILE_MODE: Final = 0o644",
        "cli/test_cli_annex.py::test_a_file_is_written_for_its_owner_alone",
    ),
    Defence(
        "helper/guard.py",
        '    if "%" in ip or any(',
        '    if "%" in ip and any(',
        "unit/test_helper_guard.py::test_a_forbidden_address_is_not_public_and_not_connected_to",
    ),
    Defence(
        "helper/limits.py",
        "key=self._key",
        'key=b"x"',
        "unit/test_helper_limits.py::test_no_address_is_kept_and_no_two_helpers_know_a_client_by_the_same_mark",
    ),
    Defence(
        "pipeline/receipts.py",
        "        if nonce in seen or not",
        "        if not",
        "unit/test_bag_receipts.py::test_one_receipt_stands_for_one_transfer",
    ),
    Defence(
        "targets/lists.py",
        "if len(targets) == MOST_ROWS",
        "if len(targets) == -1",
        "unit/test_targets_lists.py::test_a_list_without_bound_is_refused",
    ),
    Defence(
        "store/baseline.py",
        "if len(rows) > MOST_TARGETS",
        "if len(rows) > 10**9",
        "unit/test_store_baseline.py::test_a_baseline_without_bound_is_refused",
    ),
    Defence(
        "evidence/unzip.py",
        "if n > MOST_FILES",
        "if n > 10**9",
        "unit/test_bag_hostile_zip.py::test_a_million_names_are_refused_within_bounded_memory",
    ),
    Defence(
        "pipeline/held.py",
        " and not strayed)",
        ")",
        "unit/test_bag_held.py::test_a_run_of_the_lab_does_not_pass_for_a_real_one_by_two_words",
    ),
    Defence(
        "pipeline/residues.py",
        "return tuple(islice(found, MOST))",
        "return ()",
        "unit/test_residual.py::test_the_volunteer_is_found_in_every_form_and_never_shown",
    ),
    Defence(
        "cli/asking.py",
        "None if asked.ephemeral else known",
        "known",
        "cli/test_cli_ephemeral.py::test_what_was_agreed_to_is_not_remembered",
    ),
    Defence(
        "cli/ephemeral.py",
        "tempfile.tempdir = str(folder)",
        "pass",
        "cli/test_cli_ephemeral.py::test_what_a_library_writes_for_a_while_lies_there_too",
    ),
    Defence(
        "cli/ephemeral.py",
        "        signal.signal(number, handle)",
        "        handle",
        "cli/test_cli_ephemeral.py::test_a_signal_ends_it_and_nothing_stays",
    ),
    Defence(
        "cli/leftovers.py",
        "if run_of(path) and not",
        "if not",
        "cli/test_cli_forget.py::test_what_killed_commands_left_is_named_and_goes",
    ),
)


def noticed(defence: Defence, copy: Path) -> bool:
    """Weaken one defence in the copy, run its test, put it back; say whether the test failed."""
    file = copy / "src" / "probe" / defence.file
    whole = file.read_text(encoding="utf-8")
    file.write_text(whole.replace(defence.there, defence.weakened, 1), encoding="utf-8")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", f"tests/{defence.test}"],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": str(copy / "src"), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            timeout=LONGEST_S,
            check=False,
        )
    finally:
        file.write_text(whole, encoding="utf-8")
    return done.returncode == FAILED


def main() -> int:
    """Try each defence; return 1 where a test did not notice that it was gone."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="", metavar="TEXT", help="those whose file or test has this in it")
    only = parser.parse_args().only
    wanted = [one for one in DEFENCES if only in one.file or only in one.test]
    with tempfile.TemporaryDirectory(prefix="defences-") as folder:
        copy = Path(folder)
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copyfile(source, copy / name)
        missed = 0
        for one in wanted:
            seen = noticed(one, copy)
            missed += not seen
            print(f"{'noticed' if seen else 'MISSED '}  {one.file:30}  {one.test}", flush=True)
    print(f"{len(wanted)} defences taken out one by one: {len(wanted) - missed} noticed, {missed} missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
