"""A run loads nothing any more once it measures: that would stall timings, and may find no descriptor."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

RUN = """
import sys
from pathlib import Path
from probe.pipeline import demo as run_demo
demo, run = sys.modules["probe.pipeline.demo"], sys.modules["probe.pipeline.run"]
measure, late = demo.measure, []

class Noting:
    def find_spec(self, name, path=None, target=None):
        late.append(name)

class Nobody:
    def __getattr__(self, name):
        return lambda *args, **named: None

async def noted(*args):
    run._prepare_for_timing()  # what a real run does first
    sys.meta_path.insert(0, Noting())
    try:
        return await measure(*args)
    finally:
        del sys.meta_path[0]

demo.measure = noted
run_demo("clean", Path(sys.argv[1]), Nobody())
print(sorted(late))
"""


def test_a_run_loads_no_module_once_it_measures(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(tmp_path)], capture_output=True, text=True, timeout=300, check=True
    )
    # dnspython looks for a class of records that is the size of a resolver's buffer; there is none to load.
    assert done.stdout == "['dns.rdtypes.CLASS1232']\n"
