"""What a letter says, to whom, and what cannot be smuggled into it: rows 17 and 18 of docs/security.md."""

from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chalicelib import wiring
from chalicelib.domain import Letter, LetterKind
from chalicelib.errors import InvalidField, MailRejected
from chalicelib.outbound.mail import Post
from chalicelib.services import addresses
from tests.support.aws import error
from tests.support.happening import connected
from tests.support.visitor import Answer
from tests.support.world import BASE_URL, OWNER, PAT, SAM, World, settings_with

EVIL = "<img src=x onerror=alert(1)>&<a href=https://evil.example>"
SMUGGLED = (
    "Acme\r\nBcc: x@y.example", "Acme\nBcc: x@y.example", "Acme\rBcc: x@y.example", "Acme\x00", "Acme\x0bTea", "Acme\x85Tea",
    "Acme\u2028Bcc: x@y.example", "Acme\u202eTea", "\r\n", "Acme\x1b[0m",
)  # fmt: skip
ENCODED_WORDS = (
    "=?utf-8?q?=0D=0ABcc=3Ax=40y.io?=@coffee.example",
    "=?utf-8?q?a=40evil.com=2C?=@coffee.example",
    "=?utf-8?b?YUBldmlsLmNvbQ==?=@coffee.example",
)
TWO_ADDRESSES = (
    "olive@coffee.example\r\nBcc: x@y.example", "olive@coffee.example, x@y.example", "olive@coffee.example;x@y.example",
    "Olive <olive@coffee.example>", '"a, x@y.example"@coffee.example', "olive@coffee.example\x00", "olive@[127.0.0.1]",
    "olive@coffee.example (x@y.example)", "ölive@coffee.example",
)  # fmt: skip


@pytest.fixture
def acme(world: World) -> World:
    world.entity()
    return world


def raw(world: World) -> list[EmailMessage]:
    """The letters as SES was given them."""
    return [message_from_bytes(sent.raw_data.encode(), policy=default) for sent in sent_messages()]


def sent_messages() -> list[Any]:
    from moto.backends import get_backend

    found: list[Any] = get_backend("ses")["123456789012"]["us-east-1"].sent_messages
    return found


def ask(world: World, **changes: str) -> Answer:
    body = {"app": "square", "email": OWNER, "requested_by": PAT, "note": "For March.", **changes}
    return world.platform().post("/v1/entities/acme/invitations", body)


# What they say


def test_each_admin_gets_one_alert_that_names_app_account_and_entity(acme: World) -> None:
    """Threat 26. The promise itself."""
    connected("square", "Acme Coffee (Main St)", "ML-77")
    letters = acme.deliver()
    assert sorted(letter["to"] for letter in letters) == [[PAT], [SAM]]
    for letter in letters:
        assert letter["cc"] == []
        assert letter["reply_to"] == ""
        assert letter["subject"] == "Square is connected to Acme Coffee LLC"
        for part in (letter["text"], letter["html"]):
            for said in ("Square", "Acme Coffee (Main St)", "ML-77", "Acme Coffee LLC", "the connect link"):
                assert said in part
            assert f"{BASE_URL}/entities/acme" in part


def test_a_reconnect_says_that_it_is_one(acme: World) -> None:
    """Threat 26."""
    connected("square", "Acme Coffee", "ML-77")
    connected("square", "Acme Coffee", "ML-77")
    acme.deliver()
    subjects = [letter["subject"] for letter in acme.letters(PAT)]
    assert subjects == ["Square is connected to Acme Coffee LLC", "Square is connected again to Acme Coffee LLC"]


def test_two_accounts_are_two_letters(acme: World) -> None:
    """Threat 26."""
    connected("etsy", "Shop One", "1")
    connected("etsy", "Shop Two", "2")
    texts = [letter["text"] for letter in (acme.deliver(), acme.letters(PAT))[1]]
    assert ["Shop One" in text for text in texts] == [True, False]
    assert ["Shop Two" in text for text in texts] == [False, True]


