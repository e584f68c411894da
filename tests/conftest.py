"""What all tests share: the guard that keeps every packet on this machine."""

import os
import sys
from pathlib import Path

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
elif "sitecustomize" not in sys.modules:  # pragma: no cover
    raise RuntimeError("the guard is not in place")
