"""Every row of the API's table, for the accounting platform. Each answer is held against openapi.json."""

import base64
from datetime import UTC, datetime
from itertools import product

from chalicelib.providers.catalogue import PROVIDERS
from tests.conftest import Clock
from tests.handlers.described import Api, api
from tests.support.aws import cancelled
from tests.support.happening import connected
from tests.support.world import BASE_URL, OWNER, PAT, SAM, World, settings_with

ACME = "/v1/entities/acme"
ASK = {"app": "square", "email": OWNER, "requested_by": PAT}


def emails(count: int) -> list[str]:
    return [f"admin-{number:02}@acme.example" for number in range(count)]


def history(platform: Api) -> list[tuple[str, str]]:
    """What happened, newest first: kinds with their details."""
    found = platform.get(f"{ACME}/events?limit=100").json["items"]
    return [(event["kind"], event.get("detail", "")) for event in found]


# Entities


def test_an_entity_is_created_once(world: World) -> None:
    platform = api(world)
    body = {"name": "Acme Coffee LLC", "admins": [PAT, SAM]}
    first = platform.put(ACME, body)
    assert first.status == 201
    assert first.json == {
        "id": "acme", "name": "Acme Coffee LLC", "admins": [PAT, SAM], "created_at": first.json["created_at"],
    }  # fmt: skip
    happened = history(platform)
    again = platform.put(ACME, body)
    assert (again.status, again.json) == (200, first.json)
    assert platform.get(ACME).json == first.json
    assert history(platform) == happened, "what changes nothing is no event"


def test_a_new_entity_needs_no_admins(world: World) -> None:
    created = api(world).put(ACME, {"name": "Acme"})
    assert (created.status, created.json["admins"]) == (201, [])


def test_renaming_leaves_the_admins_alone(world: World) -> None:
    world.entity()
    renamed = api(world).put(ACME, {"name": "Acme Tea LLC"})
    assert (renamed.status, renamed.json["name"], renamed.json["admins"]) == (200, "Acme Tea LLC", [PAT, SAM])
    assert history(api(world))[0] == ("entity_renamed", "Acme Tea LLC")


def test_admins_become_exactly_these(world: World) -> None:
    world.entity()
    before = len(world.events())
    changed = api(world).put(ACME, {"name": "Acme Coffee LLC", "admins": ["kim@acme.example", SAM]})
    assert changed.json["admins"] == ["kim@acme.example", SAM]
    new = history(api(world))[:-before]
    assert new == [("admin_removed", PAT), ("admin_added", "kim@acme.example")]


def test_addresses_compare_lower_cased(world: World) -> None:
    platform = api(world)
    created = platform.put(ACME, {"name": "Acme", "admins": ["Pat@ACME.example", " pat@acme.example ", SAM.upper()]})
    assert created.json["admins"] == [PAT, SAM]
    happened = history(platform)
    assert platform.put(ACME, {"name": "Acme", "admins": [SAM, PAT.title()]}).json["admins"] == [PAT, SAM]
    assert history(platform) == happened


def test_admins_that_will_not_do(world: World) -> None:
    """Nothing is written, neither for a new entity nor for an old one."""
    world.entity("other", admins=(PAT,))
    unfit: list[object] = [
        [],
        None,
        PAT,
        {},
        [1],
        [None],
        [[PAT]],
        ["nobody"],
        [PAT, ""],
        ["\ud800@x.example"],
        emails(41),
    ]
    for admins, entity_id in product(unfit, ("acme", "other")):
        refused = api(world).put(f"/v1/entities/{entity_id}", {"name": "New name", "admins": admins})
        assert (refused.status, refused.json["field"]) == (422, "admins")
    assert api(world).get(ACME).status == 404
    kept = api(world).get("/v1/entities/other").json
    assert (kept["name"], kept["admins"]) == ("Acme Coffee LLC", [PAT])


def test_forty_admins_are_more_than_one_transaction(world: World) -> None:
    """Threat 34. DynamoDB takes a hundred writes; forty admins are a hundred and twenty."""
    platform = api(world)
    many = emails(40)
    assert platform.put(ACME, {"name": "Acme", "admins": many}).json["admins"] == many
    assert platform.get(ACME).json["admins"] == many
    others = [f"new-{email}" for email in many]
    assert platform.put(ACME, {"name": "Acme", "admins": others}).json["admins"] == others
    kinds = [kind for kind, _ in history(platform)]
    assert (kinds.count("admin_added"), kinds.count("admin_removed")) == (60, 40), "the newest hundred"
    assert platform.put(ACME, {"name": "Acme", "admins": [PAT]}).json["admins"] == [PAT]
    admin = world.admin()
    assert admin.get("/entities/acme/members").text.count("@acme.example") >= 1


