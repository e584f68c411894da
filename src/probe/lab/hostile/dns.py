"""Hostile resolvers over UDP: what comes back, if anything does, and what it was made of."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from probe.lab.hostile import dns_mazes as mazes
from probe.lab.hostile import dns_words as w
from probe.lab.hostile.records import Misbehaviour

if TYPE_CHECKING:
    from collections.abc import Callable

NOBODY: tuple[str, ...] = ()
TRULY = (w.TRUE,)
FLOOD = 200
"""Datagrams: more than any lookup keeps."""


def _row(
    word: str,
    does: str,
    made: Callable[[bytes], bytes | list[tuple[float, bytes]]],
    failure: str | None,
    answers: tuple[str, ...] = NOBODY,
    **more: Any,
) -> Misbehaviour:
    """Return the row of a resolver that answers at once with one message, or with a list of them in time."""

    def peer(query: bytes) -> list[tuple[float, bytes]]:
        said = made(query)
        return [(0.0, said)] if isinstance(said, bytes) else said

    return Misbehaviour(
        name=f"dns.{word}",
        does=does,
        door="dns",
        peer=peer,
        failure=failure,
        facts={"answers": answers},
        **more,
    )


def _owned(query: bytes, *owners: bytes) -> bytes:
    """Return an answer whose records bear these owners, right or wrong."""
    return w.reply(query, *(w.record(w.packed(w.TRUE), owner=owner) for owner in owners))


ROWS = (
    _row("silence", "Never answers.", lambda _q: [], "generic_timeout_error"),
    _row(
        "late", "Answers when nobody listens any more.", lambda q: [(1.5, w.good(q))], "generic_timeout_error"
    ),
    _row("no_bytes", "Answers with an empty datagram.", lambda _q: b"", "x_dns_reply_unparsable"),
    _row(
        "noise",
        "Answers with bytes that mean nothing.",
        lambda q: q[:2] + bytes(range(200, 240)) * 20,
        "x_dns_reply_unparsable",
    ),
    _row("cut", "Leaves out the last three bytes.", lambda q: w.good(q)[:-3], "x_dns_reply_unparsable"),
    _row(
        "header_only",
        "Sends the header, which promises more.",
        lambda q: w.good(q)[:12],
        "x_dns_reply_unparsable",
    ),
    _row(
        "trailing_junk",
        "Puts 60 kB of junk behind a good answer.",
        lambda q: w.good(q) + b"J" * 60_000,
        None,
        TRULY,
    ),
    _row(
        "wrong_id",
        "Answers under another id.",
        lambda q: w.reply(q, w.GOOD, number=~q[0] << 8),
        "dns_reply_with_wrong_query_id",
    ),
    _row(
        "guessed_ids",
        "Answers under one id after the other.",
        lambda q: [(0.0, w.reply(q, w.GOOD, number=(q[0] << 8) + q[1] + 1 + n)) for n in range(FLOOD)],
        "dns_reply_with_wrong_query_id",
    ),
    _row(
        "wrong_id_then_right",
        "Answers under another id, then under the right one.",
        lambda q: [(0.0, w.reply(q, w.GOOD, number=~q[0] << 8)), (0.05, w.good(q))],
        None,
        TRULY,
    ),
    _row(
        "wrong_question",
        "Answers another question.",
        lambda q: w.reply(q, w.GOOD, question=w.name(b"other", b"example") + b"\0\1\0\1"),
        "x_dns_wrong_question",
    ),
    _row(
        "two_questions",
        "Repeats two questions, of which one was asked.",
        lambda q: w.reply(
            q, w.GOOD, question=w.question_of(q) + w.name(b"b") + b"\0\1\0\1", counts=(2, 1, 0, 0)
        ),
        "x_dns_wrong_question",
    ),
    _row("echo", "Sends the query back.", lambda q: q, "x_dns_not_a_response"),
    _row(
        "compression_loop",
        "Gives the owner of a record as a pointer to itself.",
        lambda q: _owned(q, struct.pack("!H", 0xC000 + 12 + len(w.question_of(q)))),
        "x_dns_reply_unparsable",
    ),
    _row(
        "pointer_ahead",
        "Points to a name that is still to come.",
        lambda q: _owned(q, b"\xc0\xff"),
        "x_dns_reply_unparsable",
    ),
    _row(
        "pointer_chain",
        "Gives a name as seven thousand pointers, each to the one before.",
        mazes.chain,
        "x_dns_reply_unparsable",
    ),
    _row(
        "pointer_maze",
        "Gives four thousand records long names by pointers, in 64 kB.",
        mazes.maze,
        "x_dns_reply_unparsable",
    ),
    _row(
        "deep_names",
        "Gives 128 records, in 2 kB, that name names of 126 labels.",
        mazes.deep,
        "x_dns_reply_unparsable",
    ),
    _row(
        "flood_of_mazes",
        "Sends those two kilobytes of deep names two hundred times.",
        lambda q: [(0.0, mazes.deep(q))] * FLOOD,
        "x_dns_reply_unparsable",
    ),
    _row(
        "long_name",
        "Gives a name of 600 bytes.",
        lambda q: _owned(q, w.name(*[b"a" * 59] * 10)),
        "x_dns_reply_unparsable",
    ),
    _row(
        "label_type",
        "Begins a label with bits that no label has.",
        lambda q: _owned(q, b"\x7fabc\0"),
        "x_dns_reply_unparsable",
    ),
    _row(
        "four_thousand_records",
        "Gives four thousand addresses in one message.",
        mazes.many,
        "x_dns_reply_unparsable",
    ),
    _row(
        "alias_loop",
        "Gives aliases that lead in a circle.",
        lambda q: mazes.aliases(q, b"one", b"two", b"one", b"two", end=False),
        "dns_no_answer",
    ),
    _row(
        "alias_chain",
        "Gives a thousand aliases, then an address.",
        lambda q: mazes.aliases(q, *mazes.hundreds(), end=True),
        "x_dns_reply_unparsable",
    ),
    _row(
        "alias_escapes",
        "Gives an alias of control characters.",
        lambda q: mazes.aliases(q, b"\x1b[2J\x00\r\n", end=True),
        None,
        TRULY,
    ),
    _row(
        "endless_ttl",
        "Gives a time to live of 136 years.",
        lambda q: w.reply(q, w.record(w.packed(w.TRUE), ttl=2**32 - 1)),
        None,
        TRULY,
    ),
    _row(
        "five_byte_address",
        "Gives an address of five bytes.",
        lambda q: w.reply(q, w.record(b"\1\2\3\4\5")),
        "x_dns_reply_unparsable",
    ),
    _row(
        "length_beyond",
        "Gives a record that ends 60 kB behind the message.",
        lambda q: w.reply(q, w.record(w.packed(w.TRUE), size=60_000)),
        "x_dns_reply_unparsable",
    ),
    _row(
        "counts_lie",
        "Promises 65,535 records and sends one.",
        lambda q: w.reply(q, w.GOOD, counts=(1, 65535, 65535, 65535)),
        "x_dns_reply_unparsable",
    ),
    _row(
        "chaos",
        "Gives an address of the Chaosnet.",
        lambda q: w.reply(q, w.record(b"\0\x12\x34", klass=w.CHAOS)),
        "dns_no_answer",
    ),
    _row(
        "other_type",
        "Gives a text where an address was asked for.",
        lambda q: w.reply(q, w.record(b"\3abc", kind=w.TXT)),
        "dns_no_answer",
    ),
    _row(
        "two_edns",
        "Adds two EDNS records.",
        lambda q: w.reply(q, w.GOOD, beside=w.opt() * 2, counts=(1, 1, 0, 2)),
        "x_dns_reply_unparsable",
    ),
    _row(
        "edns_junk",
        "Adds an EDNS option that is longer than its record.",
        lambda q: w.reply(q, w.GOOD, beside=w.opt(b"\0\x0f\xff\xff\0")),
        "x_dns_reply_unparsable",
    ),
    _row(
        "edns_reasons",
        "Adds two thousand reasons for an error.",
        lambda q: w.reply(q, beside=w.opt(b"\0\x0f\0\2\0\6" * 2000), flags=w.ANSWER | 2),
        "dns_servfail_error",
    ),
    _row(
        "unknown_rcode",
        "Answers with an error that no standard knows.",
        lambda q: w.reply(q, beside=w.opt(extended=250), flags=w.ANSWER | 15),
        "dns_server_misbehaving",
    ),
    _row(
        "formerr_for_ever",
        "Says of every query that it cannot be read.",
        lambda q: w.reply(q, flags=w.ANSWER | 1),
        "dns_server_misbehaving",
    ),
    _row(
        "servfail_for_ever",
        "Fails, also where checking is disabled.",
        lambda q: w.reply(q, flags=w.ANSWER | 2),
        "dns_servfail_error",
    ),
    _row(
        "cut_then_silent",
        "Truncates its answer and is silent over TCP.",
        lambda q: w.reply(q, flags=w.ANSWER | w.CUT),
        "generic_timeout_error",
    ),
    _row(
        "forged_first",
        "Sends another address first, then the true one.",
        lambda q: [(0.0, w.good(q, w.OTHER)), (0.05, w.good(q))],
        None,
        (w.OTHER,),
    ),
    _row("flood", "Sends one answer two hundred times.", lambda q: [(0.0, w.good(q))] * FLOOD, None, TRULY),
)
