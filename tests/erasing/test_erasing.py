"""Erasing an entity: dead at once, given back, deleted, and proved; whatever dies on the way, and whatever lands meanwhile."""

import json
from collections.abc import Callable
from contextlib import suppress
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest

from chalicelib import wiring
from chalicelib.domain import Erasure
from chalicelib.errors import Unavailable
from chalicelib.services import removing
from chalicelib.storage.erasures import COUNTED
from chalicelib.storage.models import EntityItem
from chalicelib.storage.remains import BATCH, KINDS
from local.simulators import Misbehaviour
from local.simulators.people import approve
from tests.ending.test_disconnecting import end
from tests.erasing.full import ANGRY, GONE, Erasable, clockwork, places
from tests.handlers.described import api
from tests.support import dance
from tests.support.aws import error, time_out
from tests.support.happening import together, unhurried
from tests.support.moment import rows
from tests.support.revoking import drain, revoke, take
from tests.support.ses import says
from tests.support.world import OWNER, PAT, SAM

ACME = "/v1/entities/acme"


def to_the_end(full: Erasable, minutes: int = 30) -> Any:
    """The clock's runs, and the queue's, until it is over; the report."""
    erasure_id = full.erase().json["id"]
    for _ in range(minutes):
        clockwork(full.world)
        revoke(full.world)
        full.clock.forward(minutes=1)
        if full.report(erasure_id)["state"] == "erased":
            break
    return full.report(erasure_id)


def test_nothing_is_left_and_the_report_says_so(full: Erasable) -> None:
    """Threat 23. Everything of the one, nothing of the other; counted as the tables had it."""
    before, other = full.places(), full.places("beta")
    kinds = {kind: len([row for row in rows("core", kind) if row["pk"] == "E#acme"]) for kind in
             ("connection", "member", "invitation", "event", "outbox", "webhook")}  # fmt: skip
    assert {place.split(" ")[0] for place in before} == {"core", "vault", "ephemeral"}
    grants = len([row for row in rows("vault") if row["entity_id"] == "acme"])
    attempts = len([row for row in rows("ephemeral", "attempt") if row["entity_id"] == "acme"])
    report = to_the_end(full)
    assert (full.places(), full.places("beta")) == ({}, other)
    assert report["state"] == "erased"
    assert report["removed"] == {
        "entity": 1, "connections": kinds["connection"], "members": kinds["member"], "invitations": kinds["invitation"],
        "events": kinds["event"], "letters": kinds["outbox"], "webhooks": 1, "grants": grants,
        "accounts": kinds["connection"], "memberships": 2, "suppressions": 1, "attempts": attempts,
    }  # fmt: skip
    assert set(report["removed"]) == set(COUNTED)
    assert report["left"] == {"entity": 0, "vault": 0, "attempts": 0, "memberships": 0, "accounts": 0}
    assert set(report["steps"]) == {"closed", "grants", "rows", "apps", "checked"}
    assert {one["app"]: one["outcome"] for one in report["grants"]} == {
        "square": "revoked", "ebay": "not_offered",
    }  # fmt: skip
    assert not full.world.apps.tokens("square")[0].active


def test_at_once_it_is_not_there(small: Erasable) -> None:
    """Threat 12. In the answer's own time: no page, no credential, no console, no letter to be asked for."""
    world, link = small.world, small.world.link()
    admin, connections = world.admin(), world.connections()
    assert small.erase().status == 202
    assert world.visitor().get(link).status == 404
    assert world.visitor().get(f"{link}/square").status == 404
    for connection in connections:
        assert small.api.get(f"{ACME}/connections/{connection['id']}/credentials").status in {404, 409}
    for path in (ACME, f"{ACME}/link", f"{ACME}/connections", f"{ACME}/events", f"{ACME}/export"):
        assert small.api.get(path).status == 404
    assert small.api.post(f"{ACME}/invitations", {"app": "square", "email": OWNER, "requested_by": PAT}).status == 404
    assert admin.get("/entities/acme").status == 404
    assert "Acme" not in admin.get("/entities").text


def test_the_report_holds_ids_only(full: Erasable) -> None:
    """Threat 25. Nobody's address, no name; neither in the answers nor, once it is over, in the table."""
    text = json.dumps(to_the_end(full))
    kept = json.dumps([row for row in rows("core") if row["pk"].startswith("ERAS")], default=repr)
    for words in (text, kept):
        for word in ("@", "Acme", "Coffee", "Corner", "hooks.acme"):
            assert word not in words, word


