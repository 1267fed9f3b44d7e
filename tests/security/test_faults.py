"""AWS failing under a callback, and things that are too large: rows 33 to 35 of docs/security.md."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from chalicelib import wiring
from chalicelib.domain import Connection, SealedGrant
from chalicelib.outbound.sealing import Sealer
from chalicelib.storage import rows
from chalicelib.storage.models import ConnectionItem
from local.simulators import Misbehaviour
from local.simulators.people import approve
from tests.support.aws import Answer, cancelled, error, time_out
from tests.support.dance import come_back, connect, start
from tests.support.happening import unhurried
from tests.support.visitor import Visitor
from tests.support.world import World

THROTTLED = error("ThrottlingException")
DENIED = error("AccessDeniedException")
BROKEN = error("InternalServerError", 500)

type Failing = Callable[[str], Answer]


@pytest.fixture
def acme(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    unhurried(monkeypatch)
    world.entity()
    return world


def approved(world: World, app: str = "square") -> tuple[Visitor, str]:
    """An owner who has just approved; the address that the app sends them back to."""
    owner = world.visitor()
    return owner, approve(start(owner, world.link(), app))


def attempt(world: World) -> dict[str, Any]:
    (found,) = world.ephemeral.items("attempt")
    return found


def nothing_is_kept(world: World) -> None:
    assert world.connections() == []
    assert world.vault.items() == []
    assert world.deliver() == []
    assert not [token for token in world.apps.tokens("square") if token.active]


# 33


def test_two_throttles_of_kms_are_overcome(acme: World) -> None:
    """Threat 33."""
    owner, back = approved(acme)
    acme.aws.fail("GenerateDataKey", THROTTLED, times=2)
    come_back(owner, back)
    assert len(acme.connections()) == 1
    assert acme.aws.calls.count("GenerateDataKey") == 3
    assert acme.apps.count("square", "token") == 1


@pytest.mark.parametrize(
    "answer", [THROTTLED, DENIED, time_out, error("DisabledException"), error("KMSInternalException", 500)]
)
def test_without_kms_nothing_is_kept(acme: World, answer: Failing) -> None:
    """Threat 33. Fails closed: no item, no plaintext, the grant given back, a calm page, and a new try works."""
    owner, back = approved(acme)
    acme.aws.fail("GenerateDataKey", answer, times=99)
    page = come_back(owner, back)
    assert page.status == 200
    assert "We cannot do that just now" in page.text
    assert acme.aws.calls.count("GenerateDataKey") <= 3
    assert attempt(acme)["state"] == "failed"
    assert acme.events()[0] == "connection_failed"
    nothing_is_kept(acme)
    acme.aws.heal()
    connect(acme, acme.visitor(), acme.link(), "square")
    assert len(acme.connections()) == 1


def test_without_kms_a_key_form_keeps_nothing(acme: World) -> None:
    """Threat 33, 42. The same for keys that an admin pastes."""
    admin = acme.admin()
    admin.get("/entities/acme/apps/chargebee")
    acme.aws.fail("GenerateDataKey", DENIED, times=9)
    admin.submit("/connect", site="acme", api_key="test_SimulatedChargebeeKey")
    assert "We cannot do that just now" in admin.page.text
    assert "test_SimulatedChargebeeKey" not in admin.page.body
    assert acme.vault.items() == []
    assert acme.connections() == []


def test_what_is_kept_is_never_plain(acme: World) -> None:
    """Threat 33. And it opens only for its own connection."""
    connect(acme, acme.visitor(), acme.link(), "square")
    (token,) = acme.apps.tokens("square")
    (kept,) = acme.vault.items()
    everything = str(acme.vault.items()) + str(acme.core.items()) + str(acme.ephemeral.items())
    assert token.access_token not in everything
    assert token.refresh_token not in everything
    assert opened(kept)["access_token"] == token.access_token


def opened(kept: dict[str, Any]) -> dict[str, str]:
    item = ConnectionItem.get(rows.entity_key(kept["entity_id"]), f"2#{kept['app']}#{kept['connection_id']}")
    connection: Connection = rows.connection(item)
    sealed = SealedGrant(ciphertext=bytes(kept["sealed"].value))
    return dict(Sealer(wiring.settings().kms_key_id).open(sealed, connection).secrets)


# 34


@pytest.mark.parametrize(
    "answer",
    [
        cancelled("None", "TransactionConflict"),
        cancelled("ThrottlingError", "None", "None"),
        cancelled("ProvisionedThroughputExceeded"),
        error("ProvisionedThroughputExceededException"),
        THROTTLED,
        BROKEN,
    ],
    ids=["conflict", "throttling", "throughput", "throughput exception", "throttling exception", "500"],
)
@pytest.mark.parametrize("times", [1, 2])
def test_what_passes_is_tried_again(acme: World, answer: Failing, times: int) -> None:
    """Threat 34. The transaction, never the code."""
    owner, back = approved(acme)
    acme.aws.fail("TransactWriteItems", answer, times=times)
    page = come_back(owner, back)
    assert (page.status, "Acme" in page.text) == (200, True)
    assert len(acme.connections()) == 1
    assert acme.events().count("connected") == 1
    assert acme.apps.count("square", "token") == 1
    assert len(acme.deliver()) == 2


def test_a_conflict_of_single_writes_is_tried_again(acme: World) -> None:
    """Threat 34. An item that somebody's transaction holds just now."""
    acme.aws.fail("UpdateItem", error("TransactionConflictException"), times=2)
    assert connect(acme, acme.visitor(), acme.link(), "square").status == 200
    assert len(acme.connections()) == 1


