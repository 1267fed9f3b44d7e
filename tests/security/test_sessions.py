"""Who is signed in, how they came to be, what their forms may do, and what of other entities they can reach."""

import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from unittest.mock import patch

import pytest

from chalicelib import keys, wiring
from chalicelib.storage.sessions import SignIns
from tests.conftest import Clock
from tests.support import dance
from tests.support.visitor import Answer, Visitor
from tests.support.world import BASE_URL, OWNER, PAT, SAM, World

EVE = "eve@evil.example"


@pytest.fixture
def acme(world: World) -> str:
    return world.entity()


def letter_link(world: World, email: str = PAT, visitor: Visitor | None = None) -> str:
    """The path in the sign-in letter that somebody asks for."""
    asking = visitor or world.visitor()
    asking.get("/sign-in")
    assert asking.submit("/sign-in", email=email).status == 200
    letter = [one for one in world.deliver() if one["to"] == [email] and "Sign in" in one["subject"]][-1]
    found = re.search(rf"{re.escape(BASE_URL)}(/sign-in/\S+)", letter["text"])
    assert found
    return found[1]


def csrf(visitor: Visitor, path: str = "/entities") -> str:
    return next(form.fields["csrf"] for form in visitor.get(path).forms if "csrf" in form.fields)


# The sign-in letter


def test_opening_the_letter_s_link_does_nothing(world: World, acme: str) -> None:
    """Threat 14. HEAD and GET×20 by a scanner; then the admin signs in."""
    path = letter_link(world)
    scanner = world.visitor()
    before = world.ephemeral.items()
    assert scanner.request("HEAD", path).status == 200
    for _ in range(20):
        page = scanner.get(path)
        assert page.status == 200
        assert f"Sign in as {PAT}" in page.text
    assert scanner.cookies == {}
    assert world.ephemeral.items() == before
    admin = world.visitor()
    admin.get(path)
    assert "Acme Coffee LLC" in admin.submit(path).text


def test_a_link_signs_in_once(world: World, acme: str) -> None:
    """Threat 21."""
    path = letter_link(world)
    first, second = world.visitor(), world.visitor()
    assert first.post(path).status == 303
    assert second.post(path).status == 404
    assert second.get(path).status == 404
    assert second.cookies == {}
    assert len(world.ephemeral.items("session")) == 1


def test_eight_presses_at_once_make_one_session(world: World, acme: str) -> None:
    """Threat 21. All eight have read that the link is good before the first uses it up."""
    path = letter_link(world)
    browsers = [world.visitor() for _ in range(8)]
    peek, all_have_read = SignIns.peek, Barrier(8, timeout=20)

    def together(self: SignIns, token_hash: str, now: datetime) -> str | None:
        found = peek(self, token_hash, now)
        all_have_read.wait()
        return found

    with patch.object(SignIns, "peek", together), ThreadPoolExecutor(8) as pool:
        statuses = sorted(answer.status for answer in pool.map(lambda one: one.post(path), browsers))
    assert statuses == [303] + [404] * 7
    assert len(world.ephemeral.items("session")) == 1


def test_a_link_lasts_fifteen_minutes(world: World, acme: str, clock: Clock) -> None:
    """Threat 7. The item is still there; the code looks at the time."""
    early, late = letter_link(world), letter_link(world)
    clock.forward(minutes=14)
    assert world.visitor().post(early).status == 303
    clock.forward(minutes=1, seconds=1)
    assert world.visitor().get(late).status == 404
    assert world.visitor().post(late).status == 404
    assert len(world.ephemeral.items("sign_in")) == 1


def test_the_platform_s_link_lasts_one_minute_and_works_once(world: World, acme: str, clock: Clock) -> None:
    """Threat 21."""
    asked = {"email": PAT}
    paths = [
        world.platform().post("/v1/entities/acme/console-sessions", asked).json["url"].removeprefix(BASE_URL)
        for _ in range(2)
    ]
    assert world.visitor().post(paths[0]).status == 303
    assert world.visitor().post(paths[0]).status == 404
    clock.forward(seconds=61)
    assert world.visitor().post(paths[1]).status == 404


