"""One approval may open several accounts: the browser that approved says which, once, and in time."""

import re
from dataclasses import replace

import pytest

from chalicelib import wiring
from chalicelib.domain import AttemptState
from chalicelib.errors import Unavailable
from chalicelib.providers.catalogue import PROVIDERS
from tests.conftest import Clock
from tests.contract.ways import Way
from tests.support.happening import together
from tests.support.visitor import Answer, Visitor
from tests.support.world import World

APP = "lightspeed_k"


class Asked:
    """An owner who approved, and is asked which account it is to be."""

    def __init__(self, world: World) -> None:
        world.entity()
        self.world, self.way = world, Way(world, PROVIDERS[APP])
        self.owner = self.way.visitor
        self.page = self.way.finish(self.way.ready())
        form = self.way.question()
        self.path, self.last = form.action, form.fields["account"]
        self.accounts = re.findall(r'name="account" value="([^"]+)"', self.page.body)

    @property
    def attempt(self) -> dict[str, object]:
        (found,) = self.world.ephemeral.items("attempt")
        return found

    def answer(self, /, **fields: str) -> Answer:
        return self.answer_by(self.owner, fields)

    def answer_by(self, visitor: Visitor, fields: dict[str, str]) -> Answer:
        visitor.post(self.path, fields)
        return visitor.follow()

    def nothing_is_kept(self) -> bool:
        return (self.world.vault.items(), self.world.connections()) == ([], [])


@pytest.fixture
def asked(world: World) -> Asked:
    made = Asked(world)
    assert made.page.status == 200
    return made


def test_every_account_is_offered_and_nothing_is_kept_before(asked: Asked) -> None:
    assert len(asked.accounts) == len(set(asked.accounts)) == 3
    assert "Which account do you want to connect to Acme Coffee LLC?" in asked.page.text
    assert all(account in asked.page.text for account in asked.accounts)
    assert asked.nothing_is_kept()
    assert asked.world.deliver() == []


def test_the_chosen_one_is_connected_and_no_other(asked: Asked) -> None:
    for account in asked.accounts[1:2]:
        assert "is connected to Acme Coffee LLC" in asked.answer(account=account).text
    assert [one["account_id"] for one in asked.world.connections()] == asked.accounts[1:2]
    assert len(asked.world.vault.items()) == 1
    assert asked.world.events()[0] == "connected"
    assert "parked" not in asked.attempt


@pytest.mark.parametrize("fields", [{}, {"account": ""}, {"account": "another"}, {"account": "-"}, {"other": "x"}])
def test_anything_else_is_asked_again(asked: Asked, fields: dict[str, str]) -> None:
    """Threats 23, 24. A foreign account, or none at all: the question stays, and can still be answered."""
    page = asked.answer(**fields)
    if fields == {"account": ""}:
        assert "You cancelled" in page.text
        return
    assert (page.status, "Choose one of the accounts." in page.text) == (400, True)
    assert asked.nothing_is_kept()
    assert asked.attempt["state"] == AttemptState.PARKED
    assert "is connected" in asked.answer(account=asked.last).text


def test_none_of_them_is_an_answer(asked: Asked) -> None:
    """Threat 9. The whole grant is of no use then; there is a way to begin again, and none to choose after all."""
    page = asked.answer(none="1", account=asked.last)
    assert "You cancelled" in page.text
    assert asked.nothing_is_kept()
    assert (asked.attempt["state"], "parked" in asked.attempt) == (AttemptState.FAILED, False)
    assert asked.world.events()[0] == "connection_failed"
    assert "You cancelled" in asked.answer(account=asked.last).text
    assert asked.nothing_is_kept()


def test_a_second_click_changes_nothing(asked: Asked) -> None:
    """Threat 6. Not even one with another answer."""
    first = asked.answer(account=asked.accounts[0])
    pages = [
        asked.answer(**fields) for fields in ({"account": asked.accounts[0]}, {"account": asked.last}, {"none": "1"})
    ]
    assert {page.text for page in pages} == {first.text}
    assert [one["account_id"] for one in asked.world.connections()] == [asked.accounts[0]]
    assert asked.world.events().count("connected") == 1