def test_a_conflict_on_the_way_is_overcome(world: World) -> None:
    """Threat 34."""
    world.entity()
    world.aws.fail("TransactWriteItems", cancelled("TransactionConflict"), times=2)
    assert api(world).put(ACME, {"name": "Acme Tea LLC"}).status == 200


def test_unknown_members_of_the_body_are_ignored(world: World) -> None:
    """Threat 24. Nothing but name and admins can be set."""
    body = {
        "name": "Acme",
        "id": "other",
        "entity_id": "other",
        "created_at": "1999",
        "role": "owner",
        "link": "x",
        "asked": {},
    }
    assert api(world).put(ACME, body).json["id"] == "acme"
    assert api(world).get("/v1/entities/other").status == 404


def test_what_is_not_there(world: World) -> None:
    for path in (ACME, f"{ACME}/link", f"{ACME}/invitations", f"{ACME}/connections", f"{ACME}/events"):
        assert api(world).get(path).status == 404
    assert world.core.items() == []


def test_what_is_not_there_does_nothing(world: World) -> None:
    for path, body in (("link/regenerate", None), ("invitations", ASK), ("console-sessions", {"email": PAT})):
        assert api(world).post(f"{ACME}/{path}", body).status == 404
    assert world.core.items() == world.ephemeral.items() == []


# Links


def test_the_link_stays_until_it_is_regenerated(world: World) -> None:
    world.entity()
    platform = api(world)
    first = platform.get(f"{ACME}/link").json
    assert platform.get(f"{ACME}/link").json == first
    assert first["generation"] == 1
    assert first["url"].startswith(f"{BASE_URL}/c/acme~")
    assert datetime.fromisoformat(first["created_at"]).tzinfo is UTC
    new = platform.post(f"{ACME}/link/regenerate")
    assert (new.status, new.json["generation"]) == (200, 2)
    assert new.json["url"] != first["url"]
    assert platform.get(f"{ACME}/link").json == new.json
    assert world.visitor().get(first["url"]).status == 404
    assert world.visitor().get(new.json["url"]).status == 200
    assert history(platform)[0][0] == "link_regenerated"


def test_regenerating_wants_no_body_of_any_type(world: World) -> None:
    world.entity()
    for kind in ("application/json", "application/x-www-form-urlencoded", "application/octet-stream", "text/plain"):
        assert api(world).request("POST", f"{ACME}/link/regenerate", content_type=kind).status == 200
    assert api(world).post(f"{ACME}/link/regenerate").json["generation"] == 6


# Apps


def test_the_catalogue(world: World) -> None:
    apps = api(world).get("/v1/apps").json
    assert [app["slug"] for app in apps] == list(PROVIDERS)
    assert all(list(app) == ["slug", "name", "category", "auth", "ask_owner", "configured"] for app in apps)
    chargebee = next(app for app in apps if app["slug"] == "chargebee")
    assert chargebee == {
        "slug": "chargebee", "name": "Chargebee", "category": "payments", "auth": "key_form", "ask_owner": True, "configured": True,
    }  # fmt: skip
    assert all(app["configured"] for app in apps)


def test_an_app_without_credentials_is_offered_to_nobody(world: World) -> None:
    settings_with(APP_CREDENTIALS='{"etsy": {"client_id": "x", "client_secret": "y"}}')
    world.entity()
    configured = {app["slug"] for app in api(world).get("/v1/apps").json if app["configured"]}
    without_credentials = {slug for slug, app in PROVIDERS.items() if app.configured(None)}
    assert "chargebee" in without_credentials
    assert configured == {"etsy", *without_credentials}
    assert api(world).post(f"{ACME}/invitations", ASK).json["field"] == "app"
    landing = world.visitor().get(world.link())
    assert "Etsy" in landing.text
    assert "Square" not in landing.text
    assert world.admin().get("/entities/acme/apps/square").status == 404


# Invitations


