"""Nouns to store, and many hands at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

from chalicelib import keys, wiring
from chalicelib.domain import (
    Account,
    AdminSession,
    Attempt,
    Authority,
    Connection,
    ConnectLink,
    Entity,
    Event,
    EventKind,
    Member,
    SealedGrant,
)
from chalicelib.services.events import event as happened
from chalicelib.storage import Storage

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
NONCE = b"\x01" * 16
PAT, SAM = "pat@acme.example", "sam@acme.example"


def storage() -> Storage:
    return wiring.storage()


def at_once(times: int, work: Callable[[int], Any]) -> list[Any]:
    """What ``work`` returned or raised, in ``times`` threads that begin together."""
    gate = Barrier(times)

    def one(number: int) -> object:
        gate.wait()
        try:
            return work(number)
        except Exception as error:  # noqa: BLE001 - handed to the test
            return error

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


def event(kind: EventKind = EventKind.CONNECTED, entity_id: str = "acme", detail: str = "") -> Event:
    return happened(entity_id, kind, "platform tests", app="square", detail=detail)


def link(nonce: bytes = NONCE, generation: int = 1) -> ConnectLink:
    return ConnectLink(entity_id="acme", nonce=nonce, key_id=1, generation=generation, created_at=AT)


def entity(*admins: str, entity_id: str = "acme") -> Entity:
    """An entity that is stored, with its admins."""
    made = Entity(id=entity_id, name="Acme Coffee LLC", link=link(), created_at=AT)
    members = [member(email, entity_id) for email in admins]
    storage().entities.create(made, members, [event(EventKind.ENTITY_CREATED, entity_id)])
    return made


def member(email: str, entity_id: str = "acme") -> Member:
    return Member(entity_id=entity_id, email=email, added_at=AT, added_by="platform tests")


def admins(entity_id: str = "acme") -> frozenset[str]:
    books = storage().entities.books(entity_id)
    assert books
    return books.admins


def attempt(state: str = "state", **changes: Any) -> Attempt:
    """An attempt that is stored, pending."""
    fields: dict[str, Any] = {
        "id": keys.digest(state),
        "entity_id": "acme",
        "app": "square",
        "browser_hash": keys.digest("browser"),
        "authority": Authority(nonce=NONCE),
        "tenant": "",
        "expires_at": AT + timedelta(minutes=10),
    }
    made = Attempt(**fields | changes)
    storage().attempts.begin(made)
    return made


def claimed(state: str = "state", **changes: Any) -> Attempt:
    """One that was claimed, in time and in its browser."""
    made = attempt(state, **changes)
    found = storage().attempts.claim(made.id, made.app, (made.browser_hash,), AT)
    assert found
    return found


def connection(account_id: str = "merchant-1", name: str = "Acme Square", at: datetime = AT) -> Connection:
    return Connection(
        id=keys.name_of("acme", "square", account_id), entity_id="acme", app="square",
        account=Account(id=account_id, name=name), status="active", connected_at=at,
        connected_by="connect link", first_connected_at=at,
    )  # fmt: skip


def sealed(ciphertext: bytes = b"ciphertext") -> SealedGrant:
    return SealedGrant(ciphertext=ciphertext, expires_at=AT)


def session(secret: str = "session", email: str = PAT) -> AdminSession:
    """A session that is stored."""
    made = AdminSession(id_hash=keys.digest(secret), email=email, created_at=AT, last_seen_at=AT)
    storage().sessions.put(made, AT + timedelta(days=7))
    return made
