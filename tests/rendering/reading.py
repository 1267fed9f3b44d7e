"""What a reader sees of a page: its text, and the attributes that are read out."""

from html.parser import HTMLParser

SPOKEN = frozenset({"alt", "aria-label", "data-done", "data-label", "placeholder", "title"})
_SILENT = frozenset({"script", "style", "svg"})
_VOID = frozenset({"br", "hr", "img", "input", "link", "meta"})


class Reading(HTMLParser):
    """Collects ``tags`` (with attributes), ``texts`` and ``spoken`` attribute values."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.spoken: list[str] = []
        self._open: list[bool] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        self.spoken += [value for name, value in attrs if name in SPOKEN and value]
        if tag not in _VOID:
            self._open.append(tag in _SILENT or attributes.get("aria-hidden") == "true")

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID and self._open:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if not any(self._open) and data.strip():
            self.texts.append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]