def test_signing_in_names_the_address_and_replaces_the_session(world: World, acme: str) -> None:
    """Threats 21 and 22. Nobody is signed in as somebody else without reading it; the old session is over."""
    world.entity("evil", "Evil Ltd", (EVE,))
    victim = world.admin()
    old = dict(victim.cookies)
    path = letter_link(world, EVE)
    page = victim.get(path)
    assert f"Sign in as {EVE}" in page.text
    assert "Anybody else who is signed in in this browser is signed out" in page.text
    assert victim.cookies == old
    victim.submit(path)
    assert EVE in victim.get("/entities").text
    before = world.visitor()
    before.cookies = old
    assert before.get("/entities").status == 401


@pytest.mark.parametrize("token", ["x", "x" * 43, "%00", "%FF", "a" * 3000, "..%2F..", "{token}"])
def test_a_made_up_link_is_refused(world: World, acme: str, token: str) -> None:
    """Threat 21."""
    visitor = world.visitor()
    assert visitor.get(f"/sign-in/{token}").status == 404
    assert visitor.post(f"/sign-in/{token}").status == 404
    assert visitor.cookies == {}


def test_only_digests_are_kept(world: World, acme: str) -> None:
    """Threat 25. Of sign-in links, sessions and browsers."""
    path = letter_link(world)
    admin = world.visitor()
    waiting = str(world.ephemeral.items()) + str(world.core.items())
    admin.post(path)
    stored = waiting + str(world.ephemeral.items()) + str(world.core.items()) + str(world.records)
    assert path.rpartition("/")[2] not in stored
    assert admin.cookies["__Host-session"] not in stored
    (session,) = world.ephemeral.items("session")
    assert session["pk"] == f"SESSION#{keys.digest(admin.cookies['__Host-session'])}"


def test_a_stranger_gets_the_same_page_and_no_letter(world: World, acme: str) -> None:
    """Threat 20."""
    known, unknown = world.visitor(), world.visitor()
    for visitor, email in ((known, PAT), (unknown, "nobody@acme.example")):
        visitor.get("/sign-in")
        visitor.submit("/sign-in", email=email)
    assert known.page.body.replace(PAT, "•") == unknown.page.body.replace("nobody@acme.example", "•")
    assert [letter["to"] for letter in world.deliver()] == [[PAT]]


# 21: sessions


def test_a_planted_cookie_is_never_adopted(world: World, acme: str) -> None:
    """Threat 21. The id changes at sign-in, whatever was there."""
    planted = "planted-by-somebody-who-knows-it-0123456789"
    visitor = world.visitor()
    visitor.cookies["__Host-session"] = planted
    assert visitor.get("/entities").status == 401
    visitor.post(letter_link(world))
    assert visitor.cookies["__Host-session"] != planted
    attacker = world.visitor()
    attacker.cookies["__Host-session"] = planted
    assert attacker.get("/entities").status == 401
    assert keys.digest(planted) not in str(world.ephemeral.items("session"))


def test_signing_out_ends_the_session_itself(world: World, acme: str) -> None:
    """Threat 21. Not only the cookie: whoever kept it gets 401, in pages and in forms."""
    admin = world.admin()
    kept, token = dict(admin.cookies), csrf(admin)
    admin.post("/sign-out", {"csrf": token})
    assert admin.page.status == 303
    assert "__Host-session" not in admin.cookies
    thief = world.visitor()
    thief.cookies = kept
    assert thief.get("/entities/acme").status == 401
    assert thief.post("/entities/acme/client-connect/regenerate", {"csrf": token}).status == 401
    assert world.ephemeral.items("session") == []


def test_a_session_ends_after_twelve_idle_hours(world: World, acme: str, clock: Clock) -> None:
    """Threat 21. The item is still there."""
    admin = world.admin()
    clock.forward(hours=11, minutes=59)
    assert admin.get("/entities").status == 200
    clock.forward(hours=12, minutes=1)
    assert admin.get("/entities").status == 401
    assert len(world.ephemeral.items("session")) == 1


