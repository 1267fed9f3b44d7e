"""WooCommerce's server posts the keys past the browser. The post proves nothing; the store they open does."""

from collections.abc import Mapping
from unittest.mock import patch

import pytest

from chalicelib.domain import AttemptState
from chalicelib.providers.catalogue import PROVIDERS
from local.simulators.apps import woocommerce
from local.simulators.people import approve
from tests.conftest import Clock
from tests.contract.ways import Back, Way
from tests.support.dance import path_of
from tests.support.visitor import FORM, Answer
from tests.support.world import World

APP = "woocommerce"
CALLBACK = f"/callback/{APP}"
MADE_UP = {
    "key_id": 1,
    "consumer_key": "ck_" + "5e" * 20,
    "consumer_secret": "cs_" + "5e" * 20,
    "key_permissions": "read",
}


class Shop:
    """An owner who approved at their shop, whose keys are still on their way."""

    def __init__(self, world: World) -> None:
        world.entity()
        self.world, self.way = world, Way(world, PROVIDERS[APP])
        self.posted: list[Mapping[str, object]] = []
        address = self.way.start()
        with patch.object(woocommerce, "deliver", self._keep):
            self.back = Back(approve(address))
        self.state = self.back.values["user_id"]
        (self.keys,) = self.posted

    def _keep(self, _url: str, payload: Mapping[str, object]) -> int:
        self.posted.append(payload)
        return 200

    def post(self, payload: object, path: str = CALLBACK, content_type: str = "application/json") -> Answer:
        """As a shop's server posts: no cookie, no origin, no token."""
        return self.world.platform("x:x").request("POST", path, payload, authorization="", content_type=content_type)

    def comes_back(self) -> Answer:
        return self.way.come_back(self.back)

    @property
    def attempt(self) -> dict[str, object]:
        (found,) = self.world.ephemeral.items("attempt")
        return found

    def nothing_is_kept(self) -> bool:
        return (self.world.vault.items(), self.world.connections()) == ([], [])


@pytest.fixture
def shop(world: World) -> Shop:
    return Shop(world)


def test_keys_before_the_owner(shop: Shop) -> None:
    """The usual order. Sealed under the state that the shop was given, until its browser brings that."""
    assert shop.post(shop.keys).status == 200
    stored = str(shop.world.ephemeral.items()) + str(shop.world.core.items())
    assert not any(str(shop.keys[name]) in stored for name in ("consumer_key", "consumer_secret"))
    assert shop.attempt["state"] == AttemptState.PENDING
    assert shop.nothing_is_kept()
    assert "is connected to Acme Coffee LLC" in shop.comes_back().text
    assert "parked" not in shop.attempt


def test_the_owner_before_the_keys(shop: Shop) -> None:
    """The page waits, and asks nobody; the same address again ends it."""
    for _ in range(2):
        page = shop.comes_back()
        assert (page.status, "Connecting WooCommerce" in page.text) == (200, True)
    assert shop.attempt["state"] == AttemptState.PENDING
    assert shop.world.apps.count(APP, "identity") == 0
    assert shop.post(shop.keys).status == 200
    assert "is connected to Acme Coffee LLC" in shop.comes_back().text
    assert len(shop.world.connections()) == 1


def test_no_keys_at_all_is_too_late_in_the_end(shop: Shop, clock: Clock) -> None:
    """Threat 7."""
    assert "Connecting WooCommerce" in shop.comes_back().text
    clock.forward(minutes=11)
    page = shop.comes_back()
    assert (page.status, "That took too long" in page.text) == (400, True)


def test_keys_that_come_twice_count_once(shop: Shop) -> None:
    """Threat 6. Whoever comes second, the shop itself or not, changes nothing."""
    assert shop.post(shop.keys).status == 200
    first = shop.attempt["parked"]
    for again in (shop.keys, {**MADE_UP, "user_id": shop.state}):
        assert shop.post(again).status == 404
    assert shop.attempt["parked"] == first
    shop.comes_back()
    assert shop.post(shop.keys).status == 404
    assert len(shop.world.connections()) == 1


def test_keys_that_come_too_late_are_not_taken(shop: Shop, clock: Clock) -> None:
    """Threat 7."""
    clock.forward(minutes=11)
    assert shop.post(shop.keys).status == 404
    assert "parked" not in shop.attempt