def test_a_condition_that_does_not_hold_is_final(acme: World) -> None:
    """Threat 34, 12. Read from the reasons: the link's check said no, so nothing is tried again."""
    owner, back = approved(acme)
    before = acme.aws.calls.count("TransactWriteItems")
    acme.aws.fail("TransactWriteItems", cancelled("ConditionalCheckFailed", "None", "None", "None", "None"))
    page = come_back(owner, back)
    assert "The link was replaced" in page.text
    assert acme.aws.calls.count("TransactWriteItems") == before + 2
    nothing_is_kept(acme)


def test_a_condition_beside_a_conflict_is_final(acme: World) -> None:
    """Threat 34. One reason may pass, the other never will."""
    owner, back = approved(acme)
    before = acme.aws.calls.count("TransactWriteItems")
    acme.aws.fail(
        "TransactWriteItems", cancelled("ConditionalCheckFailed", "TransactionConflict", "None", "None", "None")
    )
    come_back(owner, back)
    assert acme.aws.calls.count("TransactWriteItems") == before + 2
    nothing_is_kept(acme)


def test_a_conflict_that_does_not_pass_is_an_outage(acme: World) -> None:
    """Threat 34. A few tries, then a calm page; never a 500."""
    owner, back = approved(acme)
    acme.aws.fail("TransactWriteItems", cancelled("TransactionConflict"), times=4)
    page = come_back(owner, back)
    assert "We cannot do that just now" in page.text
    assert attempt(acme)["state"] == "failed"
    assert acme.connections() == []


def test_somebody_elses_change_is_a_409(acme: World) -> None:
    """Threat 34. Whoever changes the same entity all the time gets to hear it as what it is."""
    acme.aws.fail("TransactWriteItems", cancelled("ConditionalCheckFailed", "ConditionalCheckFailed"), times=99)
    answer = acme.platform().put("/v1/entities/acme", {"name": "Acme Tea LLC"})
    assert answer.status == 409
    assert answer.json["type"].endswith(":conflict")


@pytest.mark.parametrize("operation", ["GetItem", "Query", "TransactWriteItems"])
@pytest.mark.parametrize("answer", [THROTTLED, BROKEN, time_out], ids=["throttled", "500", "time-out"])
def test_an_outage_is_a_503_that_says_so(acme: World, operation: str, answer: Failing) -> None:
    """Threat 34. In the API."""
    acme.aws.fail(operation, answer, times=99)
    answered = acme.platform().put("/v1/entities/acme", {"name": "Acme Tea LLC"})
    assert answered.status in {200, 503}
    if answered.status == 200:
        assert operation not in acme.aws.calls[-4:]
    else:
        assert answered.json["type"].endswith(":unavailable")


@pytest.mark.parametrize(
    "answer", [THROTTLED, BROKEN, time_out, DENIED], ids=["throttled", "500", "time-out", "denied"]
)
@pytest.mark.parametrize("operation", ["Query", "PutItem", "GetItem"])
def test_an_outage_is_a_calm_page(acme: World, operation: str, answer: Failing) -> None:
    """Threat 34. For an owner: landing, consent and start."""
    link = acme.link()
    owner = acme.visitor()
    owner.get(f"{link}/square")
    acme.aws.fail(operation, answer, times=99)
    for page in (owner.get(link), owner.post(f"{link}/square")):
        if page.status != 200:
            assert page.status == 503
            assert "We cannot do that just now" in page.text
    assert operation in acme.aws.calls


