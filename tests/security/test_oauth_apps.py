"""Each app's whole dance, and what is left behind when it went well and when it did not."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from chalicelib import keys, wiring
from local.simulators import Misbehaviour
from local.simulators.people import approve, deny
from tests.support import dance
from tests.support.visitor import Visitor
from tests.support.world import OWNER, PAT, SAM, World

apps = pytest.mark.parametrize("app", dance.OAUTH_APPS)


@pytest.fixture
def link(world: World) -> str:
    world.entity()
    return world.link()


def everything_stored(world: World) -> str:
    """All that the tables hold; bytes as text, where they are text, and as hex too."""
    return " ".join(
        " ".join(_texts(item)) for table in (world.core, world.vault, world.ephemeral) for item in table.items()
    )


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | set):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, str | int):
        yield str(value)
    else:
        raw = bytes(getattr(value, "value", b""))
        yield raw.decode("latin-1")


@apps
def test_an_owner_connects_an_app_and_reads_whose_account_it_was(world: World, link: str, app: str) -> None:
    page = dance.connect(world, world.visitor(), link, app)
    (token,) = world.apps.tokens(app)
    (connection,) = world.connections()
    assert page.status == 200
    assert connection["app"] == app
    assert connection["account_id"].removesuffix(":test") == token.account_id
    assert connection["account_name"] in page.text
    assert connection["account_id"] in page.text
    assert connection["status"] == "active"
    assert connection["connected_by"] == "connect link"
    assert token.active
    assert world.events()[0] == "connected"
    assert {letter["to"][0] for letter in world.deliver()} == {PAT, SAM}


@apps
def test_tokens_are_kept_sealed_and_nowhere_else(world: World, link: str, app: str) -> None:
    """Threat 25. No table, stream record, letter or answer holds a token, a code, a state or a verifier."""
    visitor = world.visitor()
    callback = approve(dance.start(visitor, link, app, **dance.filled(app, {})))
    page = dance.come_back(visitor, callback)
    (token,) = world.apps.tokens(app)
    (sealed,) = world.vault.items()
    code, state = dance.query_of(callback)["code"], dance.state_of(callback)
    letters = str(world.deliver())
    api = str(world.connections()) + world.platform().get("/v1/entities/acme/events").body
    told = everything_stored(world) + str(world.records) + letters + api + page.body
    for secret in (token.access_token, token.refresh_token, code, state, *visitor.cookies.values()):
        assert len(secret) >= 16
        assert secret not in told
    connection = wiring.storage().connections.of("acme")[0]
    from chalicelib.domain import SealedGrant

    grant = wiring.establishing().sealer.open(SealedGrant(ciphertext=bytes(sealed["sealed"].value)), connection)
    assert grant.secrets == {"access_token": token.access_token, "refresh_token": token.refresh_token}


def test_the_verifier_is_gone_when_the_attempt_is_over(world: World, link: str) -> None:
    dance.connect(world, world.visitor(), link, "etsy")
    (attempt,) = world.ephemeral.items("attempt")
    assert attempt["state"] == "done"
    assert not attempt.get("verifier")


@apps
def test_the_same_account_again_is_a_reconnect(world: World, link: str, app: str) -> None:
    dance.connect(world, world.visitor(), link, app)
    (before,) = world.connections()
    page = dance.connect(world, world.visitor(), link, app)
    (after,) = world.connections()
    assert after["id"] == before["id"]
    assert "connected before" in page.text
    assert world.events().count("reconnected") == 1
    assert len(world.vault.items()) == 1
    latest = world.apps.tokens(app)[-1]
    stored = wiring.storage().connections.of("acme")[0]
    from chalicelib.domain import SealedGrant

    sealed = SealedGrant(ciphertext=bytes(world.vault.items()[0]["sealed"].value))
    assert wiring.establishing().sealer.open(sealed, stored).secrets["access_token"] == latest.access_token


def test_two_accounts_of_one_app_are_two_connections(world: World, link: str) -> None:
    visitor = world.visitor()
    dance.connect(world, visitor, link, "square", account="MLSIMCORNERCAFE1")
    dance.connect(world, visitor, link, "square", account="MLSIMMARKETHALL2")
    found = world.connections()
    assert {connection["account_name"] for connection in found} == {"Corner Café", "Market Hall Bakery"}
    assert len({connection["id"] for connection in found}) == 2
    assert all(token.active for token in world.apps.tokens("square"))


def test_one_account_of_two_entities_is_two_connections(world: World, link: str) -> None:
    world.entity("beta", "Beta Ltd")
    dance.connect(world, world.visitor(), link, "square")
    dance.connect(world, world.visitor(), world.link("beta"), "square")
    assert world.connections()[0]["id"] != world.connections("beta")[0]["id"]
    assert len(world.vault.items()) == 2


def test_the_page_counts_what_was_asked_for(world: World, link: str) -> None:
    visitor = world.visitor()
    assert "of 2 connected" not in visitor.get(link).text
    for app in ("square", "ebay"):
        world.platform().post("/v1/entities/acme/invitations", {"app": app, "email": OWNER, "requested_by": PAT})
    assert "0 of 2 connected" in visitor.get(link).text
    assert "1 of 2 connected" in dance.connect(world, visitor, link, "square").text
    assert "2 of 3 connected" in dance.connect(world, visitor, link, "stripe").text
    assert "2 of 3 connected" in visitor.get(link).text


# Who connected


def invited(world: World, app: str = "square", entity_id: str = "acme", email: str = OWNER) -> str:
    body = {"app": app, "email": email, "requested_by": PAT}
    made = world.platform().post(f"/v1/entities/{entity_id}/invitations", body)
    assert made.status == 201
    found: str = made.json["id"]
    return found


def through(world: World, visitor: Visitor, link: str, invitation_id: str, app: str = "square") -> None:
    """From the letter's own link to the result."""
    visitor.get(f"{link}/{app}?i={invitation_id}")
    visitor.submit(f"/{app}")
    dance.come_back(visitor, approve(dance.left_for(visitor)))


