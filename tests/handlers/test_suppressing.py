"""Addresses that are not written to: what admins see of it, what is refused, and how it ends."""

import pytest

from tests.conftest import Clock
from tests.handlers.described import api
from tests.support import ses
from tests.support.aws import error
from tests.support.happening import connected
from tests.support.visitor import Answer
from tests.support.world import OWNER, PAT, SAM, World

ACME = "/v1/entities/acme"
ASK = {"app": "square", "email": OWNER, "requested_by": PAT}
AGAIN = "/entities/acme/write-again"


@pytest.fixture
def acme(world: World) -> World:
    world.entity()
    return world


@pytest.fixture
def bounced(acme: World) -> World:
    """Pat asked Olive, and the letter came back."""
    lose(acme)
    return acme


def lose(world: World, email: str = OWNER, kind: str = "Bounce", entity_id: str = "acme") -> ses.Message:
    """A letter to an owner that comes to nothing."""
    api(world).post(f"/v1/entities/{entity_id}/invitations", ASK | {"email": email})
    world.deliver()
    said = ses.says(world, kind, email)
    world.deliver()
    return said


def silence(world: World, email: str, kind: str = "Bounce") -> ses.Message:
    """An alert to an admin that comes to nothing."""
    connected("etsy")
    world.deliver()
    return ses.says(world, kind, email)


def ask(world: World, email: str = OWNER) -> Answer:
    return api(world).post(f"{ACME}/invitations", ASK | {"email": email})


def alerted(world: World) -> list[str]:
    """Who hears of a connection that is made now."""
    before = len(world.letters())
    connected("etsy")
    return sorted(letter["to"][0] for letter in world.deliver()[before:])


def offers(page: Answer) -> list[str]:
    """The addresses that a page offers to write to again."""
    return [form.fields["email"] for form in page.forms if form.action.endswith("/write-again")]


# Refused


def test_the_api_refuses_to_ask(bounced: World) -> None:
    """Threat 40. 409, with a name of its own; nothing is queued and nothing happened."""
    before, letters = bounced.core.items(), len(bounced.letters())
    for email in (OWNER, f" {OWNER.upper()}"):
        refused = ask(bounced, email)
        assert (refused.status, refused.json["type"]) == (409, "urn:client-connect:problem:suppressed")
        assert "come back" in refused.json["detail"]
        assert OWNER not in refused.body
    assert bounced.core.items() == before
    assert len(bounced.deliver()) == letters
    assert ask(bounced, "rosa@coffee.example").status == 201


def test_the_api_refuses_whoever_complained(acme: World) -> None:
    """Threat 40."""
    lose(acme, kind="Complaint")
    assert "asked not to get our letters" in ask(acme).json["detail"]


def test_an_idempotent_request_that_was_refused_can_be_made_again(bounced: World) -> None:
    key = {"idempotency_key": "once"}
    assert api(bounced).post(f"{ACME}/invitations", ASK, **key).status == 409
    admin = bounced.admin()
    admin.get("/entities/acme/apps/square")
    admin.submit("/write-again")
    assert api(bounced).post(f"{ACME}/invitations", ASK, **key).status == 201


def test_the_console_refuses_to_ask_and_offers_to_write_again(bounced: World) -> None:
    """Threat 40. What was typed stays; after writing again the same form works."""
    admin = bounced.admin()
    admin.get("/entities/acme/apps/etsy")
    page = admin.submit("/ask", email=OWNER, note="Please.")
    assert page.status == 409
    assert "Letters to this address come back." in page.text
    assert offers(page) == [OWNER]
    assert "Please." in page.body
    assert len(bounced.deliver()) == 2
    page = admin.submit("/write-again")
    assert (page.status, offers(page)) == (200, [])
    assert "We write to this address again." in page.text
    page = admin.submit("/ask", email=OWNER)
    assert "The invitation is on its way." in page.text
    assert len(bounced.deliver()) == 3


def test_another_entity_is_refused_too_but_may_not_write_again(bounced: World) -> None:
    """Threat 40. Nobody asked Olive from there: the truth is the address's, lifting it is for who knows her."""
    bounced.entity("other", "Other LLC", ("rival@other.example",))
    rival = bounced.admin("rival@other.example", "other")
    rival.get("/entities/other/apps/square")
    page = rival.submit("/ask", email=OWNER)
    assert (page.status, offers(page)) == (409, [])
    fields = page.forms[-1].fields | {"email": OWNER}
    assert rival.post("/entities/other/write-again", fields).status == 404


# Shown


def test_the_invitations_say_which_did_not_arrive(bounced: World) -> None:
    """Threat 40. On both pages, with a form; an address once, however many letters came back."""
    admin = bounced.admin()
    for path in ("client-connect", "apps/square"):
        page = admin.get(f"/entities/acme/{path}")
        assert "Did not arrive" in page.text
        assert f"Letters to {OWNER} have come back since" in page.text
        assert offers(page) == [OWNER]
    assert offers(admin.get("/entities/acme/apps/etsy")) == []