def test_a_second_time_answers_the_same(small: Erasable) -> None:
    first = small.erase()
    assert (first.status, first.json["state"]) == (202, "erasing")
    assert small.erase().json == first.json == small.report(first.json["id"])
    report = to_the_end(small)
    again = small.erase()
    assert (again.status, again.json) == (200, report)
    assert report["id"] == first.json["id"]
    assert clockwork(small.world) == {"due": 0, "done": 0, "failed": 0}


def test_two_at_once_begin_one(small: Erasable) -> None:
    answers = together(small.erase, times=3)
    assert {answer.status for answer in answers} == {202}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert len(rows("core", "erasure")) == 1


def test_who_may(small: Erasable) -> None:
    """Threat 23. A scope of its own, which no other stands for; and an entity that the token reaches."""
    world = small.world
    for platform in (api(world, "entities:write", "entities:read", "connections:write"),):
        assert platform.request("DELETE", ACME).status == 403
    assert api(world, entities=["beta"]).request("DELETE", ACME).status == 404
    assert api(world).request("DELETE", "/v1/entities/nobody").status == 404
    erasure_id = small.erase().json["id"]
    assert api(world, entities=["beta"]).get(f"/v1/erasures/{erasure_id}").status == 404
    assert api(world, "entities:read").get(f"/v1/erasures/{erasure_id}").status == 403
    for unknown in ("0" * 32, "x", "acme"):
        assert api(world).get(f"/v1/erasures/{unknown}").status == 404


# Letters


def test_each_admin_gets_one_last_letter(full: Erasable) -> None:
    """It says who wanted it. What waited to be sent is not sent any more, and the letter's own row goes when it is over."""
    before = {email: len(full.world.letters(email)) for email in (PAT, SAM, OWNER)}
    full.ask(OWNER, "ebay")  # waits for the stream
    report = to_the_end(full)
    for email in (PAT, SAM):
        [last] = full.world.letters(email)[before[email] :]
        assert last["subject"] == "Acme Coffee LLC was erased from Client Connect"
        assert "platform" in last["text"]
        assert "undone" in last["text"]
    assert len(full.world.letters(OWNER)) == before[OWNER]
    for email in (PAT, SAM):
        says(full.world, "Delivery", email)
    full.world.sweep()
    assert [row for row in rows("core", "outbox") if row["pk"].startswith("A#")] == []
    assert report["removed"]["letters"] > 0


def test_a_letter_that_goes_later_names_the_id(small: Erasable, monkeypatch: pytest.MonkeyPatch) -> None:
    """SES was away all the time: by then nobody knows the name."""
    unhurried(monkeypatch)
    small.world.aws.fail("SendEmail", error("ServiceUnavailable", 503), times=9_999)
    assert to_the_end(small)["state"] == "erased"
    small.world.aws.heal()
    small.clock.forward(hours=2)
    small.world.sweep()
    assert "acme was erased" in small.world.letters(SAM)[-1]["subject"]


def test_suppressions(full: Erasable) -> None:
    """A bounce goes with the last entity that knew the address; a complaint stays, and so does what another needs."""
    dance.connect(full.world, full.world.visitor(), full.world.link(), "ebay")
    full.world.deliver()
    says(full.world, "Bounce", PAT)
    assert {row["pk"] for row in rows("core", "suppression")} == {f"A#{email}" for email in (GONE, ANGRY, PAT)}
    letters = len(full.world.letters(PAT))
    to_the_end(full)
    assert {row["pk"] for row in rows("core", "suppression")} == {f"A#{email}" for email in (ANGRY, PAT)}
    assert len(full.world.letters(PAT)) == letters, "an address that is not written to gets no last letter either"


# Apps


def test_an_app_that_fails_keeps_nothing_alive(small: Erasable) -> None:
    """Threat 43. The ciphertext is destroyed whatever the app says; told later, the report says so later."""
    world = small.world
    world.apps.misbehave("square", "revoke", Misbehaviour.UNAVAILABLE)
    erasure_id = small.erase().json["id"]
    clockwork(world)
    revoke(world)
    assert rows("vault") == []
    [square] = [one for one in small.report(erasure_id)["grants"] if one["app"] == "square"]
    assert square["outcome"] == "pending"
    for _ in range(15):
        small.clock.forward(minutes=1)
        clockwork(world)
    assert small.places() == {}
    assert small.report(erasure_id)["state"] == "erasing", "it is not over before the app was told"
    revoke(world)
    small.clock.forward(minutes=1)
    clockwork(world)
    report = small.report(erasure_id)
    assert report["state"] == "erased"
    assert {one["app"]: one["outcome"] for one in report["grants"]}["square"] == "revoked"


