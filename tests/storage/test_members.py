"""Who may act for an entity: in two places, of which one authorises; and never nobody."""

import pytest

from chalicelib.domain import EventKind
from chalicelib.errors import Conflict, LastAdmin, NotFound
from tests.storage.making import AT, NONCE, PAT, SAM, admins, at_once, entity, event, link, member, storage
from tests.support.world import World

ADDED, REMOVED = EventKind.ADMIN_ADDED, EventKind.ADMIN_REMOVED


def add(*emails: str) -> None:
    storage().members.add([member(email) for email in emails], [event(ADDED, detail=email) for email in emails])


def remove(*emails: str) -> None:
    storage().members.remove("acme", emails, [event(REMOVED, detail=email) for email in emails])


def test_admins(world: World) -> None:
    entity(PAT)
    add(SAM)
    assert admins() == {PAT, SAM}
    assert storage().members.is_admin("acme", SAM)
    assert storage().members.known(SAM)
    remove(PAT)
    assert admins() == {SAM}
    assert not storage().members.is_admin("acme", PAT)
    assert not storage().members.known(PAT)
    assert world.events()[:2] == ["admin_removed", "admin_added"]


def test_nobody_is_added_twice(world: World) -> None:
    """All or nothing, the event too."""
    entity(PAT)
    with pytest.raises(Conflict):
        add(SAM, PAT)
    assert admins() == {PAT}
    assert "admin_added" not in world.events()


def test_nobody_joins_what_is_not_there(world: World) -> None:
    with pytest.raises(NotFound):
        add(PAT)
    assert world.core.items() == []


def test_nobody_leaves_who_is_not_there(world: World) -> None:
    entity(PAT, SAM)
    with pytest.raises(NotFound):
        remove("olive@coffee.example")
    assert admins() == {PAT, SAM}


def test_the_last_admin_stays(world: World) -> None:
    entity(PAT, SAM)
    with pytest.raises(LastAdmin):
        remove(PAT, SAM)
    remove(PAT)
    with pytest.raises(LastAdmin):
        remove(SAM)
    assert admins() == {SAM}


def test_two_who_leave_at_once_leave_one(world: World) -> None:
    """The count is on the entity, and a condition keeps it above nothing."""
    entity(PAT, SAM)
    results = at_once(2, lambda number: remove((PAT, SAM)[number]))
    assert sorted(type(result).__name__ for result in results) == ["LastAdmin", "NoneType"]
    assert len(admins()) == 1


def test_one_who_is_removed_twice_at_once_counts_once(world: World) -> None:
    entity(PAT, SAM, "kim@acme.example")
    at_once(4, lambda _: remove(PAT))
    assert admins() == {SAM, "kim@acme.example"}
    remove(SAM)
    assert admins() == {"kim@acme.example"}


def test_the_list_of_entities_is_checked_against_the_members(world: World) -> None:
    """Threat 23. A row in the admin's own partition lists, and authorises nothing."""
    entity(PAT)
    entity(SAM, entity_id="other")
    world.core.put({"pk": f"A#{PAT}", "sk": "E#other", "type": "membership"})
    found, following = storage().members.entities_of(PAT)
    assert ([one.id for one in found], following) == (["acme"], "")


def test_many_entities_come_in_pages(world: World) -> None:
    ids = [f"e-{number:03}" for number in range(60)]
    for entity_id in ids:
        entity(PAT, entity_id=entity_id)
    first, following = storage().members.entities_of(PAT)
    second, end = storage().members.entities_of(PAT, following)
    assert [one.id for one in (*first, *second)] == ids
    assert (len(first), end) == (50, "")


def test_of_two_new_links_one_wins(world: World) -> None:
    """Threat 12."""
    entity(PAT)
    new = [link(bytes([number]) * 16, 2) for number in range(2, 8)]
    results = at_once(
        6, lambda number: storage().entities.replace_link(link(), new[number], event(EventKind.LINK_REGENERATED))
    )
    assert sum(result is None for result in results) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 5
    kept = storage().entities.get("acme")
    assert kept
    assert kept.link == new[results.index(None)]
    assert world.events().count("link_regenerated") == 1


def test_an_entity_is_made_once(world: World) -> None:
    results = at_once(4, lambda _: entity(PAT))
    assert sum(isinstance(result, Conflict) for result in results) == 3
    assert world.events() == ["entity_created"]


def test_what_is_not_there(world: World) -> None:
    assert storage().entities.get("acme") is None
    assert storage().entities.books("acme") is None
    assert storage().events.get("acme", "0" * 32) is None
    assert storage().invitations.get("acme", "0" * 32) is None
    assert storage().invitations.with_entity("acme", "0" * 32) == (None, None)
    with pytest.raises(NotFound):
        storage().entities.rename("acme", "New", event())
    with pytest.raises(Conflict):
        storage().entities.replace_link(link(), link(), event())
    assert world.core.items() == []


def test_an_entity_comes_back_as_it_was(world: World) -> None:
    made = entity(PAT)
    kept = storage().entities.get("acme")
    assert kept == made
    assert kept.link.nonce == NONCE
    assert kept.created_at == AT