def test_a_complaint_is_told_apart(acme: World) -> None:
    lose(acme, kind="Complaint")
    page = acme.admin().get("/entities/acme/client-connect")
    assert f"{OWNER} has asked not to get our letters" in page.text


def test_pages_read_no_addresses_as_long_as_letters_arrive(acme: World) -> None:
    """The budget of a console page is two reads, the session and the entity; apps' health is known for a while."""
    api(acme).post(f"{ACME}/invitations", ASK)
    acme.deliver()
    ses.says(acme, "Delivery", OWNER)
    admin = acme.admin()
    for path in ("client-connect", "apps/square", "members"):
        before = len(acme.aws.calls)
        assert admin.get(f"/entities/acme/{path}").status == 200
        asked = zip(acme.aws.calls[before:], acme.aws.bodies[before:], strict=True)
        assert [call for call, body in asked if "BREAKER#" not in body] == ["GetItem", "Query"]


def test_the_members_page_says_who_gets_no_letters(acme: World) -> None:
    """Threat 40. An alert that is not sent is not lost in silence."""
    silence(acme, SAM)
    page = acme.admin().get("/entities/acme/members")
    assert f"Letters to {SAM} have come back since" in page.text
    assert page.text.count("Gets no letters") == 1
    assert offers(page) == [SAM]


# Whoever is not written to


def test_every_entity_of_the_address_leaves_it_alone(acme: World) -> None:
    """Threat 40. The copies in all entities, whichever letter it was."""
    for number in range(3):
        acme.entity(f"other-{number}", "Other LLC", (PAT, SAM))
    silence(acme, SAM)
    for number in range(3):
        before = len(acme.letters())
        connected("etsy", entity_id=f"other-{number}")
        assert [letter["to"] for letter in acme.deliver()[before:]] == [[PAT]]


def test_a_new_member_is_not_written_to_either(acme: World) -> None:
    """Threat 40. However they join; and leaving and joining again does not wash it off."""
    silence(acme, SAM)
    acme.entity("made", "Made LLC", (PAT, SAM))
    acme.entity("put", "Put LLC", (PAT,))
    acme.entity("put", "Put LLC", (PAT, SAM))
    acme.entity("form", "Form LLC", (PAT,))
    admin = acme.admin(PAT, "form")
    admin.get("/entities/form/members")
    admin.submit("/members", email=SAM)
    acme.entity("acme", "Acme", (PAT,))
    acme.entity("acme", "Acme", (PAT, SAM))
    for entity_id in ("made", "put", "form", "acme"):
        before = len(acme.letters())
        connected("etsy", entity_id=entity_id)
        assert ([letter["to"] for letter in acme.deliver()[before:]], entity_id) == ([[PAT]], entity_id)


def test_an_owner_who_becomes_an_admin_is_not_written_to(bounced: World) -> None:
    """Threat 40."""
    bounced.entity("acme", "Acme", (PAT, OWNER))
    assert alerted(bounced) == [PAT]


def test_a_sign_in_letter_is_not_sent_and_nobody_can_tell(acme: World) -> None:
    """Threats 20, 40."""
    silence(acme, SAM)
    before = len(acme.letters())
    answers = [acme.visitor().post("/sign-in", {"email": email}) for email in (SAM, "who@acme.example")]
    assert (
        len({(answer.status, answer.body.replace(SAM, "").replace("who@acme.example", "")) for answer in answers}) == 1
    )
    assert len(acme.deliver()) == before
    assert not [item for item in acme.core.items("outbox") if item["kind"] == "sign_in"]
    acme.visitor().post("/sign-in", {"email": PAT})
    assert len(acme.deliver()) == before + 1


def test_a_sign_in_letters_own_bounce_counts(acme: World) -> None:
    """Threat 40. Its item is forgotten by then; the address is an admin's all the same."""
    acme.visitor().post("/sign-in", {"email": SAM})
    acme.deliver()
    ses.says(acme, "Bounce", SAM)
    assert alerted(acme) == [PAT]


def test_letters_that_wait_are_dropped(acme: World, clock: Clock) -> None:
    """Threat 40. Put into the outbox before, taken up after: an alert that is tried again, and an invitation."""
    api(acme).post(f"{ACME}/invitations", ASK)
    acme.deliver()
    connected("etsy")
    acme.deliver()
    to_olive, to_sam = ses.event("Bounce", ses.mail(acme, OWNER)), ses.event("Bounce", ses.mail(acme, SAM))
    acme.aws.fail("SendEmail", error("TooManyRequestsException", 429), times=99)
    connected("etsy")
    api(acme).post(f"{ACME}/invitations", ASK)
    acme.deliver()
    acme.aws.heal()
    for said in (to_olive, to_sam):
        ses.hear(acme, said)
    before = len(acme.letters())
    clock.forward(minutes=5)
    acme.sweep()
    acme.deliver()
    waited = [letter["to"] for letter in acme.letters()[before:]]
    assert sorted(waited) == [[PAT], [PAT]], "the alert, and that the first invitation did not arrive"
    states = [item["state"] for item in acme.core.items("outbox") if item["to"] in {OWNER, SAM}]
    assert sorted(states) == ["dropped", "dropped", "sent", "sent"]
    statuses = [item["status"] for item in api(acme).get(f"{ACME}/invitations").json["items"]]
    assert sorted(statuses) == ["bounced", "failed"]