def test_a_commit_whose_answer_was_lost_is_still_a_connection(acme: World) -> None:
    """Threat 34. Nobody knows, so nothing is given back; and what was written is what the owner sees."""
    owner, back = approved(acme)
    acme.aws.fail("TransactWriteItems", time_out, times=3, after=True)
    page = come_back(owner, back)
    assert (page.status, "Acme" in page.text) == (200, True)
    assert len(acme.connections()) == 1
    assert attempt(acme)["state"] == "done"
    assert [token.active for token in acme.apps.tokens("square")] == [True]
    assert acme.events().count("connected") == 1
    assert acme.events().count("connection_failed") == 0


def test_repeats_of_a_transaction_carry_one_token(acme: World) -> None:
    """Threat 34. So AWS, unlike moto, does the work of a lost answer's repeat only once."""
    owner, back = approved(acme)
    before = len(acme.aws.calls)
    acme.aws.fail("TransactWriteItems", time_out, times=2)
    come_back(owner, back)
    calls = zip(acme.aws.calls[before:], acme.aws.bodies[before:], strict=True)
    tokens = [json.loads(body)["ClientRequestToken"] for name, body in calls if name == "TransactWriteItems"]
    assert len(tokens) == 3
    assert len(set(tokens)) == 1


def test_a_claim_whose_answer_was_lost_is_still_ours(acme: World) -> None:
    """Threat 34, 6. Our own repeat of the claim finds it taken, by us."""
    owner, back = approved(acme)
    acme.aws.fail("UpdateItem", time_out, after=True, when=lambda body: "ATTEMPT#" in body)
    page = come_back(owner, back)
    assert (page.status, "Acme" in page.text) == (200, True)
    assert acme.apps.count("square", "token") == 1


# 35


def test_a_token_of_five_kilobytes_is_kept(acme: World) -> None:
    """Threat 35. KMS encrypts at most 4,096 bytes: it seals a data key, never the grant."""
    acme.apps.misbehave("square", "token", Misbehaviour.BIG_TOKEN)
    connect(acme, acme.visitor(), acme.link(), "square")
    (kept,) = acme.vault.items()
    (token,) = acme.apps.tokens("square")
    assert len(token.access_token) >= 4_900
    assert opened(kept)["access_token"] == token.access_token
    assert "Encrypt" not in acme.aws.calls


def test_streams_carry_ids_never_tokens(acme: World) -> None:
    """Threat 35, 25. Nor ciphertext."""
    acme.apps.misbehave("square", "token", Misbehaviour.BIG_TOKEN)
    connect(acme, acme.visitor(), acme.link(), "square")
    acme.deliver()
    (token,) = acme.apps.tokens("square")
    streamed = json.dumps(acme.records)
    assert acme.records
    assert token.access_token[:40] not in streamed
    assert "sealed" not in streamed
    assert max(len(json.dumps(record)) for record in acme.records) < 4_096


@pytest.mark.parametrize("endpoint", ["token", "identity"])
def test_an_answer_of_thirty_megabytes_is_refused(acme: World, endpoint: str) -> None:
    """Threat 35. Read up to 64 KB, then no further."""
    owner, back = approved(acme)
    acme.apps.misbehave("square", endpoint, Misbehaviour.TOO_BIG)
    page = come_back(owner, back)
    assert "Square does not answer" in page.text
    assert acme.connections() == []
    assert acme.vault.items() == []


def test_a_body_over_64_kilobytes_is_refused(acme: World) -> None:
    """Threat 35. On our own side, too."""
    answer = acme.platform().put("/v1/entities/acme", {"name": "x" * 70_000})
    assert answer.status == 413
    assert acme.visitor().post("/sign-in", {"email": "x" * 70_000}).status == 413


def test_moto_would_have_shown_a_ciphertext_of_another_entity(acme: World) -> None:
    """Threat 23, 33. A grant copied to another entity's row does not open."""
    connect(acme, acme.visitor(), acme.link(), "square")
    (kept,) = acme.vault.items()
    acme.entity("other", "Other LLC")
    boto3.resource("dynamodb").Table("vault").put_item(Item={**kept, "entity_id": "other"})
    item = ConnectionItem.get("E#acme", f"2#square#{kept['connection_id']}")
    stolen = rows.connection(item)
    import dataclasses

    from chalicelib.errors import NotKept

    with pytest.raises(NotKept):
        Sealer(wiring.settings().kms_key_id).open(
            SealedGrant(ciphertext=bytes(kept["sealed"].value)), dataclasses.replace(stolen, entity_id="other")
        )
