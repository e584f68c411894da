"""A small hostile internet in one process: `probe demo` runs in it, the tests too."""

from probe.lab.lab import Lab, open_lab
from probe.lab.scenarios import SCENARIOS

__all__ = ["SCENARIOS", "Lab", "open_lab"]
