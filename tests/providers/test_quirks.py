"""Every quirk that is known of an app is met by its row, or there is a reason why a connection does not meet it."""

import pytest

from chalicelib.providers.base import Provider
from chalicelib.providers.catalogue import PROVIDERS
from local.catalogue.facts import facts
from tests.providers.quirks_elsewhere import ELSEWHERE
from tests.providers.quirks_of_rows import SIGNS

PAIRS = [(quirk, slug) for slug, known in facts().items() for quirk in known.quirks]
HOW_MANY = 87


def serving(slug: str) -> Provider:
    """Shopify POS is Shopify."""
    row = PROVIDERS[slug]
    return PROVIDERS[row.part_of] if row.part_of else row


@pytest.mark.parametrize(("quirk", "slug"), PAIRS)
def test_a_quirk_is_met_or_explained(quirk: str, slug: str) -> None:
    sign, reason = SIGNS.get(quirk), ELSEWHERE.get(quirk, {}).get(slug)
    if reason is None:
        assert sign, "neither a sign nor a reason"
        assert sign(serving(slug))
    else:
        assert reason.endswith(".")
        assert sign is None or not sign(serving(slug)), "the reason is out of date: the row does meet it"


def test_every_quirk_is_known_by_name() -> None:
    quirks = {quirk for quirk, _ in PAIRS}
    assert len(quirks) == HOW_MANY
    assert quirks == set(SIGNS) | set(ELSEWHERE)


def test_no_reason_is_left_over() -> None:
    assert {(quirk, slug) for quirk, reasons in ELSEWHERE.items() for slug in reasons} <= set(PAIRS)


@pytest.mark.parametrize("quirk", sorted(SIGNS))
def test_a_sign_tells_rows_apart(quirk: str) -> None:
    """A sign that every row has would prove nothing; what the engine does for all alike is tried out, not seen."""
    if SIGNS[quirk].__module__.endswith("quirks_engine") or quirk in {
        "account_id_in_token_response",
        "pkce_must_not_be_sent",
    }:
        return
    assert not all(SIGNS[quirk](row) for row in PROVIDERS.values())
