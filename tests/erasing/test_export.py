"""Everything about an entity, as JSON: all that is kept of it, and nothing that opens anything."""

import json
from typing import Any

import pytest

from chalicelib.handlers import api_erasing
from chalicelib.storage.exports import NOUNS
from chalicelib.storage.models import CoreItem
from tests.erasing.full import Erasable
from tests.handlers.described import Api, api
from tests.support.moment import rows
from tests.support.world import BASE_URL, OWNER, PAT, SAM

EXPORT = "/v1/entities/acme/export"

OF_NO_ENTITY = {"account", "membership", "suppression", "parked", "erasure", "erased"}
"""Rows of other partitions: copies, what belongs to an address or nobody, and what is left of those that are erased."""
NOT_EXPORTED = {
    "entity": {"nonce", "key_id", "admins"},
    "outbox": {"sends", "tries", "claim", "message_id"},
    "webhook": {"sealed", "previous", "sealed_shard", "sealed_under"},
    "event": {"due_shard", "due_at"},
}
"""What opens something, and how the product keeps count."""
RENAMED = {
    "link_created_at": "created_at", "subject_id": "about", "state": "status", "suppressed_since": "since",
    "previous_until": "previous_secret_until", "generation": "link_generation", "type": "", "pk": "", "sk": "",
}  # fmt: skip
KINDS = {"outbox": "letter"}


def exported(platform: Api) -> list[dict[str, Any]]:
    """All pages."""
    page = platform.get(EXPORT).json
    found: list[dict[str, Any]] = page["items"]
    while page["next_cursor"]:
        page = platform.get(f"{EXPORT}?cursor={page['next_cursor']}").json
        found += page["items"]
    return found


def flat(value: object) -> set[str]:
    """Every name in it, however deep."""
    if isinstance(value, dict):
        return {*value, *(name for inner in value.values() for name in flat(inner))}
    return set()


def test_every_kind_of_row_is_an_entitys_or_is_known_not_to_be() -> None:
    """A new kind of row cannot be forgotten: it has a place in the export, or here."""
    kinds, ours = ({CoreItem.type.get_discriminator(item) for item in found} for found in (_all(CoreItem), NOUNS))
    assert kinds == ours | OF_NO_ENTITY
    assert not ours & OF_NO_ENTITY


def _all(model: type[CoreItem]) -> list[type[CoreItem]]:
    return [found for below in model.__subclasses__() for found in (below, *_all(below))]


def test_every_row_and_every_attribute_is_in_it(full: Erasable) -> None:
    """Held against the table itself."""
    items = exported(full.api)
    kept = [row for row in rows("core") if row["pk"] == "E#acme"]
    assert len(items) == len(kept)
    assert {item["type"] for item in items} == {KINDS.get(row["type"], row["type"]) for row in kept}
    for kind in {row["type"] for row in kept}:
        names = {name for row in kept if row["type"] == kind for name in row} - NOT_EXPORTED.get(kind, set())
        shown = set[str]().union(*(flat(item) for item in items if item["type"] == KINDS.get(kind, kind)))
        missing = {name for name in names if name not in shown and RENAMED.get(name, name) not in {"", *shown}}
        assert (missing, kind) == (set(), kind)


def test_what_it_says(full: Erasable) -> None:
    items = exported(full.api)
    of = {kind: [item for item in items if item["type"] == kind] for kind in {item["type"] for item in items}}
    [entity] = of["entity"]
    assert (entity["id"], entity["link"]["generation"], entity["asked"]["square"]["by"]) == ("acme", 1, PAT)
    square = next(one for one in of["connection"] if one["app"] == "square")
    assert (square["status"], square["invited"]) == ("active", OWNER)
    assert {one["email"] for one in of["member"]} == {PAT, SAM}
    assert {one["status"] for one in of["invitation"]} == {"started", "bounced", "complained"}
    assert {"entity_created", "connected", "disconnected", "webhook_set"} <= {one["kind"] for one in of["event"]}
    assert {one["kind"] for one in of["letter"]} >= {"alert", "disconnected", "invitation", "bounced"}
    assert {one["delivery"] for one in of["letter"]} >= {None, "bounced", "complained"}
    assert of["webhook"][0]["url"].startswith("https://")


def test_nothing_in_it_opens_anything(full: Erasable) -> None:
    """Threat 25."""
    text = json.dumps(exported(full.api))
    secret = full.world.link().partition("~")[2]
    opening = [secret, *(token.access_token for app in ("square", "ebay") for token in full.world.apps.tokens(app))]
    assert not [one for one in opening if one in text]
    for word in ("nonce", "whsec_", "sealed", "sentinel", "/c/acme", f"{BASE_URL}/not-me"):
        assert word not in text


def test_pages(full: Erasable, monkeypatch: pytest.MonkeyPatch) -> None:
    """None is lost, none twice; no address is in an address."""
    whole = exported(full.api)
    monkeypatch.setattr(api_erasing, "PAGE", 3)
    page, cursors, found = full.api.get(EXPORT), [], []
    while True:
        assert page.headers["Cache-Control"] == "no-store"
        found.append(page.json["items"])
        if not page.json["next_cursor"]:
            break
        cursors.append(page.json["next_cursor"])
        page = full.api.get(f"{EXPORT}?cursor={cursors[-1]}")
    assert [item for part in found for item in part] == whole
    assert {len(part) for part in found[1:-1]} == {3}
    assert not [cursor for cursor in cursors if "@" in cursor]


def test_who_may(full: Erasable) -> None:
    """Threat 23."""
    assert api(full.world, "entities:read", "events:read").get(EXPORT).status == 403
    assert api(full.world, entities=["beta"]).get(EXPORT).status == 404
    assert full.api.get("/v1/entities/nobody/export").status == 404
    assert full.api.get("/v1/entities/nobody/export?cursor=rest").status == 404
    for cursor in ("x", "7", "4", "3" + "0" * 32, "5" + "0" * 31, "5" + "0" * 32 + "%0A", "REST"):
        assert full.api.get(f"{EXPORT}?cursor={cursor}").status == 400
