"""What storage promises of grants: the same for DynamoDB, and for memory, where the soak keeps thousands of them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from benchmarks.soak.memory import Memory
from chalicelib.domain import (
    Authority,
    EventKind,
    GrantStatus,
    Held,
    LetterKind,
    LetterState,
    OutboxItem,
    Reason,
    SealedGrant,
    Trouble,
)
from chalicelib.errors import NotFound
from chalicelib.storage.vault_rows import shard
from tests.storage.making import AT, NONCE, PAT, SAM, at_once, connection, entity, event, link, member, sealed, storage
from tests.support.world import World

LATER = AT + timedelta(seconds=31)
UNTIL = AT + timedelta(seconds=30)


@pytest.fixture(params=["dynamodb", "memory"])
def kept(request: pytest.FixtureRequest) -> Any:
    """Storage, with an entity that has two admins."""
    if request.param == "memory":
        memory = Memory()
        made = replace(_entity(), link=link())
        memory.entities.create(made, [member(PAT), member(SAM)], [])
        return memory
    request.getfixturevalue("world")
    entity(PAT, SAM)
    return storage()


def _entity() -> Any:
    from chalicelib.domain import Entity

    return Entity(id="acme", name="Acme Coffee LLC", link=link(), created_at=AT)


def connect(kept: Any, account: str = "merchant-1", *, due: int | None = None, app: str = "square") -> Held:
    """A connection; what the vault has of it. ``due`` is in minutes."""
    made = replace(connection(account), app=app)
    grant = replace(sealed(), due_at=None if due is None else AT + timedelta(minutes=due))
    kept.connections.establish(made, grant, event(), Authority(nonce=NONCE), None)
    found: Held | None = kept.vault.get("acme", made.id)
    assert found
    return found


def leased(kept: Any, held: Held, owner: str = "one") -> Held:
    found: Held | None = kept.vault.lease(held, owner, AT, UNTIL)
    assert found
    return found


def due(kept: Any, minutes: int = 60, without: tuple[str, ...] = ()) -> list[str]:
    return [found.id for found in kept.vault.due(AT + timedelta(minutes=minutes), without)]


def now(kept: Any, held: Held) -> Held:
    found: Held | None = kept.vault.get(held.entity_id, held.id)
    assert found
    return found


def test_what_was_given_is_there(kept: Any) -> None:
    held = connect(kept)
    assert held.version
    assert (held.status, held.sealed.ciphertext, held.granted_at) == (GrantStatus.ACTIVE, b"ciphertext", AT)
    assert (held.trouble, held.lease_until, held.reminded, held.refusals) == (Trouble(), None, 0, 0)
    assert kept.vault.get("acme", "0" * 32) is None
    assert kept.vault.get("other", held.id) is None


def test_of_eight_at_once_one_has_the_lease(kept: Any) -> None:
    """Threat 29."""
    held = connect(kept)
    found = at_once(8, lambda number: kept.vault.lease(held, f"owner-{number}", AT, UNTIL))
    assert [bool(one) for one in found].count(True) == 1
    assert now(kept, held).lease_until == UNTIL


def test_a_lease_is_its_owners_until_it_passes(kept: Any) -> None:
    """Threat 29. Asked for again by its owner, it is theirs: our own repeat."""
    held = connect(kept)
    leased(kept, held)
    assert kept.vault.lease(held, "two", AT, UNTIL) is None
    assert kept.vault.lease(held, "one", AT, UNTIL)
    assert kept.vault.lease(held, "two", UNTIL, LATER)
    kept.vault.release(held, "one")
    assert now(kept, held).lease_until == LATER
    kept.vault.release(held, "two")
    assert now(kept, held).lease_until is None
    assert kept.vault.lease(replace(held, version="older"), "three", LATER, LATER) is None


def test_what_is_over_is_not_leased_nor_planned(kept: Any) -> None:
    held = connect(kept, due=1)
    lease = leased(kept, held)
    assert kept.attention.mark(held, "one", Reason.REVOKED, event(EventKind.NEEDS_ATTENTION))
    assert kept.vault.lease(held, "two", LATER, LATER) is None
    kept.vault.plan(held, AT)
    kept.vault.note(held, AT, 0, AT)
    kept.vault.fail(lease, "one", Trouble(failures=1), AT)
    assert due(kept) == []
    assert now(kept, held).trouble == Trouble()


def test_what_is_kept_ends_lease_and_trouble_and_has_a_new_version(kept: Any) -> None:
    """Threat 29."""
    lease = leased(kept, connect(kept))
    trouble = Trouble(failures=3, refused=1, since=AT, refused_since=AT, retry_at=LATER)
    kept.vault.fail(lease, "one", trouble, AT)
    assert (now(kept, lease).trouble, now(kept, lease).lease_until) == (trouble, None)
    lease = leased(kept, lease)
    new = SealedGrant(ciphertext=b"new", expires_at=None, refresh_expires_at=LATER, due_at=AT)
    saved = kept.vault.save(lease, "one", new, LATER)
    assert saved == now(kept, lease)
    assert (saved.sealed, saved.refreshed_at) == (replace(new, due_at=None), LATER)
    assert (saved.trouble, saved.lease_until, saved.version) == (Trouble(), None, "one")
    assert kept.vault.save(lease, "one", new, LATER) == saved, "our own repeat"
    assert due(kept) == [lease.id]


def test_neither_lease_nor_version_alone_is_enough(kept: Any) -> None:
    """Threat 29."""
    lease = leased(kept, connect(kept))
    other = sealed(b"other")
    for found, owner in ((replace(lease, version="older"), "one"), (lease, "two")):
        assert kept.vault.save(found, owner, other, LATER) is None
        kept.vault.fail(found, owner, Trouble(failures=9), AT)
        kept.vault.release(found, owner)
    for unread in (kept.vault.plan, lambda found, at: kept.vault.note(found, at, 3, at)):
        unread(replace(lease, version="older"), AT)
    assert now(kept, lease) == lease
    assert due(kept) == []


def test_a_reconnect_has_nothing_of_the_grant_before(kept: Any) -> None:
    """Threats 29, 30. Whoever held the lease comes too late."""
    lease = leased(kept, connect(kept, due=1))
    kept.vault.note(lease, LATER, 2, AT)
    again = connect(kept)
    assert again.version != lease.version
    assert (again.lease_until, again.refusals, again.checked_at) == (None, 0, AT)
    assert kept.vault.save(lease, "one", sealed(b"late"), LATER) is None
    assert not kept.attention.mark(lease, "one", Reason.REVOKED, event(EventKind.NEEDS_ATTENTION))
    assert now(kept, lease) == again
    assert due(kept) == []


def test_a_replaced_link_connects_nothing(kept: Any) -> None:
    """Threat 12."""
    with pytest.raises(NotFound):
        kept.connections.establish(connection(), sealed(), event(), Authority(nonce=b"\x02" * 16), None)
    assert kept.connections.of("acme") == ()


def test_connected_again_is_a_reconnect_and_says_what_it_was(kept: Any) -> None:
    held = connect(kept)
    assert kept.attention.mark(held, "", Reason.ENDED, event(EventKind.NEEDS_ATTENTION))
    told = event()
    later = replace(connection(at=LATER), first_connected_at=LATER)
    assert kept.connections.establish(later, sealed(), told, Authority(nonce=NONCE), None)
    found = kept.connections.get("acme", "square", held.id)
    assert (found.status, found.connected_at, found.first_connected_at) == ("active", LATER, AT)
    noted = kept.events.get("acme", told.id)
    assert (noted.kind, noted.was) == (EventKind.RECONNECTED, "needs_attention")
    assert kept.connections.get("acme", "etsy", held.id) is None


def test_of_eight_who_mark_it_one_is_told(kept: Any) -> None:
    """Threat 31."""
    held = connect(kept, due=1)
    told = at_once(8, lambda _: kept.attention.mark(held, "", Reason.REVOKED, event(EventKind.NEEDS_ATTENTION)))
    assert sorted(told) == [False] * 7 + [True]
    found = now(kept, held)
    assert (found.status, found.reason) == (GrantStatus.NEEDS_ATTENTION, Reason.REVOKED)
    assert kept.connections.of("acme")[0].status == "needs_attention"
    assert due(kept) == []


def test_who_has_not_the_lease_does_not_mark_for_its_owner(kept: Any) -> None:
    """Threat 29."""
    held = connect(kept)
    leased(kept, held, "two")
    assert not kept.attention.mark(held, "one", Reason.REVOKED, event(EventKind.NEEDS_ATTENTION))
    assert now(kept, held).status is GrantStatus.ACTIVE


def test_reminders_go_down_and_never_twice(kept: Any) -> None:
    held = connect(kept)

    def remind(days: int) -> bool:
        told: bool = kept.attention.remind(replace(held, reminded=days), event(EventKind.CONSENT_ENDING))
        return told

    assert [remind(days) for days in (30, 30, 7, 30, 1, 1)] == [True, False, True, False, True, False]
    assert now(kept, held).reminded == 1


def test_a_days_reading_is_told_once(kept: Any) -> None:
    read = event(EventKind.CREDENTIALS_READ)
    assert [kept.attention.reading(name, read, LATER) for name in ("a", "a", "b")] == [True, False, True]


def test_what_waits_longest_is_due_first_and_others_than_these(kept: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """In each shard; so many and no more."""
    made = [connect(kept, f"m-{number}", due=number, app="etsy" if number % 2 else "square") for number in range(40)]
    assert sorted(due(kept)) == sorted(held.id for held in made)
    assert sorted(due(kept, minutes=3)) == sorted(held.id for held in made[:4])
    assert {held.app for held in made if held.id in due(kept, without=("square",))} == {"etsy"}
    for module in ("chalicelib.storage.vault", "benchmarks.soak.memory.vault"):
        monkeypatch.setattr(f"{module}.PER_SHARD", 1)
    longest = {shard(held.id): held.id for held in reversed(made) if held.app == "etsy"}
    assert sorted(due(kept, without=("square",))) == sorted(longest.values())


def test_a_breaker_counts_connections_within_its_window(kept: Any) -> None:
    def failed(number: int, minutes: float = 0) -> int:
        at = AT + timedelta(minutes=minutes)
        count: int = kept.breakers.failed("square", f"c{number}", at, timedelta(minutes=2))
        return count

    assert [failed(1), failed(1), failed(2), failed(3, 1.9), failed(4, 2)] == [1, 1, 2, 3, 1]
    opens = [kept.breakers.open("square", AT, UNTIL), kept.breakers.open("square", AT, LATER)]
    assert opens == [True, False]
    assert kept.breakers.of(["square", "etsy"], AT) == {"square": (UNTIL, 1)}
    assert kept.breakers.open("square", UNTIL, LATER)
    assert kept.breakers.of(["square"], AT) == {"square": (LATER, 2)}
    assert kept.breakers.of(["square"], AT + timedelta(hours=7)) == {}
    kept.breakers.close("square")
    assert kept.breakers.of(["square"], AT) == {}


def test_a_letter_is_put_in_taken_up_and_ended_once(kept: Any) -> None:
    """Threat 26."""
    letter = OutboxItem(
        id="letter", kind=LetterKind.ATTENTION, to=PAT, state=LetterState.SENDING, tries=1, sends=1,
        entity_id="acme", subject_id="x", created_at=AT, due_at=UNTIL,
    )  # fmt: skip
    assert sorted(at_once(4, lambda _: kept.outbox.put(letter))) == [False] * 3 + [True]
    kept.outbox.record(replace(letter, state=LetterState.RETRY, sends=0, due_at=UNTIL))
    [waiting] = [one for one in kept.outbox.due(UNTIL) if isinstance(one, OutboxItem)]
    assert (waiting.state, waiting.tries, waiting.sends) == (LetterState.RETRY, 1, 0)
    assert sorted(at_once(4, lambda _: kept.outbox.claim(waiting, LATER))) == [False] * 3 + [True]
    kept.outbox.record(replace(letter, state=LetterState.SENT, tries=9, due_at=None))
    assert [one.id for one in kept.outbox.due(LATER) if isinstance(one, OutboxItem)] == ["letter"]
    kept.outbox.record(replace(letter, state=LetterState.SENT, tries=2, due_at=None))
    assert [one for one in kept.outbox.due(LATER) if isinstance(one, OutboxItem)] == []


def test_an_event_waits_until_it_is_settled(kept: Any, world: World) -> None:
    held = connect(kept)
    told = event(EventKind.NEEDS_ATTENTION)
    assert kept.attention.mark(held, "", Reason.ENDED, told)

    def waiting() -> list[str]:
        return [one.id for one in kept.outbox.due(told.at + timedelta(minutes=3)) if one.id == told.id]

    assert waiting() == [told.id]
    kept.events.settled(told)
    assert waiting() == []
    assert kept.entities.with_members("acme").admins == {PAT, SAM}
    assert kept.members.is_admin("acme", PAT)
    assert not kept.members.is_admin("acme", "nobody@acme.example")