def test_four_answers_at_once_are_one(asked: Asked) -> None:
    """Threat 6. Two for each account, by the same browser."""
    tabs = [asked.world.visitor() for _ in range(4)]
    for tab in tabs:
        tab.cookies = dict(asked.owner.cookies)
    answers = [
        lambda tab=tab, at=at: tab.post(asked.path, {"account": asked.accounts[at % 2]}) for at, tab in enumerate(tabs)
    ]
    assert {answer.status for answer in together(*answers)} == {303}
    assert len(asked.world.connections()) == len(asked.world.vault.items()) == 1
    assert asked.world.events().count("connected") == 1


def test_another_browser_is_not_asked_and_cannot_answer(asked: Asked) -> None:
    """Threats 1, 23. As if there were no such page."""
    strangers = [asked.world.visitor(), asked.world.admin(), Way(asked.world, PROVIDERS["square"]).visitor]
    strangers[2].cookies = {"__Host-browser": "x" * 43}
    for stranger in strangers:
        assert stranger.get(asked.path).status == 404
        assert asked.answer_by(stranger, {"account": asked.last}).status == 404
    assert asked.attempt["state"] == AttemptState.PARKED
    assert asked.nothing_is_kept()


def test_another_site_cannot_answer_for_its_owner(asked: Asked) -> None:
    """Threat 22."""
    answer = asked.owner.post(
        asked.path, {"account": asked.last}, sec_fetch_site="cross-site", origin="https://evil.example"
    )
    assert answer.status == 403
    assert asked.attempt["state"] == AttemptState.PARKED


def test_half_an_hour_is_the_most(asked: Asked, clock: Clock) -> None:
    """Threat 7. DynamoDB deletes late: the row is still there, and opens nothing."""
    clock.forward(minutes=29)
    assert asked.owner.get(asked.path).status == 200
    clock.forward(minutes=2)
    for page in (asked.owner.get(asked.path), asked.answer(account=asked.last), asked.answer(none="1")):
        assert (page.status, "That took too long" in page.text) == (200, True)
    assert asked.nothing_is_kept()
    assert asked.attempt["state"] == AttemptState.PARKED


def test_a_link_that_was_replaced_meanwhile_keeps_nothing(asked: Asked) -> None:
    """Threat 12."""
    asked.world.platform().post("/v1/entities/acme/link/regenerate")
    page = asked.answer(account=asked.last)
    assert "The link was replaced meanwhile" in page.text
    assert asked.nothing_is_kept()
    assert "parked" not in asked.attempt


# What waits is sealed for the browser (decision 15)


def test_what_waits_can_be_read_by_nobody_without_the_browser(asked: Asked) -> None:
    """Threat 25. Neither from the table, nor with our key and another secret, nor in another attempt's place."""
    tokens = asked.world.apps.tokens(APP)
    stored = str(asked.world.ephemeral.items()) + str(asked.world.core.items())
    assert tokens
    assert not any(secret in stored for token in tokens for secret in (token.access_token, token.refresh_token))
    name = str(asked.attempt["pk"]).partition("#")[2]
    attempt, parking = wiring.storage().attempts.get(name), wiring.finishing().redeeming.parking
    assert attempt
    secret = asked.owner.cookies["__Host-browser"]
    assert parking.opened(secret, attempt).grant.secrets["access_token"] == tokens[-1].access_token
    for other, place in (("x" * 43, attempt), ("", attempt), (secret, replace(attempt, id="0" * 64))):
        with pytest.raises(Unavailable):
            parking.opened(other, place)


def test_anothers_grant_in_its_place_does_not_open(asked: Asked) -> None:
    """Threat 23. Somebody who can write into the table moves one attempt's grant to another."""
    other = asked.world.visitor()
    way = Way(asked.world, PROVIDERS[APP])
    way.visitor = other
    way.finish(way.ready())
    path = way.question().action
    items = {item["pk"]: item for item in asked.world.ephemeral.items("attempt")}
    theirs = items.pop(f"ATTEMPT#{path.removeprefix('/attempts/')}")
    (anothers,) = items.values()
    asked.world.ephemeral.put({**theirs, "parked": anothers["parked"]})
    assert other.get(path).status == 503
    assert asked.nothing_is_kept()
