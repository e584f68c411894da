"""Apps in shops on the command line: what is told of them before anything is sent."""

from pathlib import Path

from cli.command import probe


def test_show_tells_with_what_apps_are_compared_and_who_else_is_asked(tmp_path: Path) -> None:
    text = " ".join(probe("targets", "show", "store-vpn-apps", home=tmp_path).stdout.split())
    apple = (
        "compared with the app 324715238 there, and with the storefront us; itunes.apple.com is asked too."
    )
    assert f"{apple} Apps are compared with the app org.wikipedia there, and with the storefront us." in text


def test_a_dry_run_names_the_shops_hosts_and_sends_nothing(tmp_path: Path) -> None:
    done = probe("run", "--app", "apple:686449807:kz", "--dry-run", home=tmp_path)
    assert done.returncode == 0
    assert "\n  app  apps.apple.com, itunes.apple.com\n" in done.stdout
    assert "Nothing was sent." in done.stdout


def test_an_app_that_no_shop_can_have_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    done = probe("run", "--app", "google:telegram:ru", "--yes", home=tmp_path)
    assert done.returncode == 2
    assert "'telegram' is no app of this shop" in done.stderr
    assert not list(tmp_path.rglob("measurements.jsonl"))
