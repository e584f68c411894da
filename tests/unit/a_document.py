"""A report as a format gets it: every kind of block, in three languages, and one full of mischief."""

from datetime import UTC, datetime

from probe.report.annex.blocks import (
    Attachment,
    Block,
    Document,
    Figure,
    Items,
    Paragraph,
    Section,
    Table,
    Verbatim,
)
from probe.report.plots import trials_svg
from probe.report.trials import TargetTrials

ROOT = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
CSV = Attachment(
    name="verdicts.csv",
    mime="text/csv",
    relationship="data",
    description="Verdicts",
    content="target,state\r\n«média»,ok\r\n".encode(),
)
RAW = Attachment(
    name="raw.bin",
    mime="application/octet-stream",
    relationship="source",
    description="Bytes",
    content=bytes(range(256)) * 8,
)
WORDS = {
    "en": (
        "Technical annex: measurements of a network",
        "Limits",
        "Target",
        "Runs",
        "State",
        "Page",
        "Contents",
    ),
    "fr": (
        "Annexe technique\u00a0: mesures d’un réseau",
        "Limites",
        "Cible",
        "Séries",
        "État",
        "Page",
        "Sommaire",
    ),
    "ru": (
        "Техническое приложение: измерения сети",
        "Границы выводов",
        "Цель",
        "Серии",
        "Состояние",
        "Страница",
        "Содержание",
    ),
}
SENTENCES = {
    "en": "These measurements describe one network at the stated times; they do not by themselves "
    "establish who ordered or configured the interference.",
    "fr": "Ces mesures décrivent un seul réseau aux heures indiquées\u00a0; elles n’établissent pas à elles "
    "seules qui a ordonné ou configuré l’ingérence, ni pour combien d’abonnés. «\u00a0Non concluant\u00a0» "
    "n’est pas compté.",
    "ru": "Измерения описывают одну сеть в указанное время; сами по себе они не устанавливают, кто "
    "распорядился о вмешательстве или настроил его. Неопределённые результаты не считаются вмешательством.",
}
HOSTILE = (
    "#panic() *no* $x$ `raw` @ref <b>&amp; // \\ ]] [a](b)",
    "nul\x00 esc\x1b[31m cr\r lf\n tab\t",
    "admin\u202ecod.exe \u2066a\u2069 \u200bzero \u2028line \u2029end",
    "W" * 10_000,
    "https://example.org/" + "a/" * 3_000,
    "lone \ud800 high \udfff low \ufffe none",
    "\U0001f600 中国 e\u0301 q\u0308\u0301 \u0e01",
    "مرحبا שלום",
    '\'=HYPERLINK("x")',
    "",
)


def a_document(*sections: Section, lang: str = "en", attachments: tuple[Attachment, ...] = ()) -> Document:
    """Return a document of these sections."""
    title, _limits, _target, _runs, _state, page, contents = WORDS[lang]
    return Document(
        lang=lang,
        title=title,
        subtitle="AS64500 · 2026-11-21T10:00Z",
        running_head=f"NI-9f86d081 · SHA-256 {ROOT[:16]}…",
        author="",
        generated=datetime(2026, 11, 21, 10, 30, tzinfo=UTC),
        sections=sections,
        labels={"page": page, "contents": contents, "attached": "attached"},
        attachments=attachments,
    )


def a_section(*blocks: Block, number: int = 1) -> Section:
    """Return a section of these blocks."""
    return Section(number=number, key=f"statement_{number}", title=f"Statement {number}", blocks=blocks)


def a_table(n_rows: int = 3, *, lang: str = "en") -> Table:
    """Return a table with a caption, machine words and figures."""
    _title, _limits, target, runs, state, _page, _contents = WORDS[lang]
    return Table(
        head=(target, runs, state, "SHA-256"),
        rows=tuple(
            (f"service-{n}.example.org", str(n * 3 + 1), "dns_tampering", ROOT) for n in range(n_rows)
        ),
        caption=SENTENCES[lang],
        code=(0, 2, 3),
        right=(1,),
    )


def a_whole_document(trials: TargetTrials, lang: str = "en") -> Document:
    """Return a document with every kind of block and two files attached."""
    limits = WORDS[lang][1]
    return a_document(
        Section(
            number=1,
            key="summary",
            title=WORDS[lang][2],
            blocks=(
                Paragraph(text=SENTENCES[lang], strong=True),
                Paragraph(text=SENTENCES[lang] * 3),
                a_table(60, lang=lang),
                Table(head=("A", "B"), rows=(("1", SENTENCES[lang]),), widths=(1, 4)),
            ),
        ),
        Section(
            number=2,
            key="throttling",
            title="Mbit/s",
            blocks=(Figure(svg=trials_svg(trials), caption=SENTENCES[lang], alt=f"A {limits}"),),
        ),
        Section(
            number=3,
            key="limits",
            title=limits,
            blocks=(
                Items(items=(SENTENCES[lang], "b", "c")),
                Items(items=("first", SENTENCES[lang]), ordered=True),
                Verbatim(text=f"sha256sum -c manifest-sha256.txt\n    {ROOT}\n"),
            ),
        ),
        *(a_section(Paragraph(text=SENTENCES[lang]), number=n) for n in range(4, 9)),
        lang=lang,
        attachments=(CSV, RAW),
    )


def a_hostile_document() -> Document:
    """Return a document each of whose texts is mischief."""
    blocks: tuple[Block, ...] = (
        *(Paragraph(text=text) for text in HOSTILE),
        Items(items=HOSTILE),
        Table(
            head=HOSTILE[:3],
            rows=tuple((text, text, text) for text in HOSTILE),
            caption=HOSTILE[0],
            code=(1,),
        ),
        Table(head=("a",) * 9, rows=((HOSTILE[3],) * 9,)),
        *(Verbatim(text=text) for text in HOSTILE),
        Figure(svg=_svg(HOSTILE[6]), caption=HOSTILE[2], alt=HOSTILE[5]),
    )
    return a_document(Section(number=1, key="summary", title=HOSTILE[0] + HOSTILE[1], blocks=blocks))


def _svg(text: str) -> str:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 2000" width="720" height="2000" '
        f'font-family="sans-serif"><text x="1" y="20">{text}</text></svg>'
    )