def test_admins_of_the_moment_get_it_and_no_others(acme: World) -> None:
    """Threat 23. Whoever was removed before it is sent learns nothing; another entity's admins never do."""
    acme.entity("other", "Other LLC", ("rival@other.example",))
    connected()
    acme.platform().put("/v1/entities/acme", {"name": "Acme Coffee LLC", "admins": [SAM, "new@acme.example"]})
    assert sorted(letter["to"] for letter in acme.deliver()) == [["new@acme.example"], [SAM]]


def test_an_invitation_goes_to_the_owner_with_the_requester_copied(acme: World) -> None:
    """Threat 17. To the owner only; Cc and Reply-To are the admin who asks; the letter's link works."""
    made = ask(acme).json
    (letter,) = acme.deliver()
    assert (letter["to"], letter["cc"], letter["reply_to"]) == ([OWNER], [PAT], PAT)
    assert letter["subject"] == f"{PAT} asks you to connect Square to Acme Coffee LLC"
    assert made["url"] in letter["text"]
    assert made["url"] in letter["html"]
    assert "> For March." in letter["text"]
    owner = acme.visitor()
    owner.get(made["url"])
    assert owner.page.status == 200
    assert "Square" in owner.page.text


def test_who_asks_themselves_is_not_copied(acme: World) -> None:
    """Threat 17."""
    ask(acme, email=PAT.upper())
    (letter,) = acme.deliver()
    assert (letter["to"], letter["cc"], letter["reply_to"]) == ([PAT], [], PAT)


def test_the_headers_of_every_kind_of_letter(acme: World) -> None:
    """Threat 17. Text before HTML, our own address, no answer to an out-of-office, nothing hidden."""
    connected()
    ask(acme)
    acme.visitor().post("/sign-in", {"email": PAT})
    acme.deliver()
    found = raw(acme)
    assert len(found) == 4
    for message in found:
        assert message.get_content_type() == "multipart/alternative"
        assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
        assert message["From"] == "Client Connect <connect@mail.bookkeep.example>"
        assert message["Auto-Submitted"] == "auto-generated"
        assert message["Message-ID"].endswith("@mail.bookkeep.example>")
        assert message["Date"]
        assert "Bcc" not in message
        for name in ("From", "To", "Subject", "Message-ID", "Auto-Submitted", "Date"):
            assert len(message.get_all(name, [])) == 1


def test_recipients_that_ses_is_told_are_those_of_the_headers(acme: World) -> None:
    """Threat 17. One letter, one recipient, and a copy for the requester of an invitation."""
    ask(acme)
    connected()
    acme.deliver()
    for sent, message in zip(sent_messages(), raw(acme), strict=True):
        told = set(sent.destinations) if isinstance(sent.destinations, list) else set()
        shown = {address.addr_spec for name in ("To", "Cc") if message[name] for address in message[name].addresses}
        assert told in ({*shown}, set()), (told, shown)
        assert len(message["To"].addresses) == 1


def test_the_logo_travels_in_the_letter(world: World, tmp_path: Path) -> None:
    """Threat 10, 18. A CID part beside the HTML: nothing is loaded from anywhere."""
    (tmp_path / "bookkeep.png").write_bytes(b"\x89PNG\r\n\x1a\n logo")
    with patch("chalicelib.settings.LOGOS", tmp_path):
        settings_with(BRAND_LOGO="bookkeep.png")
        world.entity()
        connected()
        world.deliver()
    for message in raw(world):
        text, related = message.iter_parts()
        assert text.get_content_type() == "text/plain"
        assert related.get_content_type() == "multipart/related"
        html, logo = related.iter_parts()
        assert 'src="cid:logo"' in html.get_content()
        assert (logo.get_content_type(), logo["Content-ID"], logo.get_content_disposition()) == (
            "image/png", "<logo>", "inline",
        )  # fmt: skip
        assert logo.get_content() == b"\x89PNG\r\n\x1a\n logo"