def test_a_session_ends_after_seven_days_however_busy(world: World, acme: str, clock: Clock) -> None:
    """Threat 21."""
    admin = world.admin()
    for _ in range(14):
        clock.forward(hours=11, minutes=59)
        assert admin.get("/entities").status == 200
    clock.forward(hours=1)
    assert admin.get("/entities").status == 401


def test_two_browsers_have_two_sessions(world: World, acme: str) -> None:
    one, other = world.admin(), world.admin()
    one.post("/sign-out", {"csrf": csrf(one)})
    assert other.get("/entities").status == 200


def test_a_neighbour_s_cookies_change_nothing(world: World, acme: str) -> None:
    admin = world.admin()
    held = f"__Host-session={admin.cookies['__Host-session']}"
    for cookies in (f'x={{"a": 1}}; {held}', f"{held}; __Host-session=other", f"; ;{held};", f"a=b=c; {held}"):
        assert world.visitor().get("/entities", cookie=cookies).status == 200
    for cookies in ("__Host-session=", "__host-session=x", f"session={held[15:]}", f"x{held}", "__Host-session=é"):
        assert world.visitor().get("/entities", cookie=cookies).status == 401


# 22: forms that others send

CROSS: Mapping[str, Mapping[str, str]] = {
    "cross-site": {"sec_fetch_site": "cross-site"},
    "same-site": {"sec_fetch_site": "same-site"},
    "typed address": {"sec_fetch_site": "none"},
    "nonsense": {"sec_fetch_site": "same-origin, same-origin"},
    "evil origin": {"sec_fetch_site": "", "origin": "https://evil.example"},
    "null origin": {"sec_fetch_site": "", "origin": "null"},
    "another port": {"sec_fetch_site": "", "origin": f"{BASE_URL}:8443"},
    "another scheme": {"sec_fetch_site": "", "origin": BASE_URL.replace("https", "http")},
    "a prefix": {"sec_fetch_site": "", "origin": f"{BASE_URL}.evil.example"},
    "both absent": {"sec_fetch_site": "", "origin": ""},
}


def browser_posts(world: World) -> Iterator[tuple[str, dict[str, str]]]:
    """Every form there is, well filled in; taken from the routes, so that none is forgotten."""
    filled = {
        "entity_id": "acme",
        "app": "square",
        "link": world.link().removeprefix("/c/"),
        "token": letter_link(world).rpartition("/")[2],
        "attempt": "0" * 64,
        "connection_id": "0" * 32,
        "receipt": world.link().removeprefix("/c/"),
    }
    fields = {"email": "new@acme.example", "note": ""}
    for route, methods in world.app.routes.items():
        # An app's callback is posted from elsewhere, as its notices are: no forms of ours.
        if "POST" in methods and not route.startswith(("/v1/", "/callback/", "/webhooks/")):
            yield route.format(**filled), fields


def everything(world: World) -> list[object]:
    return [table.items() for table in (world.core, world.vault, world.ephemeral)]


def test_every_form_is_there(world: World, acme: str) -> None:
    assert len(list(browser_posts(world))) >= 9


@pytest.mark.parametrize("how", CROSS)
def test_no_other_site_can_send_a_form(world: World, acme: str, how: str) -> None:
    """Threat 22. Every form, of a signed-in admin, with the form's own token even: 403, nothing written."""
    posts = list(browser_posts(world))
    admin = world.admin()
    token = csrf(admin)
    before, held = everything(world), dict(admin.cookies)
    for path, fields in posts:
        answer = admin.post(path, {**fields, "csrf": token}, **CROSS[how])
        assert answer.status == 403, path
        assert answer.cookies == ()
    assert everything(world) == before
    assert admin.cookies == held
    assert world.apps.hits == []


