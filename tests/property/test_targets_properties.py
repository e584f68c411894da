"""Whatever stands in a list or a catalogue file is read, or refused with its line; never a fault of ours."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from probe.targets import CatalogueError, parse_input, read_list, target_of_url
from probe.targets.toml_file import read_toml

urls = st.from_regex(r"(https?|tcp|dns\+udp)://[a-zа-я0-9.\-\[\]:@]{1,30}(/[!-~]{0,20})?", fullmatch=True)


@given(urls | st.text(max_size=60))
@settings(max_examples=400)
def test_an_input_is_taken_apart_or_refused_in_words(text: str) -> None:
    try:
        target = target_of_url(text)
    except CatalogueError as error:
        refused = error
    else:
        parsed = parse_input(text)
        assert target.input == text
        assert parsed.host.isascii()
        assert 1 <= parsed.port <= 65535
        assert "@" not in parsed.host
        return
    assert refused.problem
    assert refused.hint


@given(
    st.binary(max_size=300)
    | st.lists(urls, max_size=5).map(lambda rows: "".join(f"{row},NEWS,,,,\r\n" for row in rows).encode())
)
@settings(max_examples=200, deadline=None)
def test_a_list_is_read_or_refused_with_a_line_of_the_file(body: bytes) -> None:
    content = b"url,category_code,category_description,date_added,source,notes\r\n" + body
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.csv"
        path.write_bytes(content)
        try:
            targets = read_list(path)
        except CatalogueError as error:
            line = error.line
        else:
            line = 1
            assert len({target.target_id for target in targets}) == len(targets)
    assert 1 <= line <= content.count(b"\n") + content.count(b"\r") + 1


@given(st.binary(max_size=200) | st.text(st.sampled_from('[]="\n# abid\t'), max_size=60).map(str.encode))
@settings(max_examples=300, deadline=None)
def test_a_catalogue_file_is_read_or_refused_with_a_line_of_the_file(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sample.toml"
        path.write_bytes(content)
        try:
            read_toml(path, "a")
            line = 1
        except CatalogueError as error:
            line = error.line
    assert 1 <= line <= content.count(b"\n") + 1
