"""The local run's receiver takes what is signed, once, and shows it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from chalicelib.services.webhook_signatures import headers, new_secret
from local import inbox, receiver

SECRET = new_secret()


@pytest.fixture
def page() -> Any:
    app: Flask = inbox.create(list)
    app.register_blueprint(receiver.create(SECRET))
    return app.test_client()


def posted(page: Any, event_id: str, secret: str = SECRET) -> int:
    told = {"id": event_id, "type": "connected", "timestamp": "2026-11-22T09:30:00.000000Z", "data": {"app": "<b>"}}
    raw = json.dumps(told).encode()
    signed = headers([secret], event_id, int(datetime.now(UTC).timestamp()), raw)
    status: int = page.post("/webhooks", data=raw, headers=signed).status_code
    return status


def test_what_is_signed_is_shown_once(page: Any) -> None:
    assert [posted(page, "1"), posted(page, "2"), posted(page, "1")] == [204] * 3
    assert [event["id"] for event in page.get("/webhooks.json").json] == ["2", "1"]
    shown = page.get("/webhooks").text
    assert "connected" in shown
    assert "<b>&#34;" not in shown
    assert "&lt;b&gt;" in shown
    assert 'href="/webhooks"' in page.get("/").text


def test_what_is_not_signed_is_refused(page: Any) -> None:
    assert posted(page, "1", new_secret()) == 401
    assert page.post("/webhooks", data=b"{}").status_code == 401
    assert "No event yet" in page.get("/webhooks").text
