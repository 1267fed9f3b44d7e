"""`make reseal`: everything under another KMS key, killed and run again, beside renewals; and what cannot be done is said."""

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from moto.backends import get_backend
from moto.core.models import DEFAULT_ACCOUNT_ID

from chalicelib import wiring
from chalicelib.domain import SealedGrant
from chalicelib.errors import NotKept
from chalicelib.handlers.invocations import Crashed
from chalicelib.outbound.envelopes import UNKNOWN, under
from deploy import __main__ as command
from deploy import resealing
from deploy.resealing import Resealing
from deploy.stack import Stack
from deploy.stage import Refused, Stage
from tests.conftest import Clock
from tests.deployed.rehearsal import PARAMETERS
from tests.ending.test_disconnecting import end
from tests.support.grants import Books, closed, keep_alive
from tests.support.happening import connected
from tests.support.revoking import drain, revoke, take
from tests.support.webhooks import URL, Receiver, internet
from tests.support.world import World, client, forget

__all__ = ["closed"]

type Meanwhile = Callable[[Callable[[], object]], None]


class Keys:
    """The stage's KMS key, and the next."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.old = client("kms").describe_key(KeyId="alias/grants")["KeyMetadata"]["KeyId"]
        self.new: str = client("kms").create_key()["KeyMetadata"]["KeyId"]
        while self.new < self.old:  # the last test sees to the other order
            self.new = client("kms").create_key()["KeyMetadata"]["KeyId"]

    def change(self) -> None:
        """The functions seal under the next key from now on."""
        client("kms").update_alias(AliasName="alias/grants", TargetKeyId=self.new)

    def reseal(self) -> int:
        names = {"vault": "vault", "core": "core"}
        return resealing.made(boto3.session.Session(), "alias/grants", names, self.said.append).run()

    def lose(self) -> None:
        """The key before opens nothing any more; and nobody has a data key at hand."""
        del get_backend("kms")[DEFAULT_ACCOUNT_ID]["us-east-1"].keys[self.old]
        forget()

    def under(self, world: World) -> set[str]:
        """By what all that is sealed in the tables opens, as it says itself; the index says the same."""
        kept = [item for item in (*world.vault.items(), *world.core.items()) if "sealed" in item]
        names = {under(bytes(item[name].value)) for item in kept for name in ("sealed", "previous") if name in item}
        assert {item["sealed_under"] for item in kept} == names
        return names


@pytest.fixture
def keys(world: World) -> Keys:
    return Keys()


@pytest.fixture
def books(world: World, clock: Clock, keys: Keys) -> Books:
    """A connected app, four more grants, and a webhook whose secret was just changed."""
    books = Books(world, clock, "squarespace_commerce")
    for number in range(4):
        connected("square", account_id=f"merchant-{number}")
    platform = world.platform()
    with internet(Receiver()):
        assert platform.put("/v1/entities/acme/webhook", {"url": URL}).status == 201
    assert platform.post("/v1/entities/acme/webhook/rotate").status == 200
    return books


def everything(world: World) -> list[str]:
    """All that is sealed, opened."""
    vault, webhook = wiring.storage().vault, wiring.storage().webhooks.get("acme")
    found = [vault.get("acme", item["connection_id"]) for item in world.vault.items()]
    grants = [wiring.sealer().open(held.sealed, held).secrets["access_token"] for held in found if held]
    assert webhook
    return [*grants, *(wiring.webhook_sealer().open(sealed, "acme") for sealed in (webhook.sealed, webhook.previous))]


def test_everything_is_readable_without_the_key_before(world: World, books: Books, keys: Keys) -> None:
    """Threat 33. Nothing was opened for it: KMS alone had the data keys. What was read is what is read."""
    before = everything(world)
    keys.change()
    began = len(world.aws.calls)
    assert keys.reseal() == 0
    assert {"Decrypt", "GenerateDataKey", "Scan"}.isdisjoint(world.aws.calls[began:])
    assert world.aws.calls[began:].count("ReEncrypt") == 5 + 2
    assert keys.under(world) == {keys.new}
    keys.lose()
    assert everything(world) == before
    assert books.read().status == 200
    books.later(hours=1)
    keep_alive(world)
    assert books.read().json["access_token"] not in before
    assert not [line for line in keys.said if any(secret in line for secret in before)]
    assert keys.said[0] == "grants: 5 under another key"
    assert keys.said[-1] == "webhooks: 1 of 1: 1 resealed, 0 skipped, 0 failed"


def test_a_second_run_finds_nothing(world: World, books: Books, keys: Keys) -> None:
    assert keys.reseal() == 0
    assert keys.said == ["grants: 0 under another key", "webhooks: 0 under another key"], "they are under this one"
    keys.change()
    keys.reseal()
    began = len(world.aws.calls)
    keys.reseal()
    assert set(world.aws.calls[began:]) == {"DescribeKey", "Query"}


def test_killed_half_way_and_run_again(world: World, books: Books, keys: Keys) -> None:
    """What is done is done; what is left is found."""
    before = everything(world)
    keys.change()
    with (
        patch.object(resealing, "BATCH", 2),
        patch.object(resealing, "_told", side_effect=["", KeyboardInterrupt]),
        pytest.raises(KeyboardInterrupt),
    ):
        keys.reseal()
    assert keys.under(world) == {keys.old, keys.new}
    assert everything(world) == before
    keys.said.clear()
    assert keys.reseal() == 0
    assert keys.said[0] == "grants: 1 under another key"
    assert keys.under(world) == {keys.new}
    assert everything(world) == before


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Something happens to every row between its reading and its writing."""

    def happens(what: Callable[[], object]) -> None:
        wrapped = Resealing._wrapped

        def late(self: Resealing, sealed: bytes, context: Any) -> bytes:
            made = wrapped(self, sealed, context)
            if context.get("app") == "squarespace_commerce":
                what()
            return made

        monkeypatch.setattr(Resealing, "_wrapped", late)

    return happens


