"""What SES says of our letters, and who may say it: rows 40 and 41 of docs/security.md."""

import itertools
import json
import logging
from typing import Any

import pytest

from chalicelib.errors import Unavailable
from tests.conftest import Clock
from tests.support import ses
from tests.support.aws import error, time_out
from tests.support.happening import connected, together, unhurried
from tests.support.visitor import Answer
from tests.support.world import OWNER, PAT, SAM, TOPIC, World, settings_with

UNAVAILABLE = error("InternalServerError", 500)
KIM = "kim@acme.example"
ASK = {"app": "square", "email": OWNER, "requested_by": PAT}


@pytest.fixture
def acme(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    unhurried(monkeypatch)
    world.entity()
    return world


@pytest.fixture
def asked(acme: World) -> World:
    """Pat asked Olive, and SES took the letter."""
    ask(acme)
    acme.deliver()
    return acme


def ask(world: World, email: str = OWNER, entity_id: str = "acme", by: str = PAT) -> Answer:
    body = ASK | {"email": email, "requested_by": by}
    return world.platform().post(f"/v1/entities/{entity_id}/invitations", body)


def status(world: World) -> str:
    return str(world.platform().get("/v1/entities/acme/invitations").json["items"][0]["status"])


def row(world: World, to: str, kind: str = "invitation") -> dict[str, Any]:
    (found,) = [item for item in world.core.items("outbox") if (item["to"], item["kind"]) == (to, kind)]
    return found


def suppressed(world: World) -> dict[str, str]:
    """Addresses that are not written to, and why."""
    rows = world.core.items("suppression")
    return {found["pk"].removeprefix("A#"): found["why"] for found in rows if "lifted_at" not in found}


def everything(world: World) -> list[str]:
    return sorted(json.dumps(item, default=repr, sort_keys=True) for item in world.core.items())


def alerted(world: World) -> list[str]:
    """Who hears of a connection that is made now."""
    before = len(world.letters())
    connected()
    return sorted(letter["to"][0] for letter in world.deliver()[before:])


# What is recorded


@pytest.mark.parametrize(
    ("kind", "part", "state", "delivery"),
    [
        ("Send", {}, "sent", "sent"),
        ("DeliveryDelay", {}, "delayed", "delayed"),
        ("Delivery", {}, "delivered", "delivered"),
        ("Bounce", {"bounceType": "Transient", "bounceSubType": "MailboxFull"}, "soft_bounced", "soft_bounced"),
        ("Bounce", {"bounceType": "Undetermined", "bounceSubType": "Undetermined"}, "soft_bounced", "soft_bounced"),
        ("Bounce", {}, "bounced", "bounced"),
        ("Bounce", {"bounceSubType": "OnAccountSuppressionList"}, "bounced", "bounced"),
        ("Complaint", {}, "complained", "complained"),
        ("Reject", {}, "bounced", "rejected"),
        ("Rendering Failure", {}, "bounced", "rejected"),
    ],
)
def test_an_invitation_says_what_became_of_its_letter(
    asked: World, kind: str, part: dict[str, str], state: str, delivery: str
) -> None:
    """Threat 40. Only what is permanent suppresses the address and makes a letter."""
    ses.says(asked, kind, OWNER, **part)
    assert (status(asked), row(asked, OWNER)["delivery"]) == (state, delivery)
    permanent = delivery in {"bounced", "complained"}
    assert suppressed(asked) == ({OWNER: delivery} if permanent else {})
    letters = [letter for letter in asked.deliver() if letter["to"] == [PAT]]
    assert len(letters) == (state in {"bounced", "complained"})


def test_an_alert_says_it_in_the_outbox(acme: World) -> None:
    """Threat 40. The address is suppressed, and nobody gets a letter about that."""
    connected()
    acme.deliver()
    ses.says(acme, "Delivery", PAT)
    ses.says(acme, "Bounce", SAM)
    assert (row(acme, PAT, "alert")["delivery"], row(acme, SAM, "alert")["delivery"]) == ("delivered", "bounced")
    assert suppressed(acme) == {SAM: "bounced"}
    assert len(acme.deliver()) == 2


def test_whatever_the_order_the_furthest_stands(world: World) -> None:
    """Threat 40. SES publishes late and out of order."""
    told = ("DeliveryDelay", "Delivery", "Bounce")
    for number, order in enumerate(itertools.permutations(told)):
        world.entity(f"acme-{number}")
        owner = f"olive{number}@coffee.example"
        ask(world, owner, f"acme-{number}")
        world.deliver()
        for kind in order:
            ses.says(world, kind, owner)
        (invitation,) = world.platform().get(f"/v1/entities/acme-{number}/invitations").json["items"]
        kept = row(world, owner)["delivery"]
        assert (order, invitation["status"], kept) == (order, "bounced", "bounced")


def test_out_of_office_does_not_undo_a_delivery(asked: World) -> None:
    """Threat 40. SES calls an automatic reply a transient bounce."""
    ses.says(asked, "Delivery", OWNER)
    ses.says(asked, "Bounce", OWNER, bounceType="Transient")
    assert status(asked) == "delivered"


def test_whoever_started_is_past_all_that(asked: World) -> None:
    """Threat 40. The letter's own news come after its reader."""
    url = next(letter for letter in asked.letters(OWNER))["text"].split("here:\n")[1].split()[0]
    owner = asked.visitor()
    owner.get(url)
    owner.submit("/square")
    for kind in ("Delivery", "Bounce", "Complaint"):
        ses.says(asked, kind, OWNER)
        assert status(asked) == "started"
    assert len(asked.deliver()) == 1
    connected()
    assert status(asked) == "connected"


def test_a_letter_before_we_wrote_down_that_it_was_sent(acme: World) -> None:
    """Threat 39. The event is faster than our own answer: what SES said stands."""
    ask(acme)
    acme.aws.fail("SendEmail", time_out, after=True)
    acme.deliver()
    ses.says(acme, "Delivery", OWNER)
    assert (row(acme, OWNER)["state"], status(acme)) == ("sent", "delivered")


# The copy


def test_the_copys_bounce_is_not_the_letters(asked: World) -> None:
    """Threat 40. Pat was copied, and Olive's letter is on its way."""
    ses.says(asked, "Bounce", OWNER, PAT)
    assert status(asked) == "sent"
    ses.says(asked, "Delivery", OWNER, OWNER)
    assert status(asked) == "delivered"


@pytest.mark.parametrize("dead", [(PAT,), (OWNER, PAT)])
def test_an_owner_cannot_make_the_admin_who_asked_look_dead(asked: World, dead: tuple[str, ...]) -> None:
    """Threat 41. The letter's return address takes a bounce from anybody who has the letter, about anybody it went to."""
    ses.says(asked, "Bounce", OWNER, *dead)
    assert suppressed(asked) == ({OWNER: "bounced"} if OWNER in dead else {})
    asked.deliver()
    assert alerted(asked) == [PAT, SAM]


def test_an_admin_who_complains_of_a_copy_gets_no_more(asked: World) -> None:
    """Threat 40. Complaints come from mailbox providers, not from whoever has the letter."""
    ses.says(asked, "Complaint", OWNER, PAT)
    assert (status(asked), suppressed(asked)) == ("sent", {PAT: "complained"})
    assert alerted(asked) == [SAM]
    ask(asked, "rosa@coffee.example")
    assert [letter["cc"] for letter in asked.deliver() if letter["to"] == ["rosa@coffee.example"]] == [[]]


def test_the_copys_delivery_is_not_the_letters(asked: World) -> None:
    """Threat 40."""
    ses.says(asked, "Delivery", OWNER, PAT)
    assert status(asked) == "sent"


def test_a_complaint_that_names_both_is_the_addressees(asked: World) -> None:
    """Threat 40. SES names all recipients at the complainer's provider; a requester did not complain of their own."""
    ses.says(asked, "Complaint", OWNER, PAT, OWNER)
    assert suppressed(asked) == {OWNER: "complained"}


def test_not_spam_is_no_complaint(asked: World) -> None:
    """Threat 40."""
    ses.says(asked, "Complaint", OWNER, complaintFeedbackType="not-spam")
    assert (status(asked), suppressed(asked)) == ("sent", {})


def test_addresses_are_compared_as_we_keep_them(asked: World) -> None:
    """Threat 40. Servers write addresses as they please."""
    message = ses.event("Bounce", ses.mail(asked, OWNER), f"Olive <{OWNER.upper()}>")
    ses.hear(asked, message)
    assert suppressed(asked) == {OWNER: "bounced"}


def test_an_address_that_the_letter_did_not_go_to_is_left_alone(asked: World) -> None:
    """Threat 40. A forwarder's bounce names an address that we never wrote to."""
    ses.says(asked, "Bounce", OWNER, SAM)
    assert (status(asked), suppressed(asked)) == ("sent", {})


# The requester hears of it


def test_the_requester_is_told_once(asked: World) -> None:
    """Threat 40. One letter, however often and whatever else is said."""
    for kind in ("Bounce", "Bounce", "Complaint"):
        ses.says(asked, kind, OWNER)
    (letter,) = [letter for letter in asked.deliver() if letter["to"] == [PAT]]
    assert letter["cc"] == []
    assert OWNER in letter["subject"]
    for said in (OWNER, "Square", "Acme Coffee LLC", "/entities/acme/apps/square", "We write nothing more"):
        assert said in letter["text"]
    assert "square?i=" not in letter["text"], "the owner's link is not in it"
    asked.deliver()
    assert len(asked.letters(PAT)) == 1


def test_its_own_bounce_only_suppresses(asked: World) -> None:
    """Threat 40. No letters about letters about letters."""
    ses.says(asked, "Bounce", OWNER)
    asked.deliver()
    ses.says(asked, "Bounce", PAT)
    assert len(asked.deliver()) == 2
    assert suppressed(asked) == {OWNER: "bounced", PAT: "bounced"}


def test_a_suppressed_requester_is_not_told(asked: World, clock: Clock) -> None:
    """Threat 40."""
    ses.says(asked, "Bounce", OWNER)
    before = len(asked.letters())
    asked.aws.fail("SendEmail", error("TooManyRequestsException", 429))
    asked.deliver()
    ses.hear(asked, ses.event("Complaint", ses.mail(asked, OWNER), PAT))
    assert suppressed(asked) == {OWNER: "bounced", PAT: "complained"}
    assert row(asked, PAT, "bounced")["state"] == "retry"
    clock.forward(minutes=5)
    asked.sweep()
    assert row(asked, PAT, "bounced")["state"] == "dropped"
    assert len(asked.letters()) == before


def test_whoever_asked_themself_is_not_told(acme: World) -> None:
    """Threat 40. There is no other address to tell. What SES itself rejects says nothing of the address."""
    ask(acme, PAT)
    acme.deliver()
    ses.says(acme, "Bounce", PAT)
    assert len(acme.deliver()) == 1
    ask(acme, SAM, by=SAM)
    acme.deliver()
    ses.says(acme, "Reject", SAM)
    assert "did not arrive" in acme.deliver()[-1]["subject"]
    assert suppressed(acme) == {PAT: "bounced"}


def test_a_requester_who_was_removed_is_not_told(asked: World) -> None:
    """Threat 23. Whoever is no admin any more learns nothing of the entity."""
    asked.platform().put("/v1/entities/acme", {"name": "Acme", "admins": [SAM]})
    ses.says(asked, "Bounce", OWNER)
    assert len(asked.deliver()) == 1


# 40


def test_the_same_notification_again_changes_nothing(asked: World) -> None:
    """Threat 40. SNS and Lambda both deliver more than once."""
    connected()
    asked.deliver()
    for to, kind in ((OWNER, "Bounce"), (SAM, "Complaint")):
        message = ses.event(kind, ses.mail(asked, to))
        ses.hear(asked, message, message_id="the-same")
        asked.deliver()
        before, letters = everything(asked), len(asked.letters())
        for _ in range(3):
            ses.hear(asked, message, message_id="the-same")
        asked.deliver()
        assert everything(asked) == before
        assert len(asked.letters()) == letters


def test_the_same_notification_in_eight_threads_is_one_letter(asked: World) -> None:
    """Threat 40."""
    message = ses.event("Bounce", ses.mail(asked, OWNER))
    together(lambda: ses.hear(asked, message), times=8)
    assert len([letter for letter in asked.deliver() if letter["to"] == [PAT]]) == 1
    assert suppressed(asked) == {OWNER: "bounced"}


def test_a_flagged_admin_is_skipped_and_the_others_get_their_letters(acme: World) -> None:
    """Threat 40. For a bounce and for a complaint; the event is settled, so that the sweep leaves it alone."""
    acme.platform().put("/v1/entities/acme", {"name": "Acme", "admins": [PAT, SAM, KIM]})
    assert alerted(acme) == [KIM, PAT, SAM]
    ses.says(acme, "Bounce", SAM)
    ses.says(acme, "Complaint", KIM)
    before = len(acme.aws.calls)
    assert alerted(acme) == [PAT]
    assert acme.aws.calls[before:].count("SendEmail") == 1
    assert not [item for item in acme.core.items() if "due_at" in item]


def test_an_unknown_letter_changes_nothing(asked: World) -> None:
    """Threat 40. Another id, another entity, another kind of letter, none of our tags."""
    before = everything(asked)
    foreign: tuple[dict[str, list[str]], ...] = (
        {"outbox": ["f" * 32]}, {"entity": ["other"]}, {"entity": []}, {"outbox": []}, {"kind": ["newsletter"]},
        {"kind": []}, {"kind": ["sign_in"]}, {"outbox": ["x" * 3000]}, {"entity": ["a#b"]}, {"outbox": ["a", "b"]},
    )  # fmt: skip
    for kind in ("Send", "Delivery", "Bounce", "Complaint", "Reject"):
        for tags in foreign:
            mail = ses.mail(asked, OWNER)
            ses.hear(asked, ses.event(kind, mail | {"tags": mail["tags"] | tags}))
            assert (everything(asked), tags) == (before, tags)
        mail = ses.mail(asked, OWNER)
        ses.hear(asked, ses.event(kind, mail | {"tags": {}}))
        assert everything(asked) == before


def test_tags_that_we_would_not_set_are_not_looked_up(asked: World) -> None:
    """Threat 41. They are no key of a table's, and no reason to fail."""
    mail = ses.mail(asked, OWNER)
    for tags in (
        {"outbox": ["x" * 65]},
        {"entity": ["a#b"]},
        {"outbox": ["ö"]},
        {"outbox": ["a\n"]},
        {"entity": [""] * 2},
    ):
        before = len(asked.aws.calls)
        ses.hear(asked, ses.event("Bounce", mail | {"tags": mail["tags"] | tags}))
        assert (asked.aws.calls[before:], tags) == ([], tags)


def test_what_says_nothing_to_us_changes_nothing(asked: World) -> None:
    """Threat 40. We do not track: opens and clicks are not published, and would not be kept."""
    before = everything(asked)
    ses.says(asked, "Open", OWNER)
    assert everything(asked) == before


def test_an_outage_fails_the_invocation_and_the_next_try_does_the_rest(asked: World) -> None:
    """Threat 40. Whatever was done already: Lambda comes again, and everything comes out as if at once."""
    message = ses.event("Bounce", ses.mail(asked, OWNER))
    for operation in ("GetItem", "UpdateItem", "PutItem", "BatchGetItem", "Query"):
        asked.aws.fail(operation, UNAVAILABLE, times=3)
        with pytest.raises(Unavailable):
            ses.hear(asked, message)
        asked.aws.heal()
    for _ in range(2):
        ses.hear(asked, message)
    assert (status(asked), suppressed(asked)) == ("bounced", {OWNER: "bounced"})
    assert len([letter for letter in asked.deliver() if "did not arrive" in letter["subject"]]) == 1


def test_a_crash_between_an_address_and_its_copies_is_made_up_for(acme: World) -> None:
    """Threat 40. The row is written, the members' copies are not: the next try writes them, though nothing is new."""
    assert alerted(acme) == [PAT, SAM]
    message = ses.event("Bounce", ses.mail(acme, SAM))
    acme.aws.fail("Query", UNAVAILABLE, times=3)
    with pytest.raises(Unavailable):
        ses.hear(acme, message)
    acme.aws.heal()
    assert suppressed(acme) == {SAM: "bounced"}
    ses.hear(acme, message)
    assert alerted(acme) == [PAT]


# 39: SES's own word ends our doubt


@pytest.mark.parametrize("kind", ["Send", "Delivery", "DeliveryDelay", "Bounce"])
def test_a_letter_of_unknown_fate_is_sent_when_ses_says_so(world: World, clock: Clock, kind: str) -> None:
    """Threat 39. It is not sent a second time then."""
    world.entity(admins=(PAT,))
    world.aws.fail("SendEmail", time_out, after=True)
    connected()
    world.deliver()
    assert row(world, PAT, "alert")["state"] == "unknown"
    ses.says(world, kind, PAT)
    kept = row(world, PAT, "alert")
    assert (kept["state"], kept["message_id"]) == ("sent", "0100018f-1c2d-000000")
    assert "due_at" not in kept
    clock.forward(hours=1)
    world.sweep()
    assert len(world.letters(PAT)) == 1


def test_two_sends_without_an_answer_do_not_stay_unknown(world: World, clock: Clock) -> None:
    """Threat 39. Not for ever: SES says that it took one of them, late."""
    world.entity()
    ask(world)
    world.aws.fail("SendEmail", time_out, times=2, after=True)
    world.deliver()
    for _ in range(3):
        clock.forward(minutes=20)
        world.sweep()
    assert row(world, OWNER)["state"] == "unknown"
    ses.says(world, "Delivery", OWNER)
    assert (row(world, OWNER)["state"], status(world)) == ("sent", "delivered")


def test_a_sign_in_letter_of_unknown_fate_is_over_when_ses_says_so(world: World, clock: Clock) -> None:
    """Threat 39."""
    world.entity()
    world.aws.fail("SendEmail", time_out, after=True)
    world.visitor().post("/sign-in", {"email": PAT})
    world.deliver()
    assert row(world, PAT, "sign_in")["state"] == "unknown"
    ses.says(world, "Send", PAT)
    assert world.core.items("outbox") == []
    clock.forward(hours=1)
    world.sweep()
    assert len(world.letters(PAT)) == 1


# 41


def test_another_topic_changes_nothing(asked: World, caplog: pytest.LogCaptureFixture) -> None:
    """Threat 41. Only SES's own topic of this stage is heard."""
    before, message = everything(asked), ses.event("Bounce", ses.mail(asked, OWNER))
    for topic in ("", f"{TOPIC}-2", TOPIC.replace("123456789012", "999999999999"), f"{TOPIC}\n", TOPIC.upper()):
        ses.hear(asked, message, topic=topic)
        assert everything(asked) == before
    assert caplog.text.count("mail_event_dropped") == 5
    ses.hear(asked, message)
    assert status(asked) == "bounced"


def test_without_a_topic_nothing_is_heard(asked: World) -> None:
    """Threat 41."""
    before, message = everything(asked), ses.event("Bounce", ses.mail(asked, OWNER))
    settings_with(MAIL_EVENTS_TOPIC="")
    for topic in ("", TOPIC):
        ses.hear(asked, message, topic=topic)
    assert everything(asked) == before


def test_what_nobody_can_read_is_dropped_by_its_id(asked: World, caplog: pytest.LogCaptureFixture) -> None:
    """Threats 25, 41. Nothing is raised, for it would come again; nothing is stored; no address is logged."""
    caplog.set_level(logging.INFO)
    caplog.clear()
    before, good = everything(asked), ses.event("Bounce", ses.mail(asked, OWNER))
    without = [{name: value for name, value in good.items() if name != gone} for gone in good]
    poor = [{**good, "mail": {n: v for n, v in good["mail"].items() if n != gone}} for gone in good["mail"]]
    malformed: list[Any] = [
        "Successfully validated SNS topic for Amazon SES event publishing.", "", "{", "null", "[]", "1", '"x"', "{}",
        *without, *(each for each in poor if set(good["mail"]) - set(each["mail"]) & _NEEDED),
        {**good, "bounce": []}, {**good, "bounce": {"bounceType": "Permanent"}}, {**good, "mail": None},
        {**good, "mail": {**good["mail"], "timestamp": "yesterday"}},
        {**good, "bounce": {**good["bounce"], "bouncedRecipients": [7]}},
    ]  # fmt: skip
    for number, message in enumerate(malformed):
        said = message if isinstance(message, str) else json.dumps(message)
        ses.hear(asked, said, message_id=f"00000000-0000-4000-8000-{number:012}")
        assert (everything(asked), message) == (before, message)
        assert f"00000000-0000-4000-8000-{number:012}" in caplog.text
    assert "@" not in caplog.text


_NEEDED = {"timestamp", "messageId", "destination", "tags"}


def test_what_is_heard_is_logged_without_addresses(asked: World, caplog: pytest.LogCaptureFixture) -> None:
    """Threat 25."""
    caplog.set_level(logging.INFO)
    caplog.clear()
    ses.says(asked, "Bounce", OWNER)
    assert '"delivery":"bounced"' in caplog.text
    assert row(asked, OWNER)["id"] in caplog.text
    assert "@" not in caplog.text


def test_no_address_of_ours_takes_notifications(asked: World) -> None:
    """Threat 41. The subscription invokes the function; over HTTP there is nothing to forge to."""
    body = json.dumps(ses.notification(ses.event("Bounce", ses.mail(asked, OWNER)))["Records"][0]["Sns"])
    before = everything(asked)
    posts = [path for path, methods in asked.app.routes.items() if "POST" in methods]
    assert len(posts) > 10
    for path in posts:
        for kind in ("text/plain", "application/json", "application/x-www-form-urlencoded"):
            headers = {"content-type": kind, "x-amz-sns-message-type": "Notification"}
            answer = asked.visitor().request("POST", path.format(**_FILLED), headers=headers, body=body)
            # A form that is posted to a callback is sent on, as the browser's own; it stores nothing.
            taken = {303} if path == "/callback/{app}" else set()
            assert (answer.status in {401, 403, 404, 415} | taken, path) == (True, path)
    assert everything(asked) == before


_FILLED = dict.fromkeys(("attempt", "connection_id", "link", "receipt", "token"), "x") | {
    "entity_id": "acme",
    "app": "square",
}


# What SES is told


def test_each_kind_of_letter_has_its_configuration_set_and_tags(acme: World) -> None:
    """Threat 40. By which SES's word finds the outbox's row without a search."""
    ask(acme)
    connected()
    acme.visitor().post("/sign-in", {"email": PAT})
    acme.deliver()
    ses.says(acme, "Bounce", OWNER)
    acme.deliver()
    found = {request["ConfigurationSetName"]: request["EmailTags"] for request in ses.requests(acme)}
    assert set(found) == {f"client-connect-test-{kind}" for kind in ("invitation", "alert", "sign_in", "bounced")}
    for name, tags in found.items():
        values = {tag["Name"]: tag["Value"] for tag in tags}
        kind = name.removeprefix("client-connect-test-")
        assert values == {"outbox": values["outbox"], "kind": kind} | ({} if kind == "sign_in" else {"entity": "acme"})
        assert all(value.replace("-", "").replace("_", "").isalnum() and value.isascii() for value in values.values())


def test_without_configuration_sets_ses_is_told_of_none(acme: World) -> None:
    """Threat 40. A stage without them sends all the same."""
    settings_with(MAIL_CONFIGURATION_SETS="")
    connected()
    assert len(acme.deliver()) == 2
    assert not [request for request in ses.requests(acme) if "ConfigurationSetName" in request]
