"""EXPERIMENTS: the name of an experiment to the recipe that measures it."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final

from probe.measure import (
    appstore,
    control,
    cross,
    endpoint,
    named_resolver,
    neutral,
    path,
    quic_probe,
    registry,
    resolver,
    segments,
    throughput,
    vantage,
    vpn,
    web,
    whereabouts,
    zone,
)
from probe.measure.trace import Context
from probe.model.target import Step
from probe.model.words import SMALL_SEGMENTS

Recipe = Callable[[Context, Step], Awaitable[None]]
"""Measures one step through the operations; what they saw is in the context when it returns."""

EXPERIMENTS: Final[Mapping[str, Recipe]] = MappingProxyType(
    {
        "web": web.web,
        "quic": quic_probe.recipe,
        "tcp": endpoint.tcp_connect,
        "http_any": endpoint.http_any,
        "dns": named_resolver.dns_queries,
        "doh": named_resolver.doh_queries,
        "zone": zone.recipe,
        "store": appstore.recipe,
        "registry": registry.recipe,
        "path": path.recipe,
        "vpn": vpn.recipe,
        "resolver": resolver.recipe,
        "control": control.recipe,
        "cross": cross.recipe,
        SMALL_SEGMENTS: segments.recipe,
        "neutral": neutral.recipe,
        "throughput": throughput.recipe,
        "whereabouts": whereabouts.recipe,
        "portal": vantage.portal,
        "sinkhole": vantage.sinkhole,
        "local": vantage.local,
    },
)