def test_an_app_that_never_answers_ends_in_a_day(small: Erasable) -> None:
    """Threat 43. Nothing is written into a history that is gone; the report says that a person has to look."""
    small.world.apps.misbehave("square", "revoke", Misbehaviour.UNAVAILABLE, times=9_999)
    erasure_id = small.erase().json["id"]
    clockwork(small.world)
    revoke(small.world)
    small.clock.forward(hours=25)
    revoke(small.world)
    clockwork(small.world)
    small.clock.forward(minutes=11)
    clockwork(small.world)
    report = small.report(erasure_id)
    assert (report["state"], small.places()) == ("erased", {})
    assert {one["app"]: one["outcome"] for one in report["grants"]}["square"] == "given_up"


def test_a_message_that_was_lost_does_not_keep_it_open(small: Erasable) -> None:
    erasure_id = small.erase().json["id"]
    clockwork(small.world)
    for message in drain():
        take(small.world, message)
    assert len(drain()) == 1, "sealed, and now lost"
    small.clock.forward(minutes=1)
    clockwork(small.world)
    revoke(small.world)
    small.clock.forward(hours=26)
    clockwork(small.world)
    clockwork(small.world)
    report = small.report(erasure_id)
    assert report["state"] == "erased"
    assert "given_up" in {one["outcome"] for one in report["grants"]}


def test_an_account_that_another_entity_has_is_not_revoked(full: Erasable) -> None:
    """The app would end the other's too."""
    dance.connect(full.world, full.world.visitor(), full.world.link("beta"), "square")
    report = to_the_end(full)
    assert {one["app"]: one["outcome"] for one in report["grants"]}["square"] == "standing"
    [beta] = [one for one in full.world.connections("beta") if one["app"] == "square"]
    assert full.api.get(f"/v1/entities/beta/connections/{beta['id']}/credentials").status == 200


def test_what_was_ended_just_before(small: Erasable) -> None:
    """Its own message comes first, and the erasure's finds nothing to do."""
    end(small.world, small.world.connections()[0]["id"])
    report = to_the_end(small, minutes=60)
    assert small.places() == {}
    assert report["steps"]["rows"]


# What dies on the way


def _kills(how_often: int) -> Callable[[Any], None]:
    """The process ends at the n-th transaction, before or after it was committed."""
    from chalicelib.storage.tables import Transaction

    commit, count = Transaction.commit, [0]

    def dying(self: Transaction) -> None:
        count[0] += 1
        if count[0] % how_often == 0:
            if count[0] % 2:
                commit(self)
            raise KeyboardInterrupt
        commit(self)

    return dying


@pytest.mark.parametrize("every", [2, 3, 5])
def test_killed_wherever_it_goes_on(full: Erasable, every: int) -> None:
    """Before and after each transaction, again and again: what is counted was removed, once, and nothing stays."""
    kinds = {kind: len([row for row in rows("core", name) if row["pk"] == "E#acme"]) for kind, name in
             (("events", "event"), ("letters", "outbox"), ("connections", "connection"), ("members", "member"))}  # fmt: skip
    letters = {email: len(full.world.letters(email)) for email in (PAT, SAM)}
    erasure_id = full.erase().json["id"]
    with patch("chalicelib.storage.remains.BATCH", 3), patch(
        "chalicelib.storage.tables.Transaction.commit", _kills(every)
    ):  # fmt: skip
        for _ in range(12 * every):
            try:
                clockwork(full.world)
            except KeyboardInterrupt:
                full.clock.forward(seconds=30)
    report = to_the_end(full)
    assert (report["id"], report["state"], full.places()) == (erasure_id, "erased", {})
    assert {kind: report["removed"][kind] for kind in kinds} == kinds
    for email in (PAT, SAM):
        assert len(full.world.letters(email)) == letters[email] + 1


