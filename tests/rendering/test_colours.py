"""Whatever the brand's colour, text on it and in it can be read."""

from hypothesis import given
from hypothesis.strategies import from_regex

from chalicelib.colours import DARK, LIGHT, contrast, palette, readable, text_on
from chalicelib.rendering import TEMPLATES

COLOURS = from_regex(r"#[0-9a-f]{6}", fullmatch=True)
WCAG_AA = 4.5


@given(COLOURS)
def test_text_on_the_colour_reaches_aa(colour: str) -> None:
    assert contrast(text_on(colour), colour) >= WCAG_AA


@given(COLOURS)
def test_text_in_the_colour_reaches_aa_on_every_ground(colour: str) -> None:
    for ground in (LIGHT, "#ffffff"):
        assert contrast(readable(colour, LIGHT), ground) >= WCAG_AA
    for ground in (DARK, "#14181b"):
        assert contrast(readable(colour, DARK), ground) >= WCAG_AA


def test_a_readable_colour_is_left_alone() -> None:
    assert readable("#1f5fbf", LIGHT) == "#1f5fbf"
    assert "--accent:#1f5fbf;--on-accent:#ffffff;--link-light:#1f5fbf" in palette("#1f5fbf")


def test_known_ratios() -> None:
    assert round(contrast("#000000", "#ffffff"), 2) == 21
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48


def test_the_stylesheet_has_these_grounds() -> None:
    style = (TEMPLATES / "_base" / "style.css").read_text("utf-8")
    assert f"--raised: {LIGHT};" in style
    assert f"--raised: {DARK};" in style
    assert "--ground: #fff;" in style
    assert "--ground: #14181b;" in style