def test_an_old_browser_s_origin_is_enough(world: World, acme: str) -> None:
    """Threat 22. Where there is no Sec-Fetch-Site, Origin decides."""
    visitor = world.visitor()
    assert visitor.post("/sign-in", {"email": PAT}, sec_fetch_site="").status == 200
    assert visitor.post(f"{world.link()}/square", sec_fetch_site="").status == 200


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data; boundary=x", ""])
def test_a_form_is_a_form(world: World, acme: str, kind: str) -> None:
    """Threat 22. Other types, which other sites can send without asking, are 415."""
    posts = list(browser_posts(world))
    admin = world.admin()
    before = everything(world)
    for path, _ in posts:
        assert admin.post(path, '{"email": "x@y.example"}', content_type=kind).status == 415, path
    assert everything(world) == before


@pytest.mark.parametrize("token", ["", "x", "another's", "doubled", "in the address", "the session's digest"])
def test_a_console_form_without_its_own_token_does_nothing(world: World, acme: str, token: str) -> None:
    """Threat 22. The second lock, should the first one fail."""
    posts = [(path, fields) for path, fields in browser_posts(world) if path.startswith(("/entities", "/sign-out"))]
    assert len(posts) >= 6
    admin, other = world.admin(), world.admin(SAM)
    mine = csrf(admin)
    sent = {
        "another's": csrf(other),
        "the session's digest": keys.digest(admin.cookies["__Host-session"]),
        "in the address": "",
    }.get(token, token)
    before = everything(world)
    for path, fields in posts:
        body: dict[str, str] | str = {**fields, "csrf": sent}
        if token == "doubled":
            body = f"csrf={mine}&csrf={mine}"
        answer = admin.post(f"{path}?csrf={mine}" if token == "in the address" else path, body)
        assert answer.status in {400, 403}, path
    assert everything(world) == before


def test_a_token_is_the_session_s_own(world: World, acme: str) -> None:
    """Threat 22. Not the admin's: of two sessions of one admin, each has its own."""
    assert csrf(world.admin()) != csrf(world.admin())


# 23: other people's entities

FIELDS = {
    "email": "new@beta.example",
    "note": "",
    "name": "Renamed",
    "tenant": "x",
    "site": "acme",
    "api_key": "test_SimulatedChargebeeKey",
}


@pytest.fixture
def beta(world: World, acme: str) -> str:
    """Somebody else's entity, with a connection and an invitation."""
    world.entity("beta", "Beta Ltd", (EVE,))
    dance.connect(world, world.visitor(), world.link("beta"), "square")
    body = {"app": "square", "email": OWNER, "requested_by": EVE}
    assert world.platform().post("/v1/entities/beta/invitations", body).status == 201
    return "beta"


def looks(answer: Answer) -> tuple[int, dict[str, str], tuple[str, ...], str]:
    return answer.status, dict(answer.headers), answer.cookies, answer.body


def test_another_s_entity_looks_like_none_in_the_console(world: World, beta: str) -> None:
    """Threat 23. Every route that names an entity, every method, every app: byte-identical to one that is not."""
    admin = world.admin()
    token = csrf(admin)
    [theirs] = world.connections("beta")
    before = everything(world)
    tried = 0
    for route, methods in world.app.routes.items():
        if "{entity_id}" not in route or route.startswith("/v1/"):
            continue
        for app in ("square", "chargebee", "shopify", "unknown") if "{app}" in route else ("",):
            for method in methods:
                paths = [
                    route.format(entity_id=entity_id, app=app, connection_id=theirs["id"])
                    for entity_id in ("beta", "nobody", "BETA", "x" * 3000)
                ]
                asked = [
                    admin.get(path) if method == "GET" else admin.post(path, {**FIELDS, "csrf": token})
                    for path in paths
                ]
                assert {answer.status for answer in asked} == {404}, (method, route)
                assert all(looks(answer) == looks(asked[0]) for answer in asked), (method, route)
                tried += 1
    assert tried >= 20
    assert everything(world) == before
    assert "Beta" not in admin.get("/entities").text