def test_asking_an_owner(world: World) -> None:
    world.entity()
    asked = api(world).post(
        f"{ACME}/invitations", ASK | {"email": "Olive@Coffee.example", "note": " Please,\r\nOlive. "}
    )
    assert asked.status == 201
    shape = asked.json
    assert shape == {
        "id": shape["id"],
        "app": "square",
        "email": OWNER,
        "requested_by": PAT,
        "note": "Please,\nOlive.",
        "status": "queued",
        "created_at": shape["created_at"],
        "url": f"{BASE_URL}{world.link()}/square?i={shape['id']}",
    }
    assert history(api(world))[0] == ("owner_asked", OWNER)
    (letter,) = world.deliver()
    assert (letter["to"], letter["cc"], letter["reply_to"]) == ([OWNER], [PAT], PAT)
    assert shape["url"] in letter["text"]
    (listed,) = api(world).get(f"{ACME}/invitations").json["items"]
    assert listed == {name: value for name, value in shape.items() if name != "url"} | {"status": "sent"}


UNASKABLE: list[tuple[str, object]] = [
    *(
        ("requested_by", value)
        for value in (OWNER, "nobody", None, "kim@other.example", f"{PAT}\r\nBcc: x@evil.example")
    ),
    *(("email", value) for value in ("nobody", f"{OWNER}\r\nBcc: x@evil.example", [OWNER], "", f"{OWNER},{PAT}")),
    *(("app", value) for value in ("revel", "unheard-of", "", 1, "Square", "square\n")),
    *(("note", value) for value in ("x" * 501, "bell\x07", None, {"text": "x"}, "\ud800")),
]


def test_what_cannot_be_asked(world: World) -> None:
    """Threat 17. 422, and the field at fault; no letter, no invitation, nothing counted."""
    world.entity()
    world.entity("other", admins=("kim@other.example",))
    for field, value in UNASKABLE:
        refused = api(world).post(f"{ACME}/invitations", ASK | {field: value})
        assert (refused.status, refused.json["field"], value) == (422, field, value)
    for missing in ASK:
        body = {name: value for name, value in ASK.items() if name != missing}
        assert api(world).post(f"{ACME}/invitations", body).json["field"] == missing
    assert api(world).get(f"{ACME}/invitations").json["items"] == []
    assert world.deliver() == []
    assert world.ephemeral.items("counter") == []


def test_too_many_invitations(world: World) -> None:
    """Threat 19."""
    world.entity()
    statuses = [api(world).post(f"{ACME}/invitations", ASK).status for _ in range(11)]
    assert statuses == [201] * 10 + [429]
    refused = api(world).post(f"{ACME}/invitations", ASK)
    assert int(refused.headers["Retry-After"]) == refused.json["retry_after"] > 0


def pages(platform: Api, path: str, limit: int) -> list[list[str]]:
    """All pages of a listing, as ids."""
    found, cursor = [], ""
    while True:
        page = platform.get(f"{path}?limit={limit}" + (f"&cursor={cursor}" if cursor else "")).json
        found.append([item["id"] for item in page["items"]])
        cursor = page["next_cursor"]
        if not cursor:
            return found


def test_invitations_come_in_pages(world: World) -> None:
    """Newest first, none lost and none twice; what is added meanwhile disturbs nobody."""
    world.entity()
    platform = api(world)
    made = [
        platform.post(f"{ACME}/invitations", ASK | {"email": f"o{number}@coffee.example"}).json["id"]
        for number in range(7)
    ]
    newest_first = made[::-1]
    assert pages(platform, f"{ACME}/invitations", 3) == [newest_first[:3], newest_first[3:6], newest_first[6:]]
    assert pages(platform, f"{ACME}/invitations", 7) == [newest_first], "no empty page at the end"
    first = platform.get(f"{ACME}/invitations?limit=3").json
    platform.post(f"{ACME}/invitations", ASK)
    second = platform.get(f"{ACME}/invitations?limit=3&cursor={first['next_cursor']}").json
    assert [item["id"] for item in second["items"]] == newest_first[3:6]


def test_events_come_in_pages(world: World) -> None:
    world.entity()
    platform = api(world)
    for number in range(5):
        platform.put(ACME, {"name": f"Acme {number}"})
    whole = [event["id"] for event in platform.get(f"{ACME}/events").json["items"]]
    assert len(whole) == 8
    assert [event for page in pages(platform, f"{ACME}/events", 3) for event in page] == whole
    assert whole == sorted(whole)


def test_pages_that_will_not_do(world: World) -> None:
    world.entity()
    limits = ("0", "101", "-1", "ten", "", "1e1", "٣", "9" * 5000, "1.0", "+1", "%2050")
    cursors = ("x", "0" * 31, "0" * 33, "5%23", "%00", "G" * 32, "~" * 32, "0" * 31 + "%0A", "0" * 32 + "%0A")
    for query in (*(f"limit={limit}" for limit in limits), *(f"cursor={cursor}" for cursor in cursors)):
        for listing in ("invitations", "events"):
            assert (api(world).get(f"{ACME}/{listing}?{query}").status, query) == (400, query)