def test_an_invitation_is_told_apart(world: World, link: str) -> None:
    invitation_id = invited(world)
    world.deliver()
    visitor = world.visitor()
    visitor.get(f"{link}/square?i={invitation_id}")
    visitor.submit("/square")
    (shown,) = world.platform().get("/v1/entities/acme/invitations").json["items"]
    assert shown["status"] == "started"
    dance.come_back(visitor, approve(dance.left_for(visitor)))
    assert world.connections()[0]["connected_by"] == f"link sent to {OWNER}"
    (shown,) = world.platform().get("/v1/entities/acme/invitations").json["items"]
    assert shown["status"] == "connected"


def test_the_landing_page_carries_the_invitation_on(world: World, link: str) -> None:
    invitation_id = invited(world)
    visitor = world.visitor()
    visitor.get(f"{link}?i={invitation_id}")
    (to_square,) = [href for href in visitor.page.links if href.partition("?")[0].endswith("/square")]
    visitor.get(to_square)
    visitor.submit("/square")
    dance.come_back(visitor, approve(dance.left_for(visitor)))
    assert world.connections()[0]["connected_by"] == f"link sent to {OWNER}"


@pytest.mark.parametrize("kind", ["another entity's", "another app's", "unknown", "malformed", "doubled in length"])
def test_an_invitation_that_is_not_this_one_s_is_ignored(world: World, link: str, kind: str) -> None:
    """It attributes and never authorises: everything works without."""
    world.entity("beta", "Beta Ltd")
    own = invited(world)
    others = invited(world, entity_id="beta", email="beta@owner.example")
    ebays = invited(world, app="ebay", email="ebay@owner.example")
    wrong = {
        "another entity's": others,
        "another app's": ebays,
        "unknown": "0" * 32,
        "malformed": "<script>alert(1)</script>",
        "doubled in length": own * 2,
    }[kind]
    visitor = world.visitor()
    page = visitor.get(f"{link}/square?i={quote(wrong)}")
    assert page.status == 200
    visitor.get(f"{link}/square")
    visitor.submit("/square", i=wrong)
    dance.come_back(visitor, approve(dance.left_for(visitor)))
    assert world.connections()[0]["connected_by"] == "connect link"
    states = {
        one["email"]: one["status"] for one in world.platform().get("/v1/entities/acme/invitations").json["items"]
    }
    beta = world.platform().get("/v1/entities/beta/invitations").json["items"]
    assert "started" not in {*states.values(), *(one["status"] for one in beta)}