def test_another_s_entity_looks_like_none_in_the_api(world: World, beta: str) -> None:
    """Threat 23. For a token that is narrowed to its own entities, whatever its scopes."""
    platform = world.platform(entities=["acme"])
    [theirs] = world.connections("beta")
    before = everything(world)
    bodies = {
        "PUT": {"name": "Mine now", "admins": [PAT]},
        "POST": {"app": "square", "email": EVE, "requested_by": EVE},
    }
    tried = 0
    for route, methods in world.app.routes.items():
        if "{entity_id}" not in route or not route.startswith("/v1/"):
            continue
        for method in methods:
            asked = [
                platform.request(
                    method, route.format(entity_id=entity_id, connection_id=theirs["id"]), bodies.get(method)
                )
                for entity_id in ("beta", "nobody", "x" * 3000, "%00", "be%2Fta")
            ]
            assert {answer.status for answer in asked} == {404}, (method, route)
            assert all(looks(answer) == looks(asked[0]) for answer in asked), (method, route)
            tried += 1
    assert tried >= 10
    assert everything(world) == before
    assert platform.get("/v1/entities/acme").status == 200


def test_an_empty_reach_reaches_nothing(world: World, acme: str) -> None:
    """Threat 23."""
    assert world.platform(entities=[]).get("/v1/entities/acme").status == 404


def test_a_removed_admin_is_out_at_once(world: World, acme: str) -> None:
    """Threat 23. The session goes on, and opens nothing."""
    admin = world.admin()
    assert admin.get("/entities/acme").status == 200
    world.platform().put("/v1/entities/acme", {"name": "Acme Coffee LLC", "admins": [SAM]})
    assert admin.get("/entities/acme").status == 404
    assert "Acme" not in admin.get("/entities").text


def test_the_list_authorises_nothing(world: World, beta: str) -> None:
    """Threat 23. A row in an admin's own list, without the member row, opens and shows nothing."""
    world.core.put({"pk": f"A#{PAT}", "sk": "E#beta", "type": "membership"})
    admin = world.admin()
    assert admin.get("/entities/beta").status == 404
    assert "Beta" not in admin.get("/entities").text


def test_another_s_cursor_shows_nothing_of_theirs(world: World, beta: str) -> None:
    """Threat 23. Cursors are positions, and the entity is in the key."""
    theirs = world.platform().get("/v1/entities/beta/events?limit=1").json["next_cursor"]
    answer = world.platform(entities=["acme"]).get(f"/v1/entities/acme/events?cursor={theirs}")
    assert answer.status == 200
    assert "beta" not in answer.body.lower()
    admin = world.admin()
    assert "Beta" not in admin.get(f"/entities/acme/history?cursor={theirs}").text


