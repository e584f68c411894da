"""`--resume`: what an interrupted run had set out to do, so that consent and dry run tell the truth of it."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from probe.model.options import RunOptions
    from probe.model.target import Target
    from probe.pipeline.request import Contact, Prepared


def as_it_was(prepared: "Prepared", run: Path) -> "Prepared":
    """Return the preparation with the targets, controls and network of the stored run. Raises StoreError.

    The budgets are those of today; everything else that was typed beside `--resume` does not count.
    """
    from probe.pipeline.inputs import read_inputs
    from probe.pipeline.request import RISKS
    from probe.plan import estimate
    from probe.store import RunFolder

    with RunFolder.open(run) as folder:
        record, inputs = folder.read_run(), read_inputs(folder)
    targets = inputs.targets()
    today = prepared.options
    options = replace(record.options, max_bytes=today.max_bytes, max_seconds=today.max_seconds)
    kept = [c for c in prepared.contacts if c.purpose not in {"target", "control", "proxy"}]
    return replace(
        prepared,
        request=replace(prepared.request, options=options, vantage=record.vantage),
        services=inputs.services,
        targets=targets,
        options=options,
        contacts=(*_of_targets(targets), *kept, *_of_controls(options)),
        estimate=estimate(targets, inputs.controls.neutrals, options),
        risk=max((target.risk for target in targets), key=RISKS.index),
    )


def _of_targets(targets: "Iterable[Target]") -> "Iterable[Contact]":
    from probe.pipeline.request import Contact

    seen_by = ("operator", "resolver", "target")
    for target in targets:
        for host in dict.fromkeys((urlsplit(target.input).hostname or target.input, *target.addresses)):
            yield Contact(host=host, purpose="target", service=target.service, seen_by=seen_by)


def _of_controls(options: "RunOptions") -> "Iterable[Contact]":
    from probe.pipeline.request import Contact

    for url in options.controls:
        host = urlsplit(url).hostname or url
        yield Contact(host=host, purpose="control", service="", seen_by=("operator", "helper"))
    if options.control_proxy:
        host = urlsplit(options.control_proxy).hostname or ""
        yield Contact(host=host, purpose="proxy", service="", seen_by=("operator", "proxy"))
