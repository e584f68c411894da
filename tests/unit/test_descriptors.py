"""A process asks for as many descriptors as the system grants."""

import subprocess
import sys

import pytest

PROGRAM = """
import resource
from probe.system import descriptors
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 512))
{fault}
descriptors.allow_files()
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""
UNLIMITED = """
real = resource.setrlimit
def grudging(which, limits):
    if limits[0] > 100:
        raise ValueError("current limit exceeds maximum limit")
    real(which, limits)
resource.setrlimit = grudging
descriptors.ENOUGH = 100
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
@pytest.mark.parametrize(("fault", "printed"), [("", "512 512"), (UNLIMITED, "100 512")])
def test_the_soft_limit_becomes_the_hard_one_or_what_is_granted(fault: str, printed: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(fault=fault)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == printed
