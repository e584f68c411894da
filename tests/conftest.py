"""What all tests share: the guard that keeps every packet on this machine, and when a test is run twice."""

import os
import sys
from pathlib import Path

from stillness import pytest_runtest_protocol, pytest_terminal_summary  # noqa: F401  # hooks, found by name

GUARD = Path(__file__).parent / "guard"
sys.path.insert(0, str(GUARD))

import sitecustomize  # noqa: E402  # another module of this name may have been imported at start

if not hasattr(sitecustomize, "HOME_NAMESPACE"):
    del sys.modules["sitecustomize"]
    import sitecustomize

if sitecustomize.HOME_NAMESPACE not in os.environ:
    os.environ[sitecustomize.HOME_NAMESPACE] = sitecustomize.namespace()
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(GUARD), os.environ.get("PYTHONPATH", "")]))
    sys.addaudithook(sitecustomize._hook)
elif "sitecustomize" not in sys.modules:  # pragma: no cover  # only a broken set-up comes here
    raise RuntimeError("the guard is not in place")


def pytest_configure() -> None:
    """Draw the same examples every time, unless HYPOTHESIS_PROFILE=explore asks for new ones."""
    from hypothesis import settings

    settings.register_profile("fixed", derandomize=True, deadline=None)
    settings.register_profile("explore", deadline=None, max_examples=1000)
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))
