"""Measure network interference, and say what it was.

targets -> plan -> measure -> store -> judge -> store -> report

Each stage is a package named after its verb. Stages never import each other: they speak
`probe.model`, and `probe.pipeline` joins them; `probe.cli` calls `probe.pipeline`.
"""

__version__ = "0.1.0"