def test_a_renewal_meanwhile_wins(world: World, books: Books, keys: Keys, meanwhile: Meanwhile) -> None:
    """Threat 29. The app has forgotten the tokens before: had ours been written, the connection would be lost."""
    books.later(hours=1)
    tokens: list[str] = []
    keys.change()
    meanwhile(lambda: tokens.append(books.read().json["access_token"]))
    assert keys.reseal() == 0
    assert any("4 resealed, 1 skipped, 0 failed" in line for line in keys.said)
    keys.lose()
    assert books.grant().secrets["access_token"] == tokens[-1]
    assert books.works(tokens[-1])
    assert keys.under(world) == {keys.new}


def test_a_lease_is_no_obstacle_to_either(world: World, books: Books, keys: Keys, clock: Clock) -> None:
    """A renewal that had begun before the row was sealed anew is written after it, and wins too."""
    vault, held, now = wiring.storage().vault, books.held(), clock.now
    leased = vault.lease(held, "an-owner", now, now + timedelta(seconds=30))
    assert leased
    keys.change()
    assert keys.reseal() == 0
    newer = wiring.sealer().seal(books.grant(), held)
    assert vault.save(leased, "an-owner", newer, now)
    assert books.held().sealed.ciphertext == newer.ciphertext
    assert keys.under(world) == {keys.new}


def test_what_goes_meanwhile_does_not_come_back(world: World, books: Books, keys: Keys, meanwhile: Meanwhile) -> None:
    """An UpdateItem on a row that has gone would make a new one."""

    def ended() -> None:
        end(world, books.id)
        revoke(world)

    gone = books.id
    keys.change()
    meanwhile(ended)
    assert keys.reseal() == 0
    assert gone not in {item["connection_id"] for item in world.vault.items()}


def test_connected_again_meanwhile_wins(world: World, books: Books, keys: Keys, meanwhile: Meanwhile) -> None:
    keys.change()
    meanwhile(books.connect)
    assert keys.reseal() == 0
    keys.lose()
    assert books.works(books.read().json["access_token"])


