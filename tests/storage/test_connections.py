"""Connections: with grant, attempt and event in one transaction, or not at all."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib import keys
from chalicelib.domain import Attempt, AttemptState, Authority, Connection
from chalicelib.errors import NotFound, Unavailable
from tests.storage.making import (
    AT,
    NONCE,
    PAT,
    SAM,
    at_once,
    claimed,
    connection,
    entity,
    event,
    link,
    sealed,
    session,
    storage,
)
from tests.support.aws import cancelled, error, time_out
from tests.support.world import World

BY_LINK = Authority(nonce=NONCE)


def establish(
    made: Connection | None = None,
    attempt: Attempt | None = None,
    authority: Authority = BY_LINK,
    grant: bytes = b"one",
) -> bool:
    return storage().connections.establish(made or connection(), sealed(grant), event(), authority, attempt)


def nothing(world: World) -> bool:
    """Whether no part of a connection is there."""
    kinds = {item["type"] for item in world.core.items()}
    alerting = [item for item in world.core.items("event") if item["kind"] in {"connected", "reconnected"}]
    return "connection" not in kinds and not alerting and world.vault.items() == []


def test_everything_is_written_at_once(world: World) -> None:
    entity(PAT)
    mine = claimed()
    assert establish(attempt=mine) is False
    assert storage().connections.of("acme") == (connection(),)
    (grant,) = world.vault.items()
    assert grant["sealed"].value == b"one"
    kept = storage().attempts.get(mine.id)
    assert kept
    assert (kept.state, kept.account, kept.reconnected) == (AttemptState.DONE, connection().account, False)
    assert world.events()[0] == "connected"


def test_the_same_account_again_is_a_reconnect(world: World) -> None:
    """Same id, new grant, the first day kept."""
    entity(PAT)
    establish()
    later = replace(connection(name="Acme Square 2", at=AT + timedelta(days=1)), connected_by=f"admin {PAT}")
    mine = claimed()
    assert establish(later, attempt=mine, grant=b"two") is True
    (found,) = storage().connections.of("acme")
    assert found == replace(later, first_connected_at=AT)
    assert [item["sealed"].value for item in world.vault.items()] == [b"two"]
    assert world.events()[:2] == ["reconnected", "connected"]
    kept = storage().attempts.get(mine.id)
    assert kept
    assert kept.reconnected


def test_another_account_is_another_connection(world: World) -> None:
    entity(PAT)
    establish()
    assert establish(connection("merchant-2")) is False
    assert {found.account.id for found in storage().connections.of("acme")} == {"merchant-1", "merchant-2"}


def test_the_link_must_be_the_current_one_when_it_is_written(world: World) -> None:
    """Threat 12. Start, regenerate, then the callback: nothing."""
    entity(PAT)
    mine = claimed()
    storage().entities.replace_link(link(), link(b"\x02" * 16, 2), event())
    before = len(world.core.items())
    with pytest.raises(NotFound):
        establish(attempt=mine)
    assert len(world.core.items()) == before
    assert world.vault.items() == []


def test_also_when_the_account_was_there_before(world: World) -> None:
    """Threat 12."""
    entity(PAT)
    establish()
    storage().entities.replace_link(link(), link(b"\x02" * 16, 2), event())
    with pytest.raises(NotFound):
        establish(grant=b"two")
    assert [item["sealed"].value for item in world.vault.items()] == [b"one"]


@pytest.mark.parametrize("gone", ["member", "session"])
def test_an_admin_must_still_be_one_and_signed_in(world: World, gone: str) -> None:
    """Threats 21, 23."""
    entity(PAT, SAM)
    signed_in = session()
    by_admin = Authority(admin=PAT, session_hash=signed_in.id_hash)
    if gone == "member":
        storage().members.remove("acme", [PAT], [event()])
    else:
        storage().sessions.end(signed_in.id_hash)
    with pytest.raises(NotFound):
        establish(authority=by_admin)
    assert world.vault.items() == []


def test_an_admin_connects(world: World) -> None:
    entity(PAT)
    assert establish(authority=Authority(admin=PAT, session_hash=session().id_hash)) is False


def test_an_attempt_makes_one_connection(world: World) -> None:
    """Threat 6. Only whoever claimed it, and only once."""
    entity(PAT)
    mine = claimed()
    with pytest.raises(NotFound):
        establish(attempt=replace(mine, claim=keys.random_secret()))
    assert nothing(world)
    establish(attempt=mine)
    with pytest.raises(NotFound):
        establish(connection("merchant-2"), attempt=mine)
    assert len(storage().connections.of("acme")) == 1


def test_two_browsers_at_once(world: World) -> None:
    """Two attempts, one account: one is new, the other a reconnect."""
    entity(PAT)
    attempts = [claimed(f"state-{number}") for number in range(4)]
    results = at_once(4, lambda number: establish(attempt=attempts[number]))
    assert sorted(results) == [False, True, True, True]
    assert len(world.vault.items()) == 1
    assert sorted(world.events()[:4]) == ["connected", "reconnected", "reconnected", "reconnected"]


def test_an_answer_that_was_lost_is_no_refusal(world: World) -> None:
    """Threat 34. The repeat carries the same token, by which DynamoDB knows it and answers as it did (moto does not)."""
    entity(PAT)
    before = len(world.aws.calls)
    world.aws.fail("TransactWriteItems", time_out)
    establish()
    sent = [json.loads(body) for body in world.aws.bodies[before:]]
    assert world.aws.calls[before:] == ["TransactWriteItems"] * 2
    assert sent[0]["ClientRequestToken"] == sent[1]["ClientRequestToken"]
    establish()
    assert json.loads(world.aws.bodies[-1])["ClientRequestToken"] != sent[0]["ClientRequestToken"]


def test_an_outage_is_no_refusal(world: World) -> None:
    """Threat 34. The caller revokes a grant that is surely not kept, and only that."""
    entity(PAT)
    world.aws.fail("TransactWriteItems", error("InternalServerError", 500), times=99)
    with pytest.raises(Unavailable):
        establish()


def test_a_conflict_passes(world: World) -> None:
    """Threat 34."""
    entity(PAT)
    world.aws.fail("TransactWriteItems", cancelled("TransactionConflict", "None", "None", "None"), times=2)
    assert establish() is False
    assert len(storage().connections.of("acme")) == 1
