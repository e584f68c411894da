"""The whole flow in one place: prepare, run, judge again, baselines, the demo."""

from probe.pipeline.baselines import baseline_from_run, record_baseline
from probe.pipeline.demo import demo
from probe.pipeline.rejudge import rejudge
from probe.pipeline.request import Prepared, RunRequest, UsageError, prepare
from probe.pipeline.run import RunResult, run

__all__ = [
    "Prepared",
    "RunRequest",
    "RunResult",
    "UsageError",
    "baseline_from_run",
    "demo",
    "prepare",
    "record_baseline",
    "rejudge",
    "run",
]