def test_what_cannot_be_sealed_anew_is_said_and_stays(world: World, books: Books, keys: Keys) -> None:
    """Threat 23. A format that we do not know, and a row that stands where it was not sealed for: nothing is lost."""
    strange, moved = [dict(item) for item in world.vault.items() if item["app"] == "square"][:2]
    strange["sealed"] = b"\x63" + bytes(strange["sealed"].value)[1:]
    strange["sealed_under"] = UNKNOWN
    moved["app"] = "etsy"
    for item in (strange, moved):
        world.vault.put(item)
    keys.change()
    assert keys.reseal() == 2
    assert f"grants: acme/{strange['connection_id']}: sealed in format 63" in keys.said
    assert f"grants: acme/{moved['connection_id']}: InvalidCiphertextException" in keys.said
    left = {item["connection_id"]: bytes(item["sealed"].value) for item in world.vault.items()}
    assert left[strange["connection_id"]] == strange["sealed"]
    assert left[moved["connection_id"]] == bytes(moved["sealed"].value)
    keys.said.clear()
    assert keys.reseal() == 2, "each run says so again"
    assert keys.said[0] == "grants: 2 under another key"


def test_an_unknown_format_is_loud_wherever_it_is_met(world: World, clock: Clock) -> None:
    """Threat 33. An older version of the code meets what a newer one sealed: a 500, a line, and everything stays."""
    books = Books(world, clock, "zettle")
    item = books.item()
    sealed = bytes(item["sealed"].value)
    for spoiled in (b"\x63" + sealed[1:], b"\x01" + sealed[1:], b"", b"\x02"):
        with pytest.raises(ValueError, match="sealed in format"):
            wiring.sealer().open(SealedGrant(ciphertext=spoiled), books.held())
        assert under(spoiled) == UNKNOWN
    world.vault.put({**item, "sealed": b"\x63" + sealed[1:]})
    assert books.read().status == 500
    books.later(days=8)
    assert keep_alive(world)["failed"] == 1
    assert books.item()["status"] == "active", "it is no reason to write to anybody"
    books.later(minutes=5)
    end(world, books.id)
    revoke(world, rounds=1)
    [message] = drain()
    with pytest.raises(Crashed, match="ValueError"):
        take(world, message)  # so it stays in the queue, and comes to those that wait for a person
    assert base64.b64decode(message["sealed"])[1:] == sealed[1:]


def test_kms_is_asked_for_the_key_that_the_envelope_names(world: World, clock: Clock, keys: Keys) -> None:
    """A data key that somebody wrapped under a key of their own does not open."""
    books = Books(world, clock, "square")
    forget()
    held = books.held()
    strange = held.sealed.ciphertext.replace(keys.old.encode(), keys.new.encode())
    assert strange != held.sealed.ciphertext
    with pytest.raises(NotKept):
        wiring.sealer().open(replace(held.sealed, ciphertext=strange), held)


def test_back_to_a_key_whose_name_comes_before(world: World, books: Books, keys: Keys) -> None:
    """The index is asked on both sides of the key."""
    keys.change()
    keys.reseal()
    client("kms").update_alias(AliasName="alias/grants", TargetKeyId=keys.old)
    assert keys.reseal() == 0
    assert keys.under(world) == {keys.old}


# The command

STAGE = Stage(name="second", region="us-east-1", bucket="b", secret="s", parameters=PARAMETERS)


def test_the_command_names_the_stages_tables_and_key(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[Resealing] = []

    def run(self: Resealing) -> int:
        asked.append(self)
        return len(asked) - 1

    monkeypatch.setattr(command, "read", lambda _name: STAGE)
    monkeypatch.setattr("deploy.preparing.check_account", lambda *_: None)
    monkeypatch.setattr(Stack, "outputs", lambda _self: {"SealsWith": "alias/grants"})
    monkeypatch.setattr(Resealing, "run", run)
    assert command.main(["reseal", "second"]) == 0
    assert "Run it again" in capsys.readouterr().out
    assert command.main(["reseal", "second"]) == 1, "one could not be sealed anew"
    assert "1 could not be sealed anew" in capsys.readouterr().err
    assert asked[0].names == {"vault": "client-connect-second-vault", "core": "client-connect-second-core"}
    assert asked[0].key.startswith("arn:aws:kms:")


def test_a_stack_that_is_older_than_the_command_is_named(world: World) -> None:
    with pytest.raises(Refused, match="make deploy STAGE=second"):
        resealing.of_stage(boto3.session.Session(), STAGE, {}, print)
