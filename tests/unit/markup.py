"""A page taken apart as a browser would: elements, attributes, texts, and whether it is well nested."""

from collections.abc import Iterator
from html.parser import HTMLParser

VOID = frozenset(("meta", "br", "link", "img", "input", "hr", "base", "col"))


class Page(HTMLParser):
    """Everything in a page. Raises AssertionError for an element that is not closed where it has to be."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.comments: list[str] = []
        self.said: list[tuple[str, str]] = []
        """The innermost element and its text."""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == [], self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _value in attrs]
        assert len(names) == len(set(names)), (tag, names)
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        raise AssertionError(f"<{tag}/>")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.said.append((self._open[-1] if self._open else "", " ".join(data.split())))

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def handle_decl(self, decl: str) -> None:
        assert decl == "doctype html"

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)

    @property
    def attributes(self) -> set[tuple[str, str]]:
        """Every attribute name with its element."""
        return {(tag, name) for tag, attributes in self.elements for name in attributes}

    @property
    def tags(self) -> set[str]:
        return {tag for tag, _attributes in self.elements}

    @property
    def ids(self) -> list[str]:
        return [attributes["id"] or "" for _tag, attributes in self.elements if "id" in attributes]

    @property
    def text(self) -> str:
        return "\n".join(text for element, text in self.said if element != "style")

    def values(self, name: str) -> Iterator[str]:
        """Yield each value of an attribute."""
        yield from (attributes[name] or "" for _tag, attributes in self.elements if name in attributes)