def test_letters_load_nothing(acme: World) -> None:
    """Threat 10. No picture, no style, no counting pixel from anywhere."""
    connected()
    ask(acme)
    for letter in acme.deliver():
        assert "src=" not in letter["html"]
        assert "<link" not in letter["html"]
        assert "url(" not in letter["html"]


# 17


@pytest.mark.parametrize("name", SMUGGLED)
def test_an_entitys_name_cannot_carry_a_header(acme: World, name: str) -> None:
    """Threat 17. ``Acme\\r\\nBcc: x@y`` is refused, and the name stays what it was."""
    answer = acme.platform().put("/v1/entities/acme", {"name": name})
    assert answer.status == 422
    assert answer.json["field"] == "name"
    assert acme.platform().get("/v1/entities/acme").json["name"] == "Acme Coffee LLC"


@pytest.mark.parametrize("email", ENCODED_WORDS + TWO_ADDRESSES)
@pytest.mark.parametrize("field", ["email", "requested_by"])
def test_an_address_is_one_address(acme: World, email: str, field: str) -> None:
    """Threat 17. An encoded word would show as another address, or as a new line, once it stands in a header."""
    answer = ask(acme, **{field: email})
    assert answer.status == 422
    assert answer.json["field"] == field
    assert acme.deliver() == []


@pytest.mark.parametrize("email", ENCODED_WORDS + TWO_ADDRESSES)
def test_an_admin_is_one_address(acme: World, email: str) -> None:
    """Threat 17. Alerts go to admins, and sign-in letters to whoever asks."""
    answer = acme.platform().put("/v1/entities/acme", {"name": "Acme", "admins": [PAT, email]})
    assert answer.status == 422
    assert acme.visitor().post("/sign-in", {"email": email}).status == 400
    admin = acme.admin()
    admin.get("/entities/acme/members")
    admin.submit("/members", email=email)
    assert admin.page.status == 400


def test_a_note_may_break_lines_but_not_out_of_its_place(acme: World) -> None:
    """Threat 17. The only text with line breaks stands in the body, marked as somebody's words."""
    ask(acme, note="Hello\r\nBcc: x@y.example\n\n--boundary\nContent-Type: text/html\n\n<b>bold</b>")
    acme.deliver()
    (message,) = raw(acme)
    assert "Bcc" not in message
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    (letter,) = acme.letters()
    assert "> Bcc: x@y.example" in letter["text"]
    assert "<b>bold" not in letter["html"]
    assert ask(acme, note="bell \x07").status == 422


def test_past_all_checks_a_header_still_takes_no_line_break(world: World) -> None:
    """Threat 17. The last wall: nothing is sent, and the letter is refused for good."""
    post = Post("connect@mail.bookkeep.example", "Client Connect", None, "")
    good = Letter(id="x", kind=LetterKind.ALERT, to=OWNER, subject="Hello", text="t", html="<p>t</p>")
    smuggling = (
        replace(good, subject="a\r\nBcc: x@y.example"),
        replace(good, to=f"{OWNER}\nBcc: x@y.example"),
        replace(good, cc=(PAT, f"{SAM}\nBcc: x@y.example")),
        replace(good, reply_to="a\rb"),
    )
    for bad in smuggling:
        with pytest.raises(MailRejected):
            post.send(bad)
    assert world.aws.calls.count("SendEmail") == 0


ATOMS = st.text("abcXYZ019!#$%&'*+-/=?^_`{|}~.@,;:<>()[]\\\" \r\n\tä\u202e", max_size=70)


