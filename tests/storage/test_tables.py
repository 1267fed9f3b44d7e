"""How storage talks to DynamoDB: what is tried again, what never is, and which operation said no."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest

from chalicelib.errors import LastAdmin, Unavailable
from chalicelib.storage import tables
from chalicelib.storage.models import AttemptItem, CounterItem, EntityItem, MemberItem, SessionItem, VaultItem
from chalicelib.storage.tables import ConditionFailed, Transaction
from tests.storage.making import AT, PAT, at_once, entity, event, member, storage
from tests.support.aws import Answer, cancelled, error, time_out
from tests.support.world import World

EXISTS = MemberItem.pk.exists()
ABSENT = MemberItem.pk.does_not_exist()
THROTTLES = [
    error("ProvisionedThroughputExceededException"),
    error("ThrottlingException"),
    error("RequestLimitExceeded"),
    error("InternalServerError", 500),
    time_out,
]


@pytest.fixture(autouse=True)
def unpaused() -> object:
    """The pauses between tries are counted, not waited for."""
    with patch("chalicelib.storage.tables.time.sleep"), patch("botocore.endpoint.time.sleep"):
        yield


def sent(world: World, work: Callable[[], object], expected: type[Exception] | None = None) -> list[str]:
    """The calls that ``work`` makes."""
    before = len(world.aws.calls)
    if expected:
        with pytest.raises(expected):
            work()
    else:
        work()
    return world.aws.calls[before:]


def row(email: str) -> MemberItem:
    return MemberItem("E#acme", f"3#{email}", added_at=AT, added_by="tests")


def every_kind(
    check: object = EXISTS, delete: object = EXISTS, put: object = ABSENT, update: object = EXISTS
) -> Transaction:
    """One operation of each kind, in an order that PynamoDB will change."""
    write = Transaction()
    write.update("update", row("updated@x.example"), [MemberItem.added_by.set("again")], update)  # type: ignore[arg-type]
    write.put("put", row("put@x.example"), put)  # type: ignore[arg-type]
    write.check("check", MemberItem, ("E#acme", "3#checked@x.example"), check)  # type: ignore[arg-type]
    write.delete("delete", row("deleted@x.example"), delete)  # type: ignore[arg-type]
    return write


@pytest.fixture
def rows(world: World) -> World:
    for name in ("updated", "checked", "deleted"):
        row(f"{name}@x.example").save()
    return world


def test_a_transaction_does_it_all(rows: World) -> None:
    every_kind().commit()
    assert {item["sk"]: item["added_by"] for item in rows.core.items()} == {
        "3#updated@x.example": "again",
        "3#put@x.example": "tests",
        "3#checked@x.example": "tests",
    }


@pytest.mark.parametrize("kind", ["check", "delete", "put", "update"])
def test_a_refusal_names_the_operation(rows: World, kind: str) -> None:
    wrong = EXISTS if kind == "put" else ABSENT
    before = rows.core.items()
    with pytest.raises(ConditionFailed) as refusal:
        every_kind(**{kind: wrong}).commit()
    assert refusal.value.labels == {kind}
    assert rows.core.items() == before


def test_a_refusal_names_all_of_them(rows: World) -> None:
    with pytest.raises(ConditionFailed) as refusal:
        every_kind(check=ABSENT, put=EXISTS).commit()
    assert refusal.value.labels == {"check", "put"}


def test_a_key_of_one_part_can_be_checked(world: World) -> None:
    write = Transaction()
    write.check("session", SessionItem, ("SESSION#none",), SessionItem.pk.exists())
    write.put("put", row("put@x.example"))
    with pytest.raises(ConditionFailed) as refusal:
        write.commit()
    assert refusal.value.labels == {"session"}


def test_a_failed_condition_is_never_tried_again(rows: World) -> None:
    """Threat 34. It is an answer, not an outage."""
    assert sent(rows, every_kind(check=ABSENT).commit, ConditionFailed) == ["TransactWriteItems"]
    item = row("updated@x.example")
    work = lambda: tables.update(item, [MemberItem.added_by.set("x")], ABSENT)  # noqa: E731
    assert sent(rows, work, ConditionFailed) == ["UpdateItem"]


@pytest.mark.parametrize("code", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_conflict_is_tried_again(rows: World, code: str) -> None:
    """Threat 34."""
    rows.aws.fail("TransactWriteItems", cancelled("None", code, "None", "None"), times=2)
    assert sent(rows, every_kind().commit) == ["TransactWriteItems"] * 3


def test_not_for_ever(rows: World) -> None:
    """Threat 34."""
    rows.aws.fail("TransactWriteItems", cancelled("TransactionConflict"), times=99)
    assert sent(rows, every_kind().commit, Unavailable) == ["TransactWriteItems"] * tables.CONFLICT_TRIES


@pytest.mark.parametrize("code", ["ValidationError", "ItemCollectionSizeLimitExceeded", "None"])
def test_what_will_not_pass_is_not_tried_again(rows: World, code: str) -> None:
    """Threat 34."""
    rows.aws.fail("TransactWriteItems", cancelled(code), times=99)
    assert sent(rows, every_kind().commit, Unavailable) == ["TransactWriteItems"]


def test_a_refusal_beside_a_conflict_is_a_refusal(rows: World) -> None:
    """Threat 34."""
    rows.aws.fail("TransactWriteItems", cancelled("ConditionalCheckFailed", "None", "TransactionConflict", "None"))
    with pytest.raises(ConditionFailed) as refusal:
        every_kind().commit()
    assert refusal.value.labels == {"check"}


def test_one_write_waits_for_a_transaction(rows: World) -> None:
    """Threat 34."""
    item = row("updated@x.example")
    work = lambda: tables.update(item, [MemberItem.added_by.set("x")], EXISTS)  # noqa: E731
    rows.aws.fail("UpdateItem", error("TransactionConflictException"), times=2)
    assert sent(rows, work) == ["UpdateItem"] * 3
    rows.aws.fail("UpdateItem", error("TransactionConflictException"), times=99)
    assert sent(rows, work, Unavailable) == ["UpdateItem"] * tables.CONFLICT_TRIES


@pytest.mark.parametrize("throttle", THROTTLES)
def test_a_throttle_passes(rows: World, throttle: Callable[[str], Answer]) -> None:
    """Threat 34. Read and write alike, in three tries."""
    for operation, work in (
        ("GetItem", lambda: storage().entities.get("acme")),
        ("Query", lambda: storage().entities.books("acme")),
        ("TransactWriteItems", lambda: storage().members.remove("acme", ["updated@x.example"], [event()])),
    ):
        rows.aws.heal()
        rows.aws.fail(operation, throttle, times=2)
        before = len(rows.aws.calls)
        with suppress(LastAdmin):
            work()
        assert rows.aws.calls[before:] == [operation] * 3


@pytest.mark.parametrize("operation", ["GetItem", "Query"])
def test_an_outage_is_said_to_be_one(world: World, operation: str) -> None:
    """Threat 34. Never "no such thing", which would read as a decision."""
    world.aws.fail(operation, error("InternalServerError", 500), times=99)
    with pytest.raises(Unavailable):
        storage().entities.get("acme") if operation == "GetItem" else storage().entities.books("acme")


def test_at_the_edge_an_outage_is_a_503(world: World) -> None:
    """Threat 34."""
    world.entity()
    link = world.link()
    world.aws.fail("Query", error("ProvisionedThroughputExceededException"), times=99)
    assert world.visitor().get(link).status == 503
    assert world.platform().get("/v1/entities/acme/connections").status == 503


def test_all_tables_share_one_client(world: World) -> None:
    """A client costs 30 ms and a connection."""
    clients = {id(model._get_connection().connection.client) for model in (EntityItem, VaultItem, AttemptItem)}
    assert len(clients) == 1


# Counters


def test_at_the_limit_the_limit_holds(world: World) -> None:
    """Threat 19. Twenty at once, seven allowed: seven."""
    now = datetime(2026, 11, 22, tzinfo=UTC)
    taken = at_once(20, lambda _: storage().counters.take("ask", 7, timedelta(hours=1), now))
    assert sorted(taken) == [False] * 13 + [True] * 7
    (item,) = world.ephemeral.items("counter")
    assert item["taken"] == 7


def test_windows_end(world: World) -> None:
    """Threat 19."""
    take, hour = storage().counters.take, timedelta(hours=1)
    assert take("ask", 1, hour, AT)
    assert not take("ask", 1, hour, AT + timedelta(minutes=59))
    assert take("ask", 1, hour, AT + hour)
    assert take("other", 1, hour, AT)


def test_a_counter_passes_by_itself(world: World) -> None:
    storage().counters.take("ask", 1, timedelta(hours=1), AT)
    (item,) = world.ephemeral.items("counter")
    assert int(item["expires_at"]) == int(AT.timestamp()) + 7200
    assert isinstance(CounterItem.get(item["pk"]), CounterItem)


# Idempotency


def test_of_many_with_one_key_one_serves(world: World) -> None:
    day = timedelta(days=1)
    results = at_once(8, lambda number: storage().answers.claim("name", "hash", f"claim-{number}", AT, day))
    assert sorted(results) == [False] * 7 + [True]
    assert storage().answers.get("name") == ("hash", None)
    storage().answers.answer("name", b"sealed", AT + timedelta(days=1))
    assert storage().answers.get("name") == ("hash", b"sealed")


def test_a_key_passes_after_a_day_though_its_row_lingers(world: World) -> None:
    """Threat 7. DynamoDB deletes late."""
    claim, day = storage().answers.claim, timedelta(days=1)
    assert claim("name", "hash", "one", AT, day)
    assert not claim("name", "hash", "two", AT + timedelta(hours=23), day)
    assert claim("name", "another", "three", AT + day, day)
    assert storage().answers.get("name") == ("another", None)


def test_a_released_key_is_free(world: World) -> None:
    claim, day = storage().answers.claim, timedelta(days=1)
    assert claim("name", "hash", "one", AT, day)
    storage().answers.release("name")
    assert storage().answers.get("name") is None
    assert claim("name", "hash", "two", AT, day)


def test_a_claim_whose_answer_was_lost_is_won(world: World) -> None:
    """Threat 34."""
    world.aws.fail("PutItem", time_out, after=True)
    assert storage().answers.claim("name", "hash", "one", AT, timedelta(days=1))


# Size


def test_items_are_small(world: World) -> None:
    """Threat 35. The largest of each kind is far from 400 KB; an entity asked for every app, too."""
    books = {"name": "n" * 120, "admins": [f"{'a' * 60}{n}@{'d' * 60}.example" for n in range(40)]}
    assert world.platform().put(f"/v1/entities/{'e' * 64}", books).status == 201
    assert (
        world.platform()
        .post(
            f"/v1/entities/{'e' * 64}/invitations",
            {
                "app": "squarespace_commerce",
                "email": "o@x.example",
                "requested_by": books["admins"][0],
                "note": "é" * 500,
            },
        )
        .status
        == 201
    )
    for item in world.core.items():
        assert len(repr(item)) < 4000, item["type"]


def test_models_say_how_long_they_try() -> None:
    """Threat 37. Three tries of seven seconds fit into API Gateway's 29."""
    for model in (EntityItem, VaultItem, AttemptItem):
        meta: Any = model.Meta
        tries = 1 + meta.max_retry_attempts
        seconds = tries * (meta.connect_timeout_seconds + meta.read_timeout_seconds)
        assert seconds < 29


def test_the_tables_are_empty_of_everybody(world: World) -> None:
    entity(PAT)
    member(PAT)
    assert {item["pk"] for item in world.core.items()} == {"E#acme", f"A#{PAT}"}
