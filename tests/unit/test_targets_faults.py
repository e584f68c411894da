"""Every fault in a catalogue folder is refused with file, line and what to type next."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from probe.targets import check, read_catalogue
from unit.a_catalogue import SERVICE, copy_of_the_catalogue, in_file, refused

TODAY = dt.date(2026, 11, 21)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copy_of_the_catalogue(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "line", "problem", "hint"),
    [
        ('title = "Sample"', 'titel = "Sample"', 2, "unknown field 'titel'", "Did you mean 'title'?"),
        ('title = "Sample"', 'zzz = "Sample"', 2, "unknown field 'zzz'", "Known fields: id, title"),
        ('title = "Sample"\n', "", 1, "'title' is missing", "Add a line: title = …"),
        ('rule = "any"', 'rule = "some"', 3, "rule: 'some' is not known", "One of: any, all, essential."),
        ('rule = "any"', 'rule = "essential"', 3, "no endpoint is essential", "essential = true"),
        ('risk = "low"', 'risk = "hihg"', 4, "risk: 'hihg' is not known", "Did you mean 'high'?"),
        ("default = true", 'default = "yes"', 5, "default: must be true or false", "without quotes"),
        ('"NEWS"', '"NEVS"', 6, "category: 'NEVS' is not known", "Did you mean 'NEWS'?"),
        ("2026-08-22", '"22 August"', 7, "dated: must be a date", "YYYY-MM-DD"),
        ("2026-08-22", "2026-08-22T00:00:00Z", 7, "dated: must be a date", "YYYY-MM-DD"),
        ("dated = 2026-08-22\n", "", 10, "neither date nor source", "dated"),
        ('source = "a test"', "source = 3", 8, "source: must be text", "between quotes"),
        ('"a test"', '"' + "x" * 501 + '"', 8, "one line of at most 500", "Shorten"),
        ('"a test"', r'"a\ttab"', 8, "one line of at most 500", "Shorten"),
        ('id = "sample"', 'id = "Sample"', 1, "id: 'Sample' has not the form", "a-z"),
        ('id = "sample"', 'id = "other"', 1, "is not the file's name", "Call the file other.toml."),
        ('id = "sample"', 'id = "network"', 1, "is taken by the program", "another id"),
        ("[[endpoint]]", "[endpoint]", 1, "'endpoint' is no table", "Write [[endpoint]]."),
        (SERVICE[SERVICE.index("[[") :], "", 1, "no endpoint", "Add an [[endpoint]]"),
        ('id = "web"', 'ids = "web"', 11, "unknown field 'ids'", "Did you mean 'id'?"),
        ("https://sample.example/", "sample.example", 12, "input: the input does not begin with", "https://"),
        ("https://sample.example/", "https://", 12, "input: the input has no host", "Write the whole"),
        ("https://sample.example/", "https://a b/", 12, "holds a space", "Write the whole"),
        (
            "https://sample.example/",
            "tcp://a.example:1",
            12,
            "'web' does not take tcp://",
            "http:// or https://",
        ),
        ('"web"\n', '"web"\nexperiment = "web"\n', 14, "not TOML", "Compare"),
        ('experiment = "web"', 'experiment = "doh"', 12, "'addresses' is missing", "addresses ="),
        ('experiment = "web"', 'experiment = "wbe"', 13, "'wbe' is not known", "Did you mean 'web'?"),
        ('experiment = "web"', 'experiment = "web"\naddresses = ["x"]', 14, "'x' is no address", "8.8.8.8"),
        ('experiment = "web"', 'experiment = "web"\naddresses = "x"', 14, "must be an array", "Write ["),
        ('experiment = "web"', 'experiment = "web"\nquestion = "ru"', 14, "question: 'ru' has not", "ru SOA"),
        (
            'experiment = "web"',
            'experiment = "web"\nranges = ["gogle"]',
            14,
            "'gogle' is not shipped",
            "google",
        ),
        (
            'source = "a test"',
            'source = "a"\nprivate_ca = "none"',
            9,
            "'none' is not shipped",
            "Known: signal.",
        ),
        ('"web"\n', '"web"\ncountry = "ru"\n', 12, "country: 'ru' has not the form", "capital"),
        ("default = true", "default = ", 5, "not TOML", "Compare"),
        ('risk = "low"', 'risk = "high"', 5, "only low risk is measured by default", "default = false"),
        (
            '"web"\n',
            '"web"\nrisk = "elevated"\n',
            12,
            "riskier than its service",
            'risk = "elevated" at the top',
        ),
        (
            'experiment = "web"',
            'experiment = "web"\npaired = "own"',
            14,
            "needs the path of a large object",
            'paired = "name"',
        ),
        ('experiment = "web"', 'experiment = "web"\npaired = "both"', 14, "'both' is not known", "own, name"),
        (
            'experiment = "web"',
            'experiment = "web"\nlarge_object = "file.bin"',
            14,
            "large_object: 'file.bin' has not the form",
            "begins with /",
        ),
        (
            'experiment = "web"',
            'experiment = "web"\nlarge_object = "/a b"',
            14,
            "large_object: '/a b' has not the form",
            "begins with /",
        ),
        (
            'experiment = "web"',
            'experiment = "web"\nlarge_object = "/x.bin"\nno_object = "none is known"',
            15,
            "names a large object too",
            "Delete one",
        ),
        (
            'input = "https://sample.example/"\nexperiment = "web"',
            'input = "http://sample.example/"\nexperiment = "web"\npaired = "name"',
            14,
            "transfers are made over https://",
            "https:// input",
        ),
        (
            'input = "https://sample.example/"\nexperiment = "web"',
            'input = "https://192.0.2.1/"\nexperiment = "web"\npaired = "name"',
            14,
            "no name to send to another server",
            "instead of the address",
        ),
        ("[[endpoint]]", "[[endpiont]]", 10, "unknown field 'endpiont'", "Known fields"),
        ('experiment = "web"\n', 'experiment = "web', 13, "not TOML", "Compare"),
    ],
)
def test_a_fault_in_a_service_is_refused_with_its_line(  # noqa: PLR0917 - the columns of the table above
    folder: Path, old: str, new: str, line: int, problem: str, hint: str
) -> None:
    assert old in SERVICE
    (folder / "sample.toml").write_text(SERVICE.replace(old, new, 1))
    with refused("sample.toml", line, problem, hint):
        read_catalogue(folder)
    findings = [finding for finding in check(folder, today=TODAY) if finding.level == "error"]
    assert [(Path(f.file).name, f.line) for f in findings] == [("sample.toml", line)]


def test_the_same_id_or_input_twice_is_refused_with_both_lines(folder: Path) -> None:
    second = '\n[[endpoint]]\nid = "{id}"\ninput = "{input}"\nexperiment = "web"\n'
    path = folder / "sample.toml"
    path.write_text(SERVICE + second.format(id="web", input="https://other.example/"))
    with refused("sample.toml", 16, "duplicate id 'sample/web', first in sample.toml line 11", "Delete one"):
        read_catalogue(folder)
    path.write_text(SERVICE + second.format(id="web-2", input="https://SAMPLE.example:443"))
    with refused(
        "sample.toml", 17, "duplicate input 'https://SAMPLE.example:443', first in sample.toml line 12"
    ):
        read_catalogue(folder)


def test_the_same_input_in_two_files_is_refused_with_both_files(folder: Path) -> None:
    (folder / "other.toml").write_text(SERVICE.replace('"sample"', '"other"'))
    (folder / "sample.toml").write_text(SERVICE)
    with refused("sample.toml", 12, "duplicate input 'https://sample.example/', first in other.toml line 12"):
        read_catalogue(folder)


@pytest.mark.parametrize(
    ("break_it", "name", "line", "problem"),
    [
        (lambda folder: (folder / "neutral.toml").unlink(), "neutral.toml", 0, "missing"),
        (
            in_file("neutral.toml", lambda t: t.replace('group = "foreign"', 'group = "foriegn"', 1)),
            "neutral.toml",
            131,
            "is not known",
        ),
        (
            in_file("neutral.toml", lambda t: t.replace("https://yandex.ru/", "http://yandex.ru/")),
            "neutral.toml",
            19,
            "over https://",
        ),
        (
            in_file("neutral.toml", lambda t: t[: t.index('id = "debian"') - 13]),
            "neutral.toml",
            1,
            "fewer than 3 neutrals in group 'foreign'",
        ),
        (
            in_file("neutral.toml", lambda t: t.replace('id = "vk"', 'id = "yandex"')),
            "neutral.toml",
            27,
            "duplicate id",
        ),
        (
            in_file("neutral.toml", lambda t: t.replace('"/100MB"', '"100MB"')),
            "neutral.toml",
            82,
            "has not the form",
        ),
        (
            in_file("resolvers.toml", lambda t: t.replace("https://0.th", "http://0.th")),
            "resolvers.toml",
            7,
            "is no https:// URL",
        ),
        (
            in_file("resolvers.toml", lambda t: t.replace("8.8.8.8:53", "dns.google:53")),
            "resolvers.toml",
            42,
            "needs an address",
        ),
        (
            in_file("network.toml", lambda t: t.replace("http://captive", "https://captive")),
            "network.toml",
            13,
            "does not take https://",
        ),
        (
            in_file("network.toml", lambda t: t.replace("stun.m-online.net:3478", "stun.m-online.net")),
            "network.toml",
            8,
            "'stun.m-online.net' is no host with its port",
        ),
        (
            in_file("network.toml", lambda t: t.replace("dated = 2026-11-21\n", "")),
            "network.toml",
            1,
            "'dated' is missing",
        ),
        (in_file("ranges/x.txt", lambda t: t.replace("dated", "date")), "x.txt", 1, "no date"),
        (in_file("ranges/x.txt", lambda t: t.replace("2026-08-22", "2026-02-30")), "x.txt", 1, "no date"),
        (
            in_file("ranges/x.txt", lambda t: t.replace("8.25.194.0/23", "8.25.194.1/23")),
            "x.txt",
            5,
            "is no prefix",
        ),
        (
            in_file("ranges/x.txt", lambda t: t.replace("asn: 13414", "asn: Twitter")),
            "x.txt",
            4,
            "'Twitter' is no AS number",
        ),
        (in_file("ranges/x.txt", lambda t: t + "8.25.194.0/23\n"), "x.txt", 26, "first on line 5"),
        (
            in_file("private-ca/signal.pem", lambda t: t.replace("-----END", "-----DNE", 1)),
            "signal.pem",
            1,
            "not PEM",
        ),
        (in_file("private-ca/signal.pem", lambda t: t.split("-----", 1)[0]), "signal.pem", 1, "not PEM"),
        (
            in_file("private-ca/signal.pem", lambda t: t.replace("MIID7zCCAtegAwIBAgI", "MIID7zCCAte", 1)),
            "signal.pem",
            1,
            "a certificate cannot be read",
        ),
        (  # its version says 107; the library has an exception of its own for that
            in_file("private-ca/signal.pem", lambda t: t.replace("CCAtegAwIBA", "CCAtegAwIBa", 1)),
            "signal.pem",
            1,
            "a certificate cannot be read",
        ),
    ],
)
def test_a_fault_beside_the_services_is_refused_with_its_line(
    folder: Path, break_it: Callable[[Path], None], name: str, line: int, problem: str
) -> None:
    break_it(folder)
    with refused(name, line, problem):
        read_catalogue(folder)
    assert [finding.level for finding in check(folder, today=TODAY)] == ["error"]


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        (b"id = 1\n\xff", 2, "not UTF-8 text"),
        (b"#" * 1_000_001, 0, "larger than 1000000 bytes"),
        # Each of these kept a processor busy for hours.
        (b"id = 1\n" + b"a." * 400_000 + b"a = 1", 2, "nested too deeply"),
        (b"[" + b"a." * 400_000 + b"a]\n" + b"k = 1\n" * 9, 1, "nested too deeply"),
        (b"id = {" + b"a." * 400_000 + b"a = 1}", 1, "nested too deeply"),
        (b"id = 1\ntitle = " + b"1" * 5000, 2, "not TOML: a number without end"),
    ],
)
def test_a_file_that_is_no_small_text_is_refused(
    folder: Path, content: bytes, line: int, problem: str
) -> None:
    (folder / "sample.toml").write_bytes(content)
    with refused("sample.toml", line, problem):
        read_catalogue(folder)


def test_a_file_that_cannot_be_opened_is_refused(folder: Path) -> None:
    (folder / "sample.toml").mkdir()
    with refused("sample.toml", 0, "cannot be read: Is a directory"):
        read_catalogue(folder)


def test_a_file_saved_by_windows_is_read(folder: Path) -> None:
    (folder / "sample.toml").write_bytes(b"\xef\xbb\xbf" + SERVICE.replace("\n", "\r\n").encode())
    assert read_catalogue(folder).service("sample").title == "Sample"