@settings(max_examples=200, suppress_health_check=list(HealthCheck), phases=(Phase.explicit, Phase.generate))
@given(local=ATOMS, domain=st.sampled_from(["coffee.example", "münchen.example", "a.b.example", "x"]))
def test_whatever_we_take_for_an_address_is_one_in_a_header(local: str, domain: str) -> None:
    """Threat 17. What the header shows is, byte for byte, whom we send to."""
    try:
        email = addresses.email(f"{local}@{domain}")
    except InvalidField:
        return
    message = EmailMessage()
    message["To"] = email
    (shown,) = message_from_bytes(message.as_bytes(), policy=default)["To"].addresses
    assert shown.addr_spec == email


def test_a_longest_address_survives_folding() -> None:
    """Threat 17."""
    email = addresses.email(f"{'a' * 64}@{'b' * 60}.{'c' * 60}.example")
    post = Post("connect@mail.bookkeep.example", "Client Connect", None, "")
    letter = Letter(
        id="x",
        kind=LetterKind.ALERT,
        to=email,
        cc=(email,),
        reply_to=email,
        subject="s" * 400,
        text="t",
        html="<p>t</p>",
    )
    message = message_from_bytes(post.mime(letter).as_bytes(), policy=default)
    for name in ("To", "Cc", "Reply-To"):
        assert [address.addr_spec for address in message[name].addresses] == [email]


# 18


@pytest.mark.parametrize("what", ["entity", "account", "note"])
def test_markup_is_text_in_every_letter(world: World, what: str) -> None:
    """Threat 18. In the HTML part; subject and text part show it as it was typed."""
    world.entity(name=f"Acme {EVIL}" if what == "entity" else "Acme")
    connected("square", f"Shop {EVIL}" if what == "account" else "Shop")
    ask(world, note=f"Hi {EVIL}" if what == "note" else "")
    letters = world.deliver()
    assert len(letters) == 3
    assert any("onerror" in letter["html"] for letter in letters)
    for letter in letters:
        assert "<img" not in letter["html"]
        assert "evil.example>" not in letter["html"]
        assert "<a href=https://evil" not in letter["html"]


def test_markup_is_text_on_every_page(world: World) -> None:
    """Threat 18. Landing, consent, console, history."""
    world.entity(name=f"Acme {EVIL}")
    connected("square", f"Shop {EVIL}")
    ask(world, note=EVIL)
    admin, owner, link = world.admin(), world.visitor(), world.link()
    paths = ("", "/available", "/client-connect", "/apps/square", "/history", "/members")
    pages = [admin.get(f"/entities/acme{path}") for path in paths]
    pages += [admin.get("/entities"), owner.get(link), owner.get(f"{link}/square")]
    shown = [page for page in pages if page.status == 200]
    assert len(shown) >= 8
    assert any("onerror" in page.body for page in shown)
    for page in shown:
        assert "<img" not in page.body
        assert "<a href=https://evil" not in page.body
        assert "&amp;lt;" not in page.body


def test_markup_typed_into_a_form_comes_back_as_text(acme: World) -> None:
    """Threat 18. What was refused is shown again, in the field."""
    page = acme.visitor().post("/sign-in", {"email": f'"><script>alert(1)</script>{EVIL}'})
    assert page.status == 400
    assert "<script>alert" not in page.body
    assert "<img" not in page.body


def test_a_product_name_needs_no_quoting(world: World) -> None:
    """Threat 17. An operator's name with a comma or a quote is no second address."""
    settings_with(PRODUCT_NAME='Books, "Inc" <x@y.example>', MAIL_FROM="connect@mail.bookkeep.example")
    world.entity()
    connected()
    world.deliver()
    for message in raw(world):
        assert [address.addr_spec for address in message["From"].addresses] == ["connect@mail.bookkeep.example"]


def test_an_app_that_refuses_letters_about_one_entity_leaves_the_other_alone(acme: World) -> None:
    """Threat 38. One letter per admin isolates failures."""
    acme.aws.fail("SendEmail", error("MessageRejected"), when=lambda body: SAM in body)
    connected()
    assert [letter["to"] for letter in acme.deliver()] == [[PAT]]
    assert wiring.settings().mail_from