def test_a_script_in_the_invitation_s_place_is_never_shown(world: World, link: str) -> None:
    """Threat 18."""
    for path in (link, f"{link}/square"):
        page = world.visitor().get(f"{path}?i=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
        assert page.status == 200
        assert "alert(1)" not in page.body


def test_an_admin_connects_by_themself(world: World, link: str) -> None:
    admin = world.admin()
    page = dance.connect_now(world, admin, "square")
    (connection,) = world.connections()
    assert connection["connected_by"] == f"admin {PAT}"
    assert connection["account_name"] in page.text
    assert "/entities/acme" in page.links
    assert {letter["to"][0] for letter in world.deliver()} == {PAT, SAM}


@apps
def test_connect_now_works_for_every_app(world: World, link: str, app: str) -> None:
    assert dance.connect_now(world, world.admin(), app).status == 200
    assert world.connections()[0]["connected_by"] == f"admin {PAT}"


def test_two_tabs_share_one_cookie(world: World, link: str) -> None:
    owner = world.visitor()
    first = dance.start(owner, link, "square")
    cookie = dict(owner.cookies)
    second = dance.start(owner, link, "ebay")
    assert owner.cookies == cookie
    assert dance.come_back(owner, approve(second)).status == 200
    assert dance.come_back(owner, approve(first)).status == 200
    assert {connection["app"] for connection in world.connections()} == {"square", "ebay"}


def test_two_tabs_of_one_app_end_in_one_connection(world: World, link: str) -> None:
    owner = world.visitor()
    first, second = (dance.start(owner, link, "square") for _ in range(2))
    pages = [dance.come_back(owner, approve(address)) for address in (first, second)]
    assert [page.status for page in pages] == [200, 200]
    assert len(world.connections()) == 1


# When it does not go well


def test_whoever_says_no_can_go_back_and_say_yes(world: World, link: str) -> None:
    """Threat 9."""
    owner = world.visitor()
    page = dance.come_back(owner, deny(dance.start(owner, link, "square")))
    assert "You cancelled" in page.text
    assert "Nothing was connected and nothing was stored" in page.text
    back = next(href for href in page.links if href == f"{link}/square")
    owner.get(back)
    owner.submit("/square")
    assert "is connected" in dance.come_back(owner, approve(dance.left_for(owner))).text


def test_the_way_back_keeps_the_invitation(world: World, link: str) -> None:
    invitation_id, owner = invited(world), world.visitor()
    owner.get(f"{link}/square?i={invitation_id}")
    owner.submit("/square")
    page = dance.come_back(owner, deny(dance.left_for(owner)))
    assert f"{link}/square?i={invitation_id}" in page.links


@apps
def test_every_app_s_no_is_understood(world: World, link: str, app: str) -> None:
    """Threat 9."""
    owner = world.visitor()
    page = dance.come_back(owner, deny(dance.start(owner, link, app, **dance.filled(app, {}))))
    assert "You cancelled" in page.text
    assert world.apps.count(app, "token") == 0
    assert world.events()[0] == "connection_failed"


BROKEN = {
    ("token", Misbehaviour.UNAVAILABLE): "does not answer",
    ("token", Misbehaviour.HTML): "does not answer",
    ("token", Misbehaviour.NO_ACCESS_TOKEN): "does not answer",
    ("token", Misbehaviour.INVALID_CLIENT): "does not answer",
    ("token", Misbehaviour.INVALID_GRANT): "said no",
    ("token", Misbehaviour.ERROR_WITH_200): "said no",
    ("identity", Misbehaviour.UNAVAILABLE): "does not answer",
    ("identity", Misbehaviour.JSON_LIST): "does not answer",
}


@pytest.mark.parametrize(("endpoint", "how"), BROKEN, ids=lambda one: getattr(one, "name", one))
def test_an_app_that_fails_gets_a_calm_page_with_a_way_back(
    world: World, link: str, endpoint: str, how: Misbehaviour
) -> None:
    world.apps.misbehave("square", endpoint, how)
    owner = world.visitor()
    page = dance.connect(world, owner, link, "square")
    assert BROKEN[endpoint, how] in page.text
    assert f"{link}/square" in page.links
    assert world.connections() == []
    assert world.vault.items() == []
    assert not any(token.active for token in world.apps.tokens("square") if endpoint == "identity")
    assert world.deliver() == []
    assert "is connected" in dance.connect(world, owner, link, "square").text


@pytest.mark.parametrize("app", ["square", "stripe", "shopify"])
def test_a_grant_that_is_not_kept_does_not_end_a_connection_that_is(world: World, link: str, app: str) -> None:
    """These apps know one revocation only: of all that the account granted. A second try that fails must not use it."""
    dance.connect(world, world.visitor(), link, app)
    world.apps.misbehave(app, "identity", Misbehaviour.UNAVAILABLE)
    assert "does not answer" in dance.connect(world, world.visitor(), link, app).text
    owner = world.visitor()
    callback = approve(dance.start(owner, link, app, **dance.filled(app, {})))
    world.platform().post("/v1/entities/acme/link/regenerate")
    assert "link was replaced" in dance.come_back(owner, callback).text
    assert world.apps.count(app, "revoke") == 0
    assert len(world.connections()) == 1


def test_kms_down_keeps_nothing_and_gives_the_grant_back(world: World, link: str) -> None:
    """Threat 33. Fails closed."""
    from tests.support.aws import error

    world.aws.fail("GenerateDataKey", error("AccessDeniedException"), times=9)
    page = dance.connect(world, world.visitor(), link, "square")
    assert "cannot do that just now" in page.text
    assert world.connections() == []
    assert world.vault.items() == []
    assert not world.apps.tokens("square")[0].active


# What each app is told


@apps
def test_the_redirect_uri_is_ours_and_the_same_twice(world: World, link: str, app: str) -> None:
    """Threat 5. From the settings, byte-equal in the authorize and the token call."""
    owner = world.visitor()
    address = dance.start(owner, link, app, **dance.filled(app, {}))
    asked = dance.query_of(address)["redirect_uri"]
    client = wiring.settings().clients[app]
    assert asked == (client.redirect_alias or f"https://connect.bookkeep.example/callback/{app}")
    dance.come_back(owner, approve(address))
    (hit,) = [hit for hit in world.apps.hits if (hit.app, hit.endpoint) == (app, "token")]
    assert told(hit)["redirect_uri"] == asked


def told(hit: Any) -> dict[str, str]:
    """A token request's fields, form or JSON."""
    import json

    return dict(hit.form) if hit.form else dict(json.loads(hit.body))


@apps
def test_pkce_where_the_app_has_it_and_only_there(world: World, link: str, app: str) -> None:
    """Threat 4. S256, never plain; the challenge is the verifier's. Square would take a verifier for another flow."""
    owner = world.visitor()
    address = dance.start(owner, link, app, **dance.filled(app, {}))
    asked = dance.query_of(address)
    dance.come_back(owner, approve(address))
    (hit,) = [hit for hit in world.apps.hits if (hit.app, hit.endpoint) == (app, "token")]
    if app == "etsy":
        assert asked["code_challenge_method"] == "S256"
        assert asked["code_challenge"] == keys.code_challenge(told(hit)["code_verifier"])
        assert 43 <= len(told(hit)["code_verifier"]) <= 128
    else:
        assert not {"code_challenge", "code_challenge_method"} & set(asked)
        assert "code_verifier" not in told(hit)


@apps
def test_the_secret_goes_where_the_app_wants_it_and_never_through_the_browser(
    world: World, link: str, app: str
) -> None:
    owner = world.visitor()
    address = dance.start(owner, link, app, **dance.filled(app, {}))
    callback = approve(address)
    page = dance.come_back(owner, callback)
    secret = wiring.settings().clients[app].client_secret
    assert secret not in address + callback + page.body
    (hit,) = [hit for hit in world.apps.hits if (hit.app, hit.endpoint) == (app, "token")]
    assert hit.method == "POST"
    assert secret not in hit.path + str(hit.query)


@apps
def test_two_starts_have_nothing_in_common(world: World, link: str, app: str) -> None:
    """Threats 1 and 4."""
    starts = [dance.query_of(dance.start(world.visitor(), link, app, **dance.filled(app, {}))) for _ in range(2)]
    assert starts[0]["state"] != starts[1]["state"]
    assert len(starts[0]["state"]) >= 43
    if app == "etsy":
        assert starts[0]["code_challenge"] != starts[1]["code_challenge"]
    assert {len(item["pk"]) for item in world.ephemeral.items("attempt")} == {len("ATTEMPT#") + 64}
