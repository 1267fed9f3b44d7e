"""Letters in three parts."""

from dataclasses import replace

import pytest

from chalicelib.domain import LetterKind
from chalicelib.rendering import TEMPLATES, Renderer
from tests.rendering.reading import Reading
from tests.rendering.samples import BRAND, HOSTILE, PAT, letters

LETTERS = list(letters())
HOSTILES = list(letters(HOSTILE, HOSTILE, HOSTILE))


def test_a_letter_is_a_folder_of_three() -> None:
    folders = {folder.name: {part.name for part in folder.iterdir()} for folder in (TEMPLATES / "letters").iterdir()}
    assert folders == {kind.value: {"subject.txt", "body.txt", "body.html"} for kind in LetterKind}


@pytest.mark.parametrize(("name", "words"), LETTERS)
def test_a_letter_has_its_frame(renderer: Renderer, name: str, words: dict[str, object]) -> None:
    made = renderer.letter(name, **words)
    for part in (made.text, made.html):
        for wanted in (
            str(words["address"]),
            BRAND.product_name,
            BRAND.support_address,
            BRAND.privacy_url,
            BRAND.terms_url,
        ):
            assert wanted in part
    assert "<table" not in made.html
    assert not Reading(made.html).named("img")
    assert made.text.endswith("\n")
    assert "\n\n\n" not in made.text


@pytest.mark.parametrize(("name", "words"), HOSTILES)
def test_names_are_inert_in_html_and_untouched_in_text(renderer: Renderer, name: str, words: dict[str, object]) -> None:
    """Row 18."""
    made = renderer.letter(name, **words)
    assert not Reading(made.html).named("img")
    if "app" in words:
        assert HOSTILE in made.text
        assert HOSTILE in made.subject


def test_a_subject_is_one_line(renderer: Renderer) -> None:
    """Row 17."""
    for name, words in letters("Acme\r\nBcc: evil@example.com\u2028\x0b"):
        assert renderer.letter(name, **words).subject.splitlines() == [renderer.letter(name, **words).subject]


def test_a_note_is_clearly_the_requesters(renderer: Renderer) -> None:
    made = renderer.letter("invitation", **LETTERS[0][1])
    assert f"{PAT} writes:\n\n> Hello Olive,\n> as we said on the phone.\n" in made.text
    assert "Hello Olive,<br>as we said" in made.html


def test_without_a_note_nobody_writes(renderer: Renderer) -> None:
    made = renderer.letter("invitation", **LETTERS[0][1] | {"note": ""})
    assert "writes" not in made.text + made.html


def test_a_logo_is_carried_in_the_letter() -> None:
    made = Renderer(replace(BRAND, logo="logo.png"), "").letter(LETTERS[0][0], **LETTERS[0][1])
    (image,) = Reading(made.html).named("img")
    assert (image["src"], image["alt"]) == ("cid:logo", BRAND.product_name)


@pytest.mark.parametrize(
    ("actor", "phrase"),
    [
        ("admin a@b.example", "a@b.example"),
        ("link sent to a@b.example", "the link sent to a@b.example"),
        ("connect link", "the connect link"),
        ("platform", "platform"),
    ],
)
def test_actors_are_phrases(renderer: Renderer, actor: str, phrase: str) -> None:
    assert renderer._who(actor) == phrase
