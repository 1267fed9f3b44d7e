"""Every page with every kind of words."""

import gzip
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from chalicelib import rendering
from chalicelib.rendering import TEMPLATES, Renderer
from tests.rendering.page_samples import landing, pages
from tests.rendering.reading import Reading
from tests.rendering.samples import BRAND, CAUSES, HOSTILE, LINK, letters

PLAIN = {f"{name}-{variant}": (name, words) for name, variant, words in pages()}
HOSTILES = {f"{name}-{variant}": (name, words) for name, variant, words in pages(HOSTILE, HOSTILE)}


def zipped(text: str) -> int:
    return len(gzip.compress(text.encode()))


@pytest.mark.parametrize("sample", PLAIN)
def test_a_page_has_its_frame(renderer: Renderer, sample: str) -> None:
    name, words = PLAIN[sample]
    page = renderer.page(name, **words)
    read = Reading(page)
    assert len(read.named("h1")) == len(read.named("title")) == len(read.named("main")) == 1
    assert {"lang": "en", "dir": "ltr"} in read.named("html")
    links = [anchor.get("href") for anchor in read.named("a")]
    assert links[0] == "#main"
    assert {f"mailto:{BRAND.support_address}", BRAND.privacy_url, BRAND.terms_url} <= set(links)


@pytest.mark.parametrize("sample", PLAIN)
def test_a_page_names_what_it_points_to(renderer: Renderer, sample: str) -> None:
    name, words = PLAIN[sample]
    read = Reading(renderer.page(name, **words))
    ids = [attributes["id"] for _, attributes in read.tags if attributes.get("id")]
    assert len(ids) == len(set(ids))
    for _, attributes in read.tags:
        named = f"{attributes.get('aria-describedby') or ''} {attributes.get('aria-labelledby') or ''} {attributes.get('for') or ''}"
        assert set(named.split()) <= set(ids)


