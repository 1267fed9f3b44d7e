"""Attempts: begun once, claimed once, ended once."""

from datetime import timedelta

import pytest

from chalicelib import keys
from chalicelib.domain import Attempt, AttemptState, Authority, EventKind
from chalicelib.errors import Unavailable
from tests.storage.making import AT, at_once, attempt, claimed, entity, event, storage
from tests.support.aws import error, time_out
from tests.support.world import World

BROWSER = keys.digest("browser")


def claim(
    of: Attempt, app: str = "square", bindings: tuple[str, ...] = (BROWSER,), after: timedelta = timedelta()
) -> Attempt | None:
    return storage().attempts.claim(of.id, app, bindings, AT + after)


def test_what_was_begun_comes_back(world: World) -> None:
    authority = Authority(admin="pat@acme.example", session_hash=keys.digest("session"))
    begun = attempt(
        authority=authority, tenant="acme.myshopify.com", verifier="v", invitation_id="0" * 32, invited="o@x.example"
    )
    assert storage().attempts.get(begun.id) == begun
    assert storage().attempts.get("unknown") is None


def test_of_eight_at_once_one_claims(world: World) -> None:
    """Threat 6. A condition decides, before any code is redeemed."""
    begun = attempt()
    found = [result for result in at_once(8, lambda _: claim(begun)) if result is not None]
    assert [type(result) for result in found] == [Attempt]
    kept = storage().attempts.get(begun.id)
    assert kept
    assert (kept.state, kept.claim) == (AttemptState.CLAIMED, found[0].claim)


def test_a_claim_fits_app_browser_and_time(world: World) -> None:
    """Threats 1, 3, 7. The row may outlive its time by days: the code looks, not DynamoDB's deletion."""
    begun = attempt()
    assert claim(begun, app="ebay") is None
    assert claim(begun, bindings=(keys.digest("another browser"),)) is None
    assert claim(begun, after=timedelta(minutes=11)) is None
    assert claim(begun, after=timedelta(minutes=10)) is None
    assert storage().attempts.claim("unknown", "square", (BROWSER,), AT) is None
    assert storage().attempts.get("unknown") is None, "nothing was made by asking"
    assert claim(begun, bindings=(keys.digest("session"), BROWSER), after=timedelta(minutes=9))
    assert claim(begun) is None


def test_a_claim_whose_answer_was_lost_is_still_won(world: World) -> None:
    """Threat 6. DynamoDB did it, the answer timed out, our own repeat finds its own name."""
    begun = attempt()
    world.aws.fail("UpdateItem", time_out, after=True)
    found = claim(begun)
    assert found
    assert found.state is AttemptState.CLAIMED


def test_failing_ends_it_with_an_event(world: World) -> None:
    entity()
    mine = claimed()
    storage().attempts.fail(mine, "cancelled", event(EventKind.CONNECTION_FAILED, detail="cancelled"))
    kept = storage().attempts.get(mine.id)
    assert kept
    assert (kept.state, kept.failure) == (AttemptState.FAILED, "cancelled")
    assert world.events()[0] == "connection_failed"


def test_what_is_over_stays_over(world: World) -> None:
    entity()
    mine = claimed()
    for cause in ("cancelled", "app_down"):
        storage().attempts.fail(mine, cause, event(EventKind.CONNECTION_FAILED, detail=cause))
    kept = storage().attempts.get(mine.id)
    assert kept
    assert kept.failure == "cancelled"
    assert world.events().count("connection_failed") == 1


def test_an_outage_is_an_outage(world: World) -> None:
    """Threat 34. Not knowing is not the same as no."""
    begun = attempt()
    world.aws.fail("UpdateItem", error("InternalServerError", 500), times=99)
    with pytest.raises(Unavailable):
        claim(begun)