@pytest.mark.parametrize("state", ["x" * 43, "", None, 7, ["x"]])
def test_a_post_that_knows_no_state_leaves_nothing(shop: Shop, state: object) -> None:
    """Threat 1. Nothing is written, and nobody learns what is waited for."""
    before = shop.world.ephemeral.items()
    answer = shop.post({**shop.keys, "user_id": state})
    assert answer.status == (404 if state == "x" * 43 else 400)
    assert shop.world.ephemeral.items() == before


@pytest.mark.parametrize(
    "changed",
    [{"key_permissions": "read_write"}, {"consumer_key": "ck_x"}, {"consumer_secret": None}, {"key_permissions": None}],
)
def test_what_are_no_keys_to_read_with_are_not_taken(shop: Shop, changed: Mapping[str, object]) -> None:
    """Threats 24, 42."""
    assert shop.post({**shop.keys, **changed}).status == 400
    assert "parked" not in shop.attempt
    assert shop.post(shop.keys).status == 200, "the right ones still may"


def test_made_up_keys_open_no_shop(shop: Shop) -> None:
    """Threat 3. Whoever got hold of the state posts first: the shop that was typed does not know the keys."""
    assert shop.post({**MADE_UP, "user_id": shop.state}).status == 200
    page = shop.comes_back()
    assert "WooCommerce said no" in page.text
    assert shop.nothing_is_kept()
    assert (shop.attempt["state"], "parked" in shop.attempt) == (AttemptState.FAILED, False)


def test_the_keys_of_another_shop_open_nothing_either(shop: Shop) -> None:
    """Threat 3. Good keys, but not of the shop that the owner typed."""
    other = Way(shop.world, PROVIDERS[APP])
    other.visitor.get(other.page_path)
    address = other.visitor.submit(other.action, tenant="https://grocer.example.com/store").refresh
    with patch.object(woocommerce, "deliver", shop._keep):
        approve(address)
    assert shop.post({**shop.posted[-1], "user_id": shop.state}).status == 200
    assert "WooCommerce said no" in shop.comes_back().text
    assert shop.nothing_is_kept()


def test_who_says_no_after_all_throws_the_keys_away(shop: Shop) -> None:
    """Threat 9. What the browser brings decides; without success there is none."""
    shop.post(shop.keys)
    page = shop.way.come_back(shop.back.changed(success="0"))
    assert "You cancelled" in page.text
    assert shop.nothing_is_kept()
    assert "parked" not in shop.attempt
    assert "You cancelled" in shop.comes_back().text


def test_another_browser_gets_nothing_for_the_keys(shop: Shop) -> None:
    """Threat 1."""
    shop.post(shop.keys)
    stranger = shop.world.visitor()
    assert stranger.get(path_of(shop.back.url)).status == 400
    assert shop.nothing_is_kept()
    assert "is connected" in shop.comes_back().text


@pytest.mark.parametrize("path", ["/callback/square", "/callback/mindbody", "/callback/wix", "/callback/nothing"])
def test_keys_posted_to_another_app_are_nobodys(shop: Shop, path: str) -> None:
    """Threat 3."""
    assert shop.post(shop.keys, path).status == 404
    assert "parked" not in shop.attempt


def test_keys_as_a_form_go_the_browsers_way_and_are_dropped(shop: Shop) -> None:
    """Threats 22, 25. What a browser posts stores nothing, and no key gets into an address."""
    answer = shop.way.visitor.post(CALLBACK, {name: str(value) for name, value in shop.keys.items()}, content_type=FORM)
    assert answer.status == 303
    assert not any(str(shop.keys[name]) in answer.location for name in ("consumer_key", "consumer_secret"))
    assert "parked" not in shop.attempt


@pytest.mark.parametrize("raw", ["[]", "1", "{", '{"user_id": "a", "user_id": "b"}', "null"])
def test_what_is_no_object_is_refused(shop: Shop, raw: str) -> None:
    """Threats 8, 24."""
    answer = shop.world.platform("x:x").request(
        "POST", CALLBACK, raw=raw, authorization="", content_type="application/json"
    )
    assert answer.status == 400