@pytest.mark.parametrize("sample", PLAIN)
def test_a_page_keeps_to_its_own_security_policy(renderer: Renderer, sample: str) -> None:
    """Row 13: what the policy forbids is not in the page, and what is inlined has its hash in the policy."""
    name, words = PLAIN[sample]
    page = renderer.page(name, **words)
    read = Reading(page)
    for _, attributes in read.tags:
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
    for tag in ("style", "script"):
        (inline,) = re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = b64encode(sha256(inline.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in renderer.content_security_policy


@pytest.mark.parametrize("sample", PLAIN)
def test_a_page_lives_under_the_base_path(renderer: Renderer, sample: str) -> None:
    name, words = PLAIN[sample]
    read = Reading(renderer.page(name, **words))
    own = [
        value
        for _, attributes in read.tags
        for key in ("href", "action", "src")
        if (value := attributes.get(key)) and value.startswith("/")
    ]
    assert all(address.startswith("/api/") for address in own)
    assert all(form.get("action") for form in read.named("form"))


@pytest.mark.parametrize("sample", HOSTILES)
def test_names_are_inert(renderer: Renderer, sample: str) -> None:
    """Row 18: what strangers may name is shown as it is typed and nothing more."""
    name, words = HOSTILES[sample]
    read = Reading(renderer.page(name, **words))
    assert not read.named("img")
    assert not [attributes for _, attributes in read.tags if "onerror" in attributes]
    assert "49" not in "".join(read.texts)


def test_every_console_form_that_writes_carries_the_csrf_word(renderer: Renderer) -> None:
    """Row 22."""
    for name, words in PLAIN.values():
        if "csrf" not in words:
            continue
        page = renderer.page(name, **words)
        for form in re.findall(r'<form[^>]*method="post".*?</form>', page, re.DOTALL):
            assert 'name="csrf" value="csrf-1"' in form


def test_secret_fields_are_never_filled_in_again(renderer: Renderer) -> None:
    """Row 42."""
    for sample in ("consent-keys", "app_panel-keys"):
        name, words = PLAIN[sample]
        page = renderer.page(name, **words)
        assert "sk_secret" not in page
        assert 'type="password"' in page


def test_every_cause_has_words_of_its_own(renderer: Renderer) -> None:
    titles = [Reading(renderer.page("problem", **PLAIN[f"problem-{cause}"][1])).texts[0] for cause in CAUSES]
    assert len(set(titles)) == len(CAUSES)


def test_an_unknown_cause_is_ours(renderer: Renderer) -> None:
    words = {"app": None, "back": "", "hint": "", "retry_after": 0}
    assert renderer.page("problem", cause="new", **words) == renderer.page("problem", cause="crashed", **words)


def test_an_error_is_linked_from_the_top_and_told_at_the_field(renderer: Renderer) -> None:
    page = renderer.page("consent", **PLAIN["consent-tenant_error"][1])
    read = Reading(page)
    assert {"href": "#tenant"} in read.named("a")
    (field,) = (one for one in read.named("input") if one.get("id") == "tenant")
    assert (field["aria-invalid"], field["aria-describedby"]) == ("true", "tenant-error tenant-help")
    assert read.texts[0].startswith("Error:")


def test_the_invitation_stays_on_every_link(renderer: Renderer) -> None:
    read = Reading(renderer.page("landing", **landing()))
    cards = [anchor["href"] for anchor in read.named("a") if f"/c/{LINK}/" in (anchor["href"] or "")]
    assert len(cards) == 7
    assert all(str(address).endswith("?i=inv1") for address in cards)


def test_asked_for_apps_come_first(renderer: Renderer) -> None:
    turned = landing() | {"cards": tuple(reversed(landing()["cards"]))}  # type: ignore[call-overload]
    page = renderer.page("landing", **turned)
    assert page.index("/shopify?") < page.index("/square?") < page.index("/stripe?")


def test_the_search_box_comes_with_more_than_eight_apps(renderer: Renderer) -> None:
    assert "data-filter" not in renderer.page("landing", **landing()).split("<script>")[0]
    assert "data-filter" in renderer.page("landing", **PLAIN["landing-many"][1]).split("<script>")[0]


def test_only_the_last_admin_has_no_remove_button(renderer: Renderer) -> None:
    assert renderer.page("members", **PLAIN["members-two"][1]).count("/members/remove") == 2
    assert "/members/remove" not in renderer.page("members", **PLAIN["members-one"][1])


def test_a_forgotten_word_is_no_blank() -> None:
    with pytest.raises(UndefinedError):
        Renderer(BRAND, "").page("sign_in_sent")


def test_a_logo_stands_for_the_name() -> None:
    page = Renderer(replace(BRAND, logo="logo.svg"), "/api").page("sign_in", typed={}, error=None)
    assert '<img src="/api/logo" alt="Client Connect">' in page


def test_right_to_left_languages_turn_the_page() -> None:
    assert '<html lang="ar-EG" dir="rtl">' in Renderer(BRAND, "", "ar_EG").page("sign_in", typed={}, error=None)


def test_compiled_templates_say_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "COMPILED", tmp_path / "compiled")
    written = Renderer(BRAND, "/api")
    written.compile(tmp_path / "compiled")
    compiled = Renderer(BRAND, "/api")
    for name, words in (*PLAIN.values(), *HOSTILES.values()):
        assert compiled.page(name, **words) == written.page(name, **words)
    for letter, letter_words in letters(HOSTILE):
        assert compiled.letter(letter, **letter_words) == written.letter(letter, **letter_words)


def test_weights(renderer: Renderer) -> None:
    style, script = (
        re.findall(f"<{tag}>(.*?)</{tag}>", renderer.page("landing", **landing()), re.DOTALL)[0]
        for tag in ("style", "script")
    )
    weights = {
        "style": zipped(style),
        "script": zipped(script),
        "landing": zipped(renderer.page("landing", **landing())),
    }
    print(weights)
    assert weights["style"] < 8 * 1024
    assert len(script) < 3 * 1024
    assert weights["landing"] <= 14 * 1024


def test_icons_keep_to_the_policy() -> None:
    for file in (TEMPLATES / "icons").glob("*.svg"):
        drawing = file.read_text("utf-8")
        assert drawing.startswith('<svg viewBox="0 0 24 24"')
        assert not re.search(r"style=|\son\w+=|<script|href|\sid=", drawing)
