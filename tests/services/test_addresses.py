"""What people and programs hand in: addresses, names, notes. What gets through may stand in a header."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import InvalidField
from chalicelib.services import addresses

CONTROLS = [chr(code) for code in (*range(32), *range(0x7F, 0xA0))]
BIDI = list("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
BREAKS = ["\r\n", "\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("pat@acme.example", "pat@acme.example"),
        (" Pat@ACME.Example\t", "pat@acme.example"),
        ("pat+books@acme.example", "pat+books@acme.example"),
        ("pat@bücher.example", "pat@xn--bcher-kva.example"),
        ("o'hara@acme.example", "o'hara@acme.example"),
    ],
)
def test_addresses_compare_lower_cased(typed: str, kept: str) -> None:
    assert addresses.email(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        *("", " ", "pat", "pat@", "@acme.example", "pat@acme", "pat@@acme.example", "pat@acme.example, sam@acme.example"),
        *("pat@acme.example;sam@acme.example", "Pat <pat@acme.example>", "<pat@acme.example>", '"pat smith"@acme.example'),
        *("pat@acme.example\r\nBcc: x@evil.example", "pat\n@acme.example", "pat@acme.example\x00", "pat@ac\x00me.example"),
        *("pat@[127.0.0.1]", "pat@127.0.0.1", "pat@localhost", "pät@acme.example", "pat@acme.example.", ".pat@acme.example"),
        *("pat@acme..example", f"pat@{'a' * 250}.example", "pat@\ud800.example", "\ud800@acme.example"),
        *("pat@acme.example\u2028x", "pat@acme.example%0d%0aBcc:x", "pat@acme.example?bcc=x@evil.example", "a" * 5000),
        "=?utf-8?q?x?=@acme.example",
    ],
)  # fmt: skip
def test_what_is_no_address(typed: str) -> None:
    """Threat 17."""
    with pytest.raises(InvalidField) as refusal:
        addresses.email(typed, "requested_by")
    assert refusal.value.name == "requested_by"
    assert str(refusal.value) == "requested_by", "what was typed is in no exception"


@given(st.emails() | st.text(max_size=40) | st.from_regex(r"[^@]{1,12}@[a-z\r\n\x00]{1,8}\.example", fullmatch=True))
def test_whatever_address_is_taken_may_stand_in_a_header(typed: str) -> None:
    """Threat 17."""
    try:
        kept = addresses.email(typed)
    except InvalidField:
        return
    assert kept.isascii()
    assert kept.isprintable()
    assert kept == kept.lower()
    assert kept.count("@") == 1
    assert len(kept) <= 254
    assert not set(' ,;<>()[]"\\') & set(kept)
    assert addresses.email(kept) == kept


@pytest.mark.parametrize("broken", BREAKS + CONTROLS + BIDI + ["\ud800"])
def test_a_name_is_one_line(broken: str) -> None:
    """Threat 17."""
    with pytest.raises(InvalidField):
        addresses.one_line(f"Acme{broken}Bcc: x@evil.example", "name")


@given(st.text(max_size=130))
def test_whatever_name_is_taken_is_one_line(typed: str) -> None:
    """Threat 17."""
    try:
        kept = addresses.one_line(typed, "name")
    except InvalidField:
        return
    assert 1 <= len(kept) <= 120
    assert len(kept.splitlines()) == 1
    assert not set(kept) & {*CONTROLS, *BIDI}
    kept.encode()


def test_lengths() -> None:
    assert addresses.one_line("x" * 120, "name") == "x" * 120
    assert addresses.note("x" * 500) == "x" * 500
    for refused in ("", " \n ", "x" * 121):
        with pytest.raises(InvalidField):
            addresses.one_line(refused, "name")
    with pytest.raises(InvalidField):
        addresses.note("x" * 501)


def test_names_of_every_script_are_names() -> None:
    for name in ("Кофейня", "珈琲店", "قهوة", "Café & Söhne", "<b>Acme</b>", "O’Hara 🫖"):
        assert addresses.one_line(f" {name} ", "name") == name


def test_a_note_may_have_lines_and_be_empty() -> None:
    assert addresses.note(" Dear Olive,\r\nplease connect it.\n") == "Dear Olive,\nplease connect it."
    assert addresses.note("") == ""


@pytest.mark.parametrize("broken", [*sorted(set(CONTROLS) - {"\n"}), *BIDI, "\u2028", "\ud800"])
def test_a_note_is_plain_text(broken: str) -> None:
    with pytest.raises(InvalidField):
        addresses.note(f"Dear{broken}Olive")
