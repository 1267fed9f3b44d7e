"""Random values, digests, MACs and PKCE, against the documents they come from and against other implementations."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import keys

PARTS = st.lists(st.text(max_size=8) | st.binary(max_size=8), max_size=4)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis adds the zone
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@given(st.binary(max_size=100))
def test_base64url_comes_back(raw: bytes) -> None:
    assert keys.from_base64url(keys.base64url(raw)) == raw


@given(st.text(ALPHABET, max_size=48) | st.text(max_size=12))
def test_what_decodes_is_what_we_would_have_written(text: str) -> None:
    try:
        raw = keys.from_base64url(text)
    except ValueError:
        return
    assert keys.base64url(raw) == text


@pytest.mark.parametrize("text", ["QQ==", "QR", "QUJ", "Q", "a b", "a\n", "+/+/", "QQ\x00", "ＱＱ", "é"])
def test_padding_spare_bits_and_foreign_letters_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        keys.from_base64url(text)


@given(PARTS, PARTS)
def test_different_parts_never_join_to_the_same_bytes(one: list[str | bytes], other: list[str | bytes]) -> None:
    same_parts = [_raw(part) for part in one] == [_raw(part) for part in other]
    assert (keys.joined(*one) == keys.joined(*other)) == same_parts


def test_parts_do_not_flow_into_each_other() -> None:
    assert keys.name_of("ab", "c") != keys.name_of("a", "bc")
    assert keys.name_of("a") != keys.name_of("a", "")


def _raw(part: str | bytes) -> bytes:
    return part.encode() if isinstance(part, str) else part


@given(st.lists(MOMENTS, min_size=2, max_size=6, unique=True))
def test_later_ids_sort_first(moments: list[datetime]) -> None:
    ids = [keys.newest_first_id(at) for at in sorted(moments, reverse=True)]
    assert ids == sorted(ids)


def test_a_microsecond_is_enough_to_sort_by() -> None:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    assert keys.newest_first_id(at + timedelta(microseconds=1)) < keys.newest_first_id(at)


def test_an_id_has_its_form_and_is_never_the_same_twice() -> None:
    at = keys.now()
    made = {keys.newest_first_id(at) for _ in range(1000)}
    assert len(made) == 1000
    assert all(keys.is_id(found) for found in made)


@pytest.mark.parametrize("text", ["", "0" * 31, "0" * 33, "G" * 32, "A" * 32, "0" * 32 + "\n", "٠" * 32])
def test_what_is_no_id(text: str) -> None:
    assert not keys.is_id(text)


def test_secrets_have_256_bits() -> None:
    """Threat 11. A CSPRNG's, and long enough that nobody meets one by chance."""
    assert len(keys.from_base64url(keys.random_secret())) == 32
    assert len({keys.random_secret() for _ in range(1000)}) == 1000


def test_what_is_kept_of_a_secret_is_its_sha256() -> None:
    """FIPS 180-2, appendix B.1."""
    assert keys.digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_code_challenge_of_rfc_7636() -> None:
    """Threat 4. The vector of RFC 7636, appendix B."""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert keys.code_challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@given(st.binary(min_size=32, max_size=32), st.text(min_size=1, max_size=20))
def test_derived_keys_are_hkdf_expands(key: bytes, label: str) -> None:
    """RFC 5869 §2.3, against another implementation of it."""
    assert keys.derived(key, label) == HKDFExpand(hashes.SHA256(), 32, label.encode()).derive(key)


def test_each_use_has_a_key_of_its_own() -> None:
    key = bytes(range(32))
    assert keys.mac(key, "connect-link", "x") != keys.mac(key, "csrf", "x")
    expected = hmac.new(keys.derived(key, "csrf"), b"\x00\x00\x00\x01x", hashlib.sha256).digest()
    assert keys.mac(key, "csrf", "x") == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("a", "a", True), ("a", b"a", True), ("a", "b", False), ("", "a", False), ("é", "é", True), ("é", "e", False)],
)
def test_comparison(one: str | bytes, other: str | bytes, expected: bool) -> None:
    assert keys.same(one, other) is expected
