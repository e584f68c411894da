"""EXPERIMENTS: the name of an experiment to the recipe that measures it."""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final, cast

from probe.measure.trace import Context
from probe.model.target import Step

Recipe = Callable[[Context, Step], Awaitable[None]]


def _lazy(module: str, function: str) -> Recipe:
    """Return a recipe that is imported when first measured: most runs need few of them."""

    async def recipe(ctx: Context, step: Step) -> None:
        found = cast("Recipe", getattr(importlib.import_module(f"probe.measure.{module}"), function))
        await found(ctx, step)

    return recipe


EXPERIMENTS: Final[Mapping[str, Recipe]] = MappingProxyType(
    {
        "web": _lazy("web", "web"),
        "tcp": _lazy("endpoint", "tcp_connect"),
        "http_any": _lazy("endpoint", "http_any"),
        "dns": _lazy("named_resolver", "dns_queries"),
        "doh": _lazy("named_resolver", "doh_queries"),
        "resolver": _lazy("resolver", "recipe"),
        "control": _lazy("control", "recipe"),
        "cross": _lazy("cross", "recipe"),
        "neutral": _lazy("neutral", "recipe"),
        "portal": _lazy("vantage", "portal"),
        "sinkhole": _lazy("vantage", "sinkhole"),
        "local": _lazy("vantage", "local"),
    },
)
