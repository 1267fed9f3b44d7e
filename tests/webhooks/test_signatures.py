"""Signatures, beside those of the standard's own library."""

import base64
import json
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from chalicelib.services.webhook_signatures import headers, key, new_secret

KNOWN = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
AT = 1614265330
BODY = b'{"test": 2432232314}'


def test_the_standards_own_example() -> None:
    made = headers([KNOWN], "msg_p5jXN8AQM9LWM0D4loKWxJek", AT, BODY)
    assert made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert made["webhook-id"] == "msg_p5jXN8AQM9LWM0D4loKWxJek"
    assert made["webhook-timestamp"] == str(AT)


@given(
    secret=st.binary(min_size=24, max_size=64),
    message=st.text("0123456789abcdef", min_size=32, max_size=32),
    seconds=st.integers(0, 2**31),
    body=st.text(st.characters(exclude_categories=["Cs"])),
)
def test_whatever_is_signed_the_library_signs_alike(secret: bytes, message: str, seconds: int, body: str) -> None:
    text = f"whsec_{base64.b64encode(secret).decode()}"
    theirs = Webhook(text).sign(message, datetime.fromtimestamp(seconds, UTC), body)
    assert headers([text], message, seconds, body.encode())["webhook-signature"] == theirs
    assert key(text) == secret


@given(
    body=st.text('abc{}":é', max_size=40),
    changed=st.sampled_from(["body", "webhook-id", "webhook-timestamp", "secret"]),
)
def test_whatever_is_changed_the_library_refuses(body: str, changed: str) -> None:
    secrets = [new_secret(), new_secret()]
    now = int(datetime.now(UTC).timestamp())
    made = headers(secrets, "a" * 32, now, body.encode())
    for secret in secrets:
        verify = Webhook(secret).verify
        _accepted(verify, body, made)
        worse = {**made, "webhook-id": "b" * 32} if changed == "webhook-id" else made
        worse = {**worse, "webhook-timestamp": str(now - 1)} if changed == "webhook-timestamp" else worse
        checked = Webhook(new_secret()).verify if changed == "secret" else verify
        with pytest.raises(WebhookVerificationError):
            checked(f"{body} " if changed == "body" else body, worse)


def _accepted(verify: Callable[..., object], body: str, made: dict[str, str]) -> None:
    """It reads the body as JSON once the signature is good; what is none says so."""
    with suppress(json.JSONDecodeError):
        verify(body, made)


def test_each_new_secret_is_another_and_of_the_standards_size() -> None:
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    assert {len(key(secret)) for secret in made} == {32}


@pytest.mark.parametrize(
    "wrong", ["", "sentinel", "whsec_", "whsec_c2hvcnQ=", "whsec_é", f"WHSEC_{'5e' * 20}", "whsec_" + "=" * 40]
)
def test_what_is_no_secret_signs_nothing(wrong: str) -> None:
    with pytest.raises(ValueError):
        key(wrong)
    assert key(f"whsec_{base64.b64encode(os.urandom(24)).decode()}")
