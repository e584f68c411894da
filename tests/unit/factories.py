"""Records for tests, with everything that a test does not care about filled in."""

from typing import Any

from msgspec.structs import replace

from probe.model.target import Debt, Target
from probe.model.transfer import Transfer
from probe.model.words import Owed


def a_target(target_id: str = "twitter/web", **changes: Any) -> Target:
    service = target_id.partition("/")[0]
    plain = Target(
        target_id=target_id, service=service, input=f"https://{service}.example/", experiment="web"
    )
    return replace(plain, **changes)


def a_neutral(name: str, group: str, **changes: Any) -> Target:
    return a_target(
        f"neutral/{name}",
        input=f"https://{name}/",
        is_control=True,
        neutral_group=group,
        **changes,
    )


def a_debt(what: Owed, **changes: Any) -> Debt:
    return replace(Debt(target_id="twitter/web", what=what, why="because"), **changes)


def a_transfer(**changes: Any) -> Transfer:
    """Return a pair's first transfer of 100 kB from a helper."""
    values: dict[str, Any] = {
        "t0": 0.0,
        "t": 1.0,
        "failure": None,
        "arm": "X",
        "purpose": "pair",
        "test": 0,
        "number": 0,
        "position": 0,
        "ip": "93.184.216.34",
        "port": 443,
        "server_name": "target.example",
        "host": "helper.example",
        "path": "/transfer",
        "direction": "down",
        "n_bytes": 100_000,
    }
    return Transfer(**values | changes)
