"""The inbox shows letters as they were sent."""

from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

import pytest

from local import inbox, letters
from local.aws import LocalAws

SUBJECT = "Zoë asks you to connect Square – " + "é" * 80


def message() -> EmailMessage:
    made = EmailMessage()
    made["From"] = '"Acme, via Client Connect" <connect@mail.bookkeep.example>'
    made["To"] = "owner@shop.example"
    made["Cc"] = "Pat <pat@acme.example>, sam@acme.example"
    made["Reply-To"] = "pat@acme.example"
    made["Subject"] = SUBJECT
    made["Date"] = format_datetime(datetime(2026, 11, 22, 9, 30, tzinfo=UTC))
    made.set_content("Good day.\nOpen https://x.example/c/acme~1?a=1&b=2. Thank you <3\n")
    made.add_alternative('<p>Good day</p><a href="https://x.example/c/acme~1">Open</a>', subtype="html")
    return made


@pytest.fixture
def client() -> Any:
    held = [letters.parse("Subject: first\r\n\r\nplain"), letters.parse(message().as_string())]
    return inbox.create(lambda: held).test_client()


def test_a_letter_is_read_back_whole() -> None:
    assert letters.parse(message().as_string()) == {
        "from": '"Acme, via Client Connect" <connect@mail.bookkeep.example>',
        "to": ["owner@shop.example"],
        "cc": ["pat@acme.example", "sam@acme.example"],
        "reply_to": "pat@acme.example",
        "subject": SUBJECT,
        "text": "Good day.\nOpen https://x.example/c/acme~1?a=1&b=2. Thank you <3\n",
        "html": '<p>Good day</p><a href="https://x.example/c/acme~1">Open</a>\n',
        "sent_at": "2026-11-22T09:30:00+00:00",
    }


def test_a_bare_letter_has_empty_words() -> None:
    bare = letters.parse("Subject: first\r\n\r\nplain")
    assert bare == {
        "from": "",
        "to": [],
        "cc": [],
        "reply_to": "",
        "subject": "first",
        "text": "plain",
        "html": "",
        "sent_at": "",
    }


def test_what_ses_is_sent_arrives() -> None:
    aws = LocalAws()
    try:
        aws.verify_sender("Client Connect <connect@mail.bookkeep.example>")
        sent = aws.client("sesv2").send_email(
            FromEmailAddress="connect@mail.bookkeep.example",
            Destination={"ToAddresses": ["owner@shop.example"]},
            Content={"Raw": {"Data": message().as_bytes()}},
        )
        assert sent["MessageId"]
        assert [letter["subject"] for letter in letters.fetch()] == [SUBJECT]
    finally:
        aws.stop()


def test_messages_json_is_newest_first(client: Any) -> None:
    found = client.get("/messages.json").json
    assert [letter["subject"] for letter in found] == [SUBJECT, "first"]
    assert set(found[0]) == {"from", "to", "cc", "reply_to", "subject", "text", "html", "sent_at"}


def test_the_list_leads_to_the_letters_newest_first(client: Any) -> None:
    page = client.get("/").text
    assert page.index('href="/messages/2"') < page.index('href="/messages/1"')


def test_an_empty_inbox_says_what_to_do() -> None:
    assert "No letter yet" in inbox.create(list).test_client().get("/").text


@pytest.mark.parametrize("path", ["/", "/messages/1", "/messages/2"])
def test_every_page_says_that_it_is_no_page_of_the_product(client: Any, path: str) -> None:
    answer = client.get(path)
    assert "not a page of the product" in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_links_of_the_text_part_work_and_nothing_else_is_markup(client: Any) -> None:
    page = client.get("/messages/2").text
    address = "https://x.example/c/acme~1?a=1&amp;b=2"
    assert f'<a href="{address}" target="_blank" rel="noopener">{address}</a>. Thank you &lt;3' in page


def test_the_html_part_is_shown_in_a_sandbox(client: Any) -> None:
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in client.get("/messages/2").text
    part = client.get("/messages/2.html")
    assert '<base target="_blank">' in part.text
    assert part.headers["Content-Security-Policy"].startswith("sandbox allow-popups")


def test_a_whole_html_page_keeps_its_doctype_first() -> None:
    page = (
        "Content-Type: text/html\r\n\r\n<!doctype html><html><HEAD lang=en><title>x</title></head><body>y</body></html>"
    )
    shown = inbox.create(lambda: [letters.parse(page)]).test_client().get("/messages/1.html").text
    assert shown.startswith('<!doctype html><html><HEAD lang=en><base target="_blank"><title>')


@pytest.mark.parametrize("path", ["/messages/0", "/messages/3", "/messages/3.html", "/messages/x"])
def test_no_such_letter(client: Any, path: str) -> None:
    assert client.get(path).status_code == 404
