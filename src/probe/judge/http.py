"""Judge the HTTP layer by count: the request was sent, and no answer began."""

from probe.judge import kind as k
from probe.judge.floor import (
    NAMED,
    FloorFacts,
    after_count,
    before_count,
    blocked_row,
    holed_row,
    small_row,
)
from probe.judge.rule import Rule

HTTP_RULES: tuple[Rule[FloorFacts], ...] = (
    *before_count("http"),
    *after_count(
        "http",
        (
            holed_row("http"),
            small_row("http"),
            blocked_row("http", k.RESET, "http.reset{trigger}", NAMED),
            blocked_row("http", k.TIMEOUT, "http.timeout{trigger}", NAMED),
            blocked_row("http", k.EOF, "http.eof{trigger}", NAMED),
        ),
    ),
)