def test_tables_and_queues_that_are_away(small: Erasable, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threat 34. A run fails, says so, and the next goes on; nothing is counted twice."""
    unhurried(monkeypatch)
    world = small.world
    erasure_id = small.erase().json["id"]
    faults = (
        ("TransactWriteItems", time_out, True), ("TransactWriteItems", error("InternalServerError", 500), False),
        ("Query", error("InternalServerError", 500), False), ("UpdateItem", time_out, True),
        ("SendMessage", error("ServiceUnavailable", 503), False),
    )  # fmt: skip
    for operation, answer, after in faults:
        world.aws.fail(operation, answer, times=3, after=after)
        with suppress(Unavailable):
            clockwork(world)
        world.aws.heal()
        small.clock.forward(minutes=1)
    report = to_the_end(small)
    assert (report["id"], small.places()) == (erasure_id, {})
    assert (report["removed"]["members"], report["removed"]["connections"]) == (2, 2)


def test_a_start_of_which_nobody_knows(small: Erasable, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threat 34. The platform asks again, and it is the same erasure."""
    unhurried(monkeypatch)
    small.world.aws.fail("TransactWriteItems", time_out, times=3, after=True)
    assert small.erase().status == 503
    small.world.aws.heal()
    assert small.erase().status == 202
    assert to_the_end(small)["state"] == "erased"


def test_more_than_one_run(small: Erasable) -> None:
    """A run ends when its time is over; the next goes on, and whoever waited longest comes first."""
    world = small.world
    events = len([row for row in rows("core", "event") if row["pk"] == "E#acme"])
    erasure_id = small.erase().json["id"]
    left = iter([60_000, 60_000, 1_000])
    with patch("chalicelib.storage.remains.BATCH", 2):
        ends = SimpleNamespace(get_remaining_time_in_millis=lambda: next(left))
        assert clockwork(world, ends) == {"due": 1, "done": 1, "failed": 0}
    assert len([row for row in rows("core", "event") if row["pk"] == "E#acme"]) == events, "four rows have gone"
    assert "rows" not in small.report(erasure_id)["steps"]
    over = SimpleNamespace(get_remaining_time_in_millis=lambda: 1_000)
    small.clock.forward(minutes=1)
    assert clockwork(world, over)["done"] == 0
    assert to_the_end(small)["removed"]["events"] == events


def test_one_that_breaks_holds_up_nobody(small: Erasable, caplog: pytest.LogCaptureFixture) -> None:
    """A kind of row that nobody knows stops its erasure, loudly; an alarm hears how old it gets."""
    world = small.world
    world.entity("beta", "Beta LLC")
    world.core.put({"pk": "E#acme", "sk": "8#x", "type": "parked", "why": "x", "at": "2026-11-22T12:00:00.000000+0000"})
    for entity_id in ("acme", "beta"):
        small.api.request("DELETE", f"/v1/entities/{entity_id}")
    small.clock.forward(hours=3)
    assert clockwork(world) == {"due": 2, "done": 2, "failed": 1}
    assert places("beta") == {}
    [line] = [json.loads(one.getMessage()) for one in caplog.records if '"erasing"' in one.getMessage()]
    assert line["erasure_age"] == 3 * 3600
    assert line["_aws"]["CloudWatchMetrics"]


def test_waiting_for_an_app_is_not_late(small: Erasable) -> None:
    """Only what should be over by now rings."""
    small.world.apps.misbehave("square", "revoke", Misbehaviour.UNAVAILABLE, times=9_999)
    erasure_id = small.erase().json["id"]

    def late() -> int:
        found: Erasure | None = wiring.storage().erasures.get(erasure_id)
        assert found
        return removing.lateness(found)

    small.clock.forward(hours=2)
    assert late() == 2 * 3600
    clockwork(small.world)
    revoke(small.world)
    small.clock.forward(minutes=1)
    clockwork(small.world)
    assert late() == 0
    small.clock.forward(days=2)
    assert late() > 2 * 24 * 3600


# What lands meanwhile


def test_a_connection_that_lands_meanwhile_does_not_survive(small: Erasable) -> None:
    """Threat 12. An owner at the app, by link; an admin at the app, signed in: what they bring is given back."""
    world, olive, pat = small.world, small.world.visitor(), small.world.admin()
    by_link = dance.start(olive, world.link(), "ebay")
    by_admin = dance.start_now(pat, "acme", "xero")
    small.erase()
    dance.come_back(olive, approve(by_link))
    dance.come_back(pat, approve(by_admin))
    assert "is connected" not in olive.page.text + pat.page.text
    assert {row["app"] for row in rows("vault")} == {"square", "etsy"}
    to_the_end(small)
    assert (small.places(), rows("vault")) == ({}, [])


def test_what_was_under_way_is_found_later(small: Erasable) -> None:
    """Written by somebody who had looked before: it is not over until nothing has come for ten minutes."""
    world = small.world
    event = wiring.storage().events.page("acme", "", 1)[0]
    before, erasure_id = len(rows("ephemeral", "attempt")), small.erase().json["id"]
    for _ in range(3):
        clockwork(world)
        revoke(world)
        small.clock.forward(minutes=1)
    assert small.places() == {}
    from chalicelib.storage import rows as storing

    storing.event_item(event).save()
    attempt = {"pk": "ATTEMPT#late", "type": "attempt", "entity_id": "acme", "expires_at": 9_999_999_999}
    world.ephemeral.put({**attempt, "app": "square", "browser_hash": "x", "state": "pending"})
    for _ in range(9):
        clockwork(world)
        small.clock.forward(minutes=1)
    assert small.report(erasure_id)["state"] == "erasing"
    assert small.places() == {}
    assert to_the_end(small)["removed"]["attempts"] == before + 1


def test_it_is_over_only_if_every_place_is_empty(small: Erasable) -> None:
    """The check asks by other questions than what removes: it would see what that forgets."""
    membership = next(row for row in rows("core", "membership") if row["pk"] == f"A#{PAT}")
    account = next(row for row in rows("core", "account"))
    erasure_id = small.erase().json["id"]
    for _ in range(3):
        clockwork(small.world)
        revoke(small.world)
        small.clock.forward(minutes=1)
    for row in (membership, account):
        small.world.core.put(row)
        small.clock.forward(minutes=11)
        clockwork(small.world)
        assert small.report(erasure_id)["state"] == "erasing"
        small.world.core.table.delete_item(Key={"pk": row["pk"], "sk": row["sk"]})
    small.clock.forward(minutes=11)
    clockwork(small.world)
    assert small.report(erasure_id)["state"] == "erased"


def test_the_id_comes_back_to_life_only_by_the_platform(full: Erasable) -> None:
    """Threat 12. Not while it is being erased; then as a new entity. The link before stays dead, and so does its story."""
    world, before = full.world, full.world.link()
    olive = world.visitor()
    under_way = dance.start(olive, before, "etsy")
    full.erase()
    refused = full.api.put(ACME, {"name": "Acme again", "admins": [PAT]})
    assert (refused.status, "being erased" in refused.json["detail"]) == (409, True)
    first = to_the_end(full)
    assert full.api.put(ACME, {"name": "Acme again", "admins": [PAT]}).status == 201
    assert world.visitor().get(before).status == 404
    assert world.link() != before
    dance.come_back(olive, approve(under_way))
    assert world.connections() == []
    assert sorted(world.events()) == ["admin_added", "entity_created"]
    second = to_the_end(full)
    assert second["id"] != first["id"]
    assert full.report(first["id"]) == first, "each report is kept"


# Held to the models


def test_every_row_of_an_entity_is_removed_by_kind() -> None:
    """A new kind of row cannot be forgotten: the export's list, which a test holds to the models, is this one's too."""
    from chalicelib.storage.exports import NOUNS

    assert set(KINDS) == set(NOUNS) - {EntityItem}
    assert set(KINDS.values()) < set(COUNTED)


def test_a_transaction_is_never_too_large(full: Erasable) -> None:
    """DynamoDB takes a hundred writes: a member has four (itself, its membership, a letter, a suppression)."""
    many = [f"admin-{number}@acme.example" for number in range(40)]
    assert full.api.put(ACME, {"name": "Acme", "admins": many}).status == 200
    full.erase()
    began = len(full.world.aws.calls)
    clockwork(full.world)
    calls = zip(full.world.aws.calls[began:], full.world.aws.bodies[began:], strict=True)
    sizes = [len(json.loads(body)["TransactItems"]) for call, body in calls if call == "TransactWriteItems"]
    assert 3 * BATCH <= max(sizes) <= 4 * BATCH + 1 <= 100
    assert "Scan" not in full.world.aws.calls[began:]
