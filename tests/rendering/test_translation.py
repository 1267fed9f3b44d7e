"""No sentence escapes the catalogue, and the catalogue is current."""

import gettext
import os
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from chalicelib.rendering import LOCALES, TEMPLATES, Renderer
from tests.rendering.page_samples import pages
from tests.rendering.reading import Reading
from tests.rendering.samples import BRAND, letters


class Marked(gettext.NullTranslations):
    """A language in which every sentence stands in brackets."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


@pytest.fixture(scope="module")
def marked() -> Renderer:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gettext, "translation", lambda *_, **__: Marked())
        return Renderer(BRAND, "")


def data(value: object) -> Iterator[str]:
    """Every string in the words: names and addresses, which are nobody's to translate."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for one in value.items() for part in one for text in data(part))
    elif isinstance(value, tuple):
        yield from (text for one in value for text in data(one))
    elif is_dataclass(value):
        yield from (text for one in fields(value) for text in data(getattr(value, one.name)))


def escaped(text: str, words: dict[str, object]) -> str:
    """What is left of a text without sentences in brackets, data and figures."""
    while text != (inner := re.sub(r"⟦[^⟦⟧]*⟧", "", text)):
        text = inner
    for known in sorted({*data(words), *data(BRAND)}, key=len, reverse=True):
        text = text.replace(known, "") if len(known) > 1 else text
    return "".join(re.findall(r"[^\W\d_]+", text))


@pytest.mark.parametrize("sample", [f"{name}-{variant}" for name, variant, _ in pages()])
def test_every_sentence_of_a_page_is_translated(marked: Renderer, sample: str) -> None:
    name, words = next((name, words) for name, variant, words in pages() if f"{name}-{variant}" == sample)
    read = Reading(marked.page(name, **words))
    assert escaped("".join(read.texts), words) == ""
    assert [text for text in read.spoken if escaped(text, words)] == []


@pytest.mark.parametrize(("name", "words"), list(letters(note="One line.")))
def test_every_sentence_of_a_letter_is_translated(marked: Renderer, name: str, words: dict[str, object]) -> None:
    made = marked.letter(name, **words)
    for part in (made.subject, made.text, "".join(Reading(made.html).texts)):
        assert escaped(part, words) == ""


def test_a_sentence_from_python_is_escaped_although_a_template_sentence_is_trusted(renderer: Renderer) -> None:
    words = {"cause": "conflict", "app": None, "back": "", "retry_after": 0}
    assert "100% &lt;b&gt;" in renderer.page("problem", hint="100% <b>", **words)


def is_ours(folder: str | os.PathLike[str]) -> bool:
    """Babel by itself leaves out what begins with an underscore, too."""
    return not Path(folder).name.startswith(".")


def test_the_catalogue_is_current() -> None:
    """If this fails: the command is in ``chalicelib.i18n``."""
    root = TEMPLATES.parent
    with (root / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    extracted = extract_from_dir(root, methods, options, directory_filter=is_ours)
    found = {message for _, _, message, _, _ in extracted}
    assert "Skip to the main content" in found, "the search looks into _base"
    with (LOCALES / "messages.pot").open("rb") as file:
        kept = {message.id for message in read_po(file) if message.id}
    assert found == kept