def test_a_grant_opens_only_where_it_was_sealed(world: World, beta: str) -> None:
    """Threat 23. Ciphertext copied to another entity, connection or app: KMS refuses, by the encryption context."""
    from dataclasses import replace

    from cryptography.exceptions import InvalidTag

    from chalicelib.domain import SealedGrant
    from chalicelib.errors import NotKept

    dance.connect(world, world.visitor(), world.link(), "square")
    stolen = next(item for item in world.vault.items() if item["entity_id"] == "beta")
    sealed = SealedGrant(ciphertext=bytes(stolen["sealed"].value))
    theirs, mine = (wiring.storage().connections.of(entity_id)[0] for entity_id in ("beta", "acme"))
    sealer = wiring.establishing().sealer
    assert sealer.open(sealed, theirs).secrets["access_token"]
    copies = (mine, replace(theirs, entity_id="acme"), replace(theirs, id=mine.id), replace(theirs, app="ebay"))
    for elsewhere in copies:
        with pytest.raises(NotKept):
            sealer.open(sealed, elsewhere)
    for place in (5, len(sealed.ciphertext) // 2, len(sealed.ciphertext) - 1):
        spoiled = bytearray(sealed.ciphertext)
        spoiled[place] ^= 1
        with pytest.raises((NotKept, InvalidTag)):
            sealer.open(SealedGrant(ciphertext=bytes(spoiled)), theirs)


# 24: more fields than were asked for

EXTRA = {
    "entity_id": "beta",
    "id": "beta",
    "role": "owner",
    "status": "connected",
    "state": "connected",
    "generation": "99",
    "key_id": "9",
    "nonce": "AAAA",
    "admin": EVE,
    "added_by": "nobody",
    "created_at": "1970-01-01T00:00:00Z",
    "connected_by": "the owner in person",
    "pk": "E#beta",
    "type": "session",
}


def test_the_api_takes_what_it_knows(world: World, beta: str) -> None:
    """Threat 24."""
    platform = world.platform()
    link, before = world.link(), world.platform().get("/v1/entities/beta").json
    answer = platform.put("/v1/entities/acme", {**EXTRA, "name": "Acme", "members": [EVE], "link": {"nonce": "x"}})
    assert answer.json.keys() == {"id", "name", "admins", "created_at"}
    assert (answer.json["id"], answer.json["name"], answer.json["admins"]) == ("acme", "Acme", [PAT, SAM])
    assert world.link() == link
    asked = {"app": "square", "email": OWNER, "requested_by": PAT, "cc": EVE, "reply_to": EVE, "from": EVE}
    made = platform.post("/v1/entities/acme/invitations", {**EXTRA, **asked}).json
    assert made["status"] == "queued"
    assert made["id"] != "beta"
    assert not made["created_at"].startswith("1970")
    (letter,) = [one for one in world.deliver() if one["to"] == [OWNER] and "Acme" in one["text"]]
    assert (letter["cc"], letter["reply_to"]) == ([PAT], PAT)
    url = platform.post("/v1/entities/acme/console-sessions", {**EXTRA, "email": PAT, "minutes": 999}).json["url"]
    assert PAT in world.visitor().get(url).text
    assert platform.get("/v1/entities/beta").json == before


def test_forms_take_what_they_know(world: World, beta: str) -> None:
    """Threat 24."""
    admin, owner = world.admin(), world.visitor()
    before = world.platform().get("/v1/entities/beta").json
    token = csrf(admin)
    admin.post("/entities/acme/members", {**EXTRA, "email": "new@acme.example", "csrf": token})
    assert world.platform().get("/v1/entities/acme").json["admins"] == ["new@acme.example", PAT, SAM]
    admin.post("/entities/acme/apps/square/ask", {**EXTRA, "email": OWNER, "requested_by": SAM, "csrf": token})
    (asked,) = world.platform().get("/v1/entities/acme/invitations").json["items"]
    assert (asked["requested_by"], asked["status"]) == (PAT, "queued")
    smuggled = {"browser_hash": "x", "verifier": "x", "authority": "admin", "session_hash": "x", "invited": EVE}
    page = dance.connect(world, owner, world.link(), "square", **EXTRA, **smuggled)
    assert "Acme Coffee LLC" in page.text
    (connection,) = world.connections()
    assert (connection["app"], connection["connected_by"], connection["status"]) == ("square", "connect link", "active")
    assert world.platform().get("/v1/entities/beta").json == before
    (attempt,) = [item for item in world.ephemeral.items("attempt") if item["entity_id"] == "acme"]
    assert not any(attempt.get(name) for name in ("admin", "invited", "session_hash", "verifier"))


def test_a_callback_takes_what_it_knows(world: World, beta: str) -> None:
    """Threat 24."""
    from urllib.parse import urlencode

    from local.simulators.people import approve

    owner = world.visitor()
    callback = approve(dance.start(owner, world.link(), "square"))
    more = {name: value for name, value in EXTRA.items() if name != "state"} | {"app": "ebay", "merchant_id": "M1"}
    dance.come_back(owner, f"{callback}&{urlencode(more)}")
    (connection,) = world.connections()
    assert (connection["app"], connection["connected_by"]) == ("square", "connect link")
    assert connection["account_id"] == world.apps.tokens("square")[-1].account_id