def test_a_cursor_of_another_entity_shows_nothing_of_it(world: World) -> None:
    """Threat 23."""
    world.entity()
    world.entity("other")
    platform = api(world)
    cursor = platform.get("/v1/entities/other/events?limit=1").json["next_cursor"]
    own = {event["id"] for event in platform.get(f"{ACME}/events").json["items"]}
    shown = platform.get(f"{ACME}/events?cursor={cursor}").json["items"]
    assert {event["id"] for event in shown} <= own


# Connections


def test_connections_show_everything_but_the_secret(world: World) -> None:
    """Threat 25. Neither token nor key, open or sealed, in any answer of the API."""
    world.entity()
    connected("square", "Acme Coffee", "merchant-1")
    (found,) = api(world).get(f"{ACME}/connections").json
    assert found == {
        "id": found["id"], "app": "square", "account_id": "merchant-1", "account_name": "Acme Coffee", "status": "active",
        "connected_at": found["connected_at"], "connected_by": "connect link", "limited": [],
    }  # fmt: skip
    sealed = world.vault.items()[0]["sealed"].value
    for answer in (api(world).get(f"{ACME}{part}") for part in ("", "/connections", "/events", "/invitations")):
        for word in ("a-token", "token", "key", "sealed", "nonce", "secret", base64.b64encode(sealed).decode()):
            assert word not in answer.body


def test_what_happens_to_a_connection_is_in_the_history(world: World) -> None:
    world.entity()
    for _ in range(2):
        connected("square", "Acme Coffee", "merchant-1")
    again, first = api(world).get(f"{ACME}/events?limit=2").json["items"]
    assert (again["kind"], first["kind"]) == ("reconnected", "connected")
    assert (first["app"], first["account_id"], first["detail"], first["actor"]) == (
        "square", "merchant-1", "Acme Coffee", "connect link",
    )  # fmt: skip
    assert again["connection_id"] == first["connection_id"] == world.connections()[0]["id"]


def test_a_connection_answers_open_invitations(world: World) -> None:
    world.entity()
    for app in ("square", "ebay"):
        api(world).post(f"{ACME}/invitations", ASK | {"app": app})
    connected("square")
    states = {one["app"]: one["status"] for one in api(world).get(f"{ACME}/invitations").json["items"]}
    assert states == {"square": "connected", "ebay": "queued"}


def test_no_connections_yet(world: World) -> None:
    world.entity()
    assert api(world).get(f"{ACME}/connections").json == []


# Console sessions


def test_the_platforms_users_do_not_sign_in_twice(world: World) -> None:
    world.entity()
    made = api(world).post(f"{ACME}/console-sessions", {"email": PAT.upper()})
    assert made.status == 201
    assert list(made.json) == ["url"]
    assert made.json["url"].startswith(f"{BASE_URL}/sign-in/")
    visitor = world.visitor()
    for _ in range(5):
        assert PAT in visitor.get(made.json["url"]).text, "looking uses nothing up, and names who signs in"
    assert visitor.cookies == {}
    visitor.submit(made.json["url"].removeprefix(BASE_URL))
    assert "Acme Coffee LLC" in visitor.page.text
    again = world.visitor()
    again.post(made.json["url"].removeprefix(BASE_URL))
    assert (again.page.status, again.cookies) == (404, {})


def test_a_console_session_waits_a_minute(world: World, clock: Clock) -> None:
    world.entity()
    urls = [
        api(world).post(f"{ACME}/console-sessions", {"email": PAT}).json["url"].removeprefix(BASE_URL) for _ in range(2)
    ]
    clock.forward(seconds=59)
    assert world.visitor().post(urls[0]).status == 303
    clock.forward(seconds=1)
    assert world.visitor().post(urls[1]).status == 404
    assert world.visitor().get(urls[1]).status == 404


def test_only_an_admin_of_the_entity_is_signed_in(world: World) -> None:
    """Threat 23."""
    world.entity()
    world.entity("other", admins=("kim@other.example",))
    for email in ("nobody", OWNER, "kim@other.example", None, 1, ""):
        refused = api(world).post(f"{ACME}/console-sessions", {"email": email})
        assert (refused.status, refused.json["field"], email) == (422, "email", email)
    assert world.ephemeral.items("sign_in") == []