# Writing again


@pytest.mark.parametrize("kind", ["Bounce", "Complaint"])
def test_an_admin_writes_to_a_member_again(acme: World, kind: str) -> None:
    """Threat 40. Any admin of the entity may; every entity's alerts go out again; the history says who did it."""
    acme.entity("other", "Other LLC", (SAM,))
    silence(acme, SAM, kind)
    admin = acme.admin()
    admin.get("/entities/acme/members")
    page = admin.submit("/write-again")
    assert offers(page) == []
    assert alerted(acme) == [PAT, SAM]
    connected("etsy", entity_id="other")
    assert acme.deliver()[-1]["to"] == [SAM]
    newest = next(
        event for event in api(acme).get(f"{ACME}/events").json["items"] if event["kind"] == "letters_resumed"
    )
    assert (newest["actor"], newest["detail"]) == (f"admin {PAT}", SAM)
    assert f"Letters go to {SAM} again" in admin.get("/entities/acme/history").text


def test_an_admin_writes_to_an_owner_again(bounced: World) -> None:
    """Threat 40. From the list of invitations."""
    admin = bounced.admin(SAM)
    admin.get("/entities/acme/client-connect")
    page = admin.submit("/write-again")
    assert "We write to this address again." in page.text
    assert ask(bounced).status == 201
    assert bounced.deliver()[-1]["to"] == [OWNER]


def test_writing_again_twice_is_one_event(bounced: World) -> None:
    """A double click, and a form that was open in another tab."""
    admin = bounced.admin()
    page = admin.get("/entities/acme/client-connect")
    form = next(form for form in page.forms if form.action.endswith("/write-again"))
    for _ in range(3):
        assert admin.post(form.action, form.fields).status == 303
    assert bounced.events().count("letters_resumed") == 1


def test_writing_again_to_whoever_is_written_to_is_nothing(acme: World) -> None:
    admin = acme.admin()
    fields = admin.get("/entities/acme/members").forms[-1].fields
    assert admin.post(AGAIN, fields | {"email": SAM}).status == 303
    assert "letters_resumed" not in acme.events()


def test_only_addresses_of_the_entity_are_written_to_again(acme: World) -> None:
    """Threats 23, 40. Another's admin or owner, an address nobody knows, none at all: one and the same 404."""
    acme.entity("other", "Other LLC", (PAT, "rival@other.example"))
    lose(acme, "rosa@other.example", entity_id="other")
    connected("etsy", entity_id="other")
    acme.deliver()
    ses.says(acme, "Bounce", "rival@other.example")
    before, admin = acme.core.items(), acme.admin()
    fields = admin.get("/entities/acme/members").forms[-1].fields
    strange = ("rosa@other.example", "rival@other.example", "who@acme.example", "", "x" * 3000, "a#b@c.example")
    answers = [admin.post(AGAIN, fields | {"email": email}) for email in strange]
    answers.append(admin.post("/entities/nobody/write-again", fields | {"email": SAM}))
    assert {(answer.status, answer.body) for answer in answers} == {(404, answers[0].body)}
    assert acme.core.items() == before


def test_where_writing_again_leads_is_never_elsewhere(acme: World) -> None:
    """Threat 5. The app is one of ours, or it is left out."""
    admin = acme.admin()
    fields = admin.get("/entities/acme/members").forms[-1].fields | {"email": SAM}
    for app in ("https://evil.example", "//evil.example", "..", "nothing", ""):
        assert admin.post(AGAIN, fields | {"app": app}).location == "/entities/acme/members?done=resumed"
    assert admin.post(AGAIN, fields | {"app": "square"}).location == "/entities/acme/apps/square?done=resumed"


def test_what_is_said_of_letters_from_before_is_over(acme: World, clock: Clock) -> None:
    """Threat 40. A notification that comes again, or late, does not undo what an admin decided; a new bounce does."""
    said = silence(acme, SAM)
    clock.forward(minutes=5)
    admin = acme.admin()
    admin.get("/entities/acme/members")
    admin.submit("/write-again")
    ses.hear(acme, said)
    assert alerted(acme) == [PAT, SAM]
    clock.forward(minutes=5)
    ses.hear(acme, ses.event("Complaint", said["mail"]))
    assert alerted(acme) == [PAT, SAM]
    ses.says(acme, "Bounce", SAM)
    assert alerted(acme) == [PAT]


def test_a_complaint_after_a_bounce_is_said(acme: World) -> None:
    """Threat 40. And not the other way round."""
    said = silence(acme, SAM)
    ses.hear(acme, ses.event("Complaint", said["mail"]))
    ses.hear(acme, said)
    admin = acme.admin()
    assert f"{SAM} has asked not to get our letters" in admin.get("/entities/acme/members").text
