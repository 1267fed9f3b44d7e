"""Opened data keys in memory, and what a refusal may tell: outbound's own."""

import time
from datetime import timedelta
from unittest.mock import patch

import pytest

from chalicelib import keys, wiring
from chalicelib.errors import NotKept
from chalicelib.outbound.data_keys import DataKeys
from chalicelib.outbound.refusals import LONGEST_WAIT, error_code, seconds
from tests.conftest import Clock
from tests.support.grants import Books, closed
from tests.support.world import World, forget

__all__ = ["closed"]


def test_a_key_is_at_hand_for_its_time() -> None:
    kept = DataKeys(seconds=60)
    kept.keep(b"a", b"key")
    assert kept.get(b"a") == b"key"
    later = time.monotonic() + 61
    with patch("time.monotonic", lambda: later):
        assert kept.get(b"a") is None
    assert kept.get(b"a") is None, "it is gone, not hidden"


def test_there_are_never_more_than_so_many() -> None:
    kept = DataKeys(most=3)
    for number in range(5):
        kept.keep(bytes([number]), b"key")
        kept.get(b"\x00")
    assert [kept.get(bytes([number])) is not None for number in range(5)] == [False, False, True, True, True] or [
        kept.get(bytes([number])) is not None for number in range(5)
    ] == [True, False, False, True, True]


def test_a_copy_under_another_connection_asks_kms_and_does_not_open(world: World, clock: Clock) -> None:
    """Threat 23. However warm the key: it is kept for the connection that it was opened for."""
    books = Books(world, clock, "square")
    books.read()
    from dataclasses import replace

    for stranger in (
        replace(books.held(), entity_id="other"),
        replace(books.held(), id="0" * 32),
        replace(books.held(), app="etsy"),
    ):
        before = len(world.aws.calls)
        with pytest.raises(NotKept):
            wiring.sealer().open(books.held().sealed, stranger)
        assert "Decrypt" in world.aws.calls[before:]


def test_a_reading_with_the_key_at_hand_is_one_call(world: World, clock: Clock) -> None:
    books = Books(world, clock, "square")
    path = f"/v1/entities/acme/connections/{books.id}/credentials"
    platform = world.platform()
    forget()
    platform.get(path)
    before = len(world.aws.calls)
    assert platform.get(path).status == 200
    assert world.aws.calls[before:] == ["GetItem"]


def test_each_grant_that_is_written_has_a_key_of_its_own(world: World, clock: Clock) -> None:
    books = Books(world, clock, "squarespace_commerce")
    wrapped = {bytes(books.item()["sealed"].value)[3:200]}
    for _ in range(3):
        books.later(hours=1)
        books.read()
        wrapped.add(bytes(books.item()["sealed"].value)[3:200])
    assert len(wrapped) == 4


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"error": "invalid_grant", "error_description": "x"}, "invalid_grant"),
        ({"error": {"type": "unauthorized", "message": "x"}}, "unauthorized"),
        ({"error": {"code": 42}}, "42"),
        ({"error": [{"code": "INVALID_TOKEN.GMP_GATEWAY_API", "field": "x"}]}, "INVALID_TOKEN.GMP_GATEWAY_API"),
        ({"errors": [{"category": "A", "code": "UNAUTHORIZED"}]}, "UNAUTHORIZED"),
        ({"message": "Invalid refresh token", "type": "service.not_authorized"}, "service.not_authorized"),
        ({"error": "a sentence with the token EAAA in it"}, ""),
        ({"error": "x" * 60}, ""),
        ({"error": True}, ""),
        ({"error": []}, ""),
        ({"error": {"error": {"error": {"error": "deep"}}}}, ""),
        ({"message": "no"}, ""),
        (["error"], "error"),
        (None, ""),
        ("error", "error"),
    ],
)
def test_a_refusal_tells_a_short_code_or_nothing(answer: object, code: str) -> None:
    """Threats 25, 31, 36."""
    assert error_code(answer) == code


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("999999999", LONGEST_WAIT),
        ("-1", None),
        ("1.5", None),
        ("", None),
        ("soon", None),
        ("9" * 99, None),
    ],
)
def test_retry_after_in_seconds(said: str, wanted: float | None) -> None:
    """Threats 31, 36. RFC 9110 §10.2.3, and nothing else."""
    assert seconds(said) == wanted


def test_retry_after_as_a_date(clock: Clock) -> None:
    """Threat 31."""
    from email.utils import format_datetime

    def at(**amount: float) -> str:
        return format_datetime((keys.now() + timedelta(**amount)).replace(microsecond=0), usegmt=True)

    assert 58 <= (seconds(at(minutes=1)) or 0) <= 60
    assert seconds(at(minutes=-1)) == 0
    assert seconds(at(days=9)) == LONGEST_WAIT
