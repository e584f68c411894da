"""A wrong number, prefix or file ends with 2 before anything is sent; the dry run names who is asked."""

from pathlib import Path

import pytest

from cli.command import probe


@pytest.mark.parametrize(
    "url",
    [
        "registry://AS0",
        "registry://AS99999999999",
        "registry://10.0.0.0/8",
        "registry://193.0.0.1/21",
        "registry://0.0.0.0/0",
    ],
)
def test_a_wrong_number_or_prefix_ends_with_two_and_what_to_type(url: str) -> None:
    done = probe("run", "--url", url, "--yes", "--lang", "en")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"probe: '{url}': ")
    assert done.stderr.endswith("as in registry://AS3333, or a prefix, as in registry://193.0.0.0/21.\n")


def test_a_file_of_something_else_ends_with_two_and_how_to_save_one(tmp_path: Path) -> None:
    (tmp_path / "page.json").write_text("<html>")
    done = probe("run", "--registry-file", str(tmp_path / "page.json"), "--yes", "--lang", "en")
    assert (done.returncode, done.stdout) == (2, "")
    assert "page.json: no JSON" in done.stderr
    assert "Save one so: curl -o saved.json" in done.stderr


def test_the_dry_run_names_the_registries_and_the_addresses_behind_carriers() -> None:
    done = probe("run", "transit", "--url", "registry://AS3333", "--dry-run", "--json", "--lang", "en")
    assert done.returncode == 0
    assert '{"host": "rdap.db.ripe.net", "purpose": "registry", "service": "url"' in done.stdout
    assert '{"host": "stat.ripe.net", "purpose": "registry", "service": "url"' in done.stdout
    assert '{"host": "66.28.0.45", "purpose": "path", "service": "transit"' in done.stdout
    assert '"purpose": "target"' not in done.stdout
