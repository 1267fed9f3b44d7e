"""Mindbody has the browser post a form to our callback: cross-site, so without cookies. Such a post stores nothing."""

from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.domain import AttemptState
from chalicelib.providers.catalogue import PROVIDERS
from tests.contract.ways import Back, Way
from tests.support.visitor import Answer, Visitor
from tests.support.world import World

CALLBACK = "/callback/mindbody"
FROM_THE_APP = {"sec_fetch_site": "cross-site", "origin": "https://signin.example"}


class Posting:
    """An admin who approved, whose browser is about to post the form."""

    def __init__(self, world: World) -> None:
        world.entity()
        self.world, self.way = world, Way(world, PROVIDERS["mindbody"])
        self.back: Back = self.way.ready()
        self.fields = self.back.values

    def post(self, visitor: Visitor | None = None, **changed: str) -> Answer:
        """As browsers do across sites: without the cookies, which are Lax."""
        bare = visitor or self.world.visitor()
        return bare.post(CALLBACK, {**self.fields, **changed}, **FROM_THE_APP)

    @property
    def attempt(self) -> dict[str, object]:
        (found,) = self.world.ephemeral.items("attempt")
        return found


@pytest.fixture
def posting(world: World) -> Posting:
    return Posting(world)


def test_what_was_posted_comes_again_by_an_address_with_the_cookies(posting: Posting) -> None:
    """Threat 1. The id_token that came by the browser is dropped on the way."""
    before = posting.world.ephemeral.items()
    answer = posting.post()
    assert (answer.status, answer.cookies) == (303, ())
    parts = urlsplit(answer.location)
    assert parts.path == CALLBACK
    assert {name: value for name, (value,) in parse_qs(parts.query).items()} == {
        name: posting.fields[name] for name in ("code", "state")
    }
    assert "id_token" in posting.fields
    assert posting.world.ephemeral.items() == before
    assert posting.world.apps.count("mindbody", "token") == 0
    visitor = posting.way.visitor
    visitor.get(answer.location)
    assert "is connected to Acme Coffee LLC" in visitor.follow().text


def test_a_second_post_is_a_second_click(posting: Posting) -> None:
    """Threat 6."""
    pages = [posting.way.come_back(posting.back) for _ in range(2)]
    assert [page.status for page in pages] == [200, 200]
    assert pages[0].text == pages[1].text
    assert posting.world.apps.count("mindbody", "token") == 1
    assert len(posting.world.connections()) == 1


def test_somebody_elses_form_connects_nothing(posting: Posting) -> None:
    """Threats 1, 2. A page of A's has V's browser post A's code."""
    for victim in (posting.world.visitor(), posting.world.admin("sam@acme.example")):
        victim.get(posting.post().location)
        assert (victim.page.status, "Please use one browser" in victim.page.text) == (400, True)
    assert posting.attempt["state"] == AttemptState.PENDING
    assert (posting.world.connections(), posting.world.vault.items()) == ([], [])


def test_a_no_is_posted_too(posting: Posting) -> None:
    """Threat 9."""
    way = posting.way
    page = way.come_back(Back(posting.back.url, {"error": "access_denied", "state": posting.fields["state"]}))
    assert "You cancelled" in page.text
    assert posting.attempt["state"] == AttemptState.FAILED


def test_an_id_token_alone_proves_nothing(posting: Posting) -> None:
    """Threat 4. Only what the token endpoint says counts: one that a browser brought is not even read."""
    evil = {name: value for name, value in posting.fields.items() if name != "code"}
    page = posting.way.come_back(Back(posting.back.url, evil))
    assert "Mindbody said no" in page.text
    assert posting.world.apps.count("mindbody", "token") == 0


@pytest.mark.parametrize("iss", ["https://evil.example", ""])
def test_another_issuer_is_refused_by_a_form_as_well(posting: Posting, iss: str) -> None:
    """Threat 3. RFC 9207."""
    page = posting.way.come_back(Back(posting.back.url, {**posting.fields, "iss": iss}))
    assert (page.status, "not the answer we waited for" in page.text) == (400, True)
    assert posting.world.apps.count("mindbody", "token") == 0


def test_a_strange_form_is_refused(posting: Posting) -> None:
    """Threats 5, 8, 24. A name twice, too much, another app, an address in the fields: nothing of it is followed."""
    visitor, fields = posting.world.visitor(), posting.fields
    assert visitor.post(CALLBACK, f"state={fields['state']}&state=x&code=y", **FROM_THE_APP).status == 400
    assert visitor.post(f"{CALLBACK}?state=x", fields, **FROM_THE_APP).status == 400
    assert posting.post(code="x" * 70_000).status == 413
    assert visitor.post("/callback/nothing", fields, **FROM_THE_APP).status == 404
    location = posting.post(code="&state=evil#", redirect_uri="https://evil.example").location
    assert (urlsplit(location).netloc, urlsplit(location).path) == ("", CALLBACK)
    assert parse_qs(urlsplit(location).query) == {"code": ["&state=evil#"], "state": [fields["state"]]}
    assert posting.attempt["state"] == AttemptState.PENDING
