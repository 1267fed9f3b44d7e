"""What must hold after each try that came to nothing, whatever app it was and whatever went wrong."""

from collections.abc import Collection
from http import HTTPStatus

import pytest

from chalicelib.domain import AttemptState
from chalicelib.providers.parts import Mechanism
from tests.contract.conftest import Acme, Ready
from tests.contract.ways import BACK
from tests.support.logged import lines
from tests.support.moment import rows
from tests.support.visitor import Answer

WORDS = {
    "app_down": "does not answer",
    "app_refused": "said no",
    "not_enabled": "has not let us in yet",
    "cancelled": "You cancelled",
    "mixed_up": "That was not the answer we waited for",
    "expired": "That took too long",
    "other_browser": "Please use one browser",
}
NOTHING = "Nothing was connected and nothing was stored."
STATUS = {"mixed_up": 400, "app_down": 502, "app_refused": 409, "not_enabled": 409}
SHORTEST = 12
"""No secret of ours or of an app's is shorter."""


def nothing_is_kept() -> None:
    """No grant, no connection."""
    assert rows("vault") == []
    assert rows("core", "connection") == []


def failed(acme: Acme, ready: Ready, page: Answer, log: pytest.LogCaptureFixture, causes: Collection[str]) -> str:
    """Nothing is kept, the try is used up, the page says what happened, one line of the log too; the cause."""
    nothing_is_kept()
    row = ready.way.row
    name = "arrival_failed" if row.mechanism is Mechanism.INSTALL else "connection_failed"
    (line,) = lines(log, name)
    cause: str = line["cause"]
    assert cause in causes
    assert line["app"] == row.slug
    assert lines(log, "crash") == []
    _explained(ready, page, cause)
    attempts = [(one["state"], one["failure"]) for one in rows("ephemeral", "attempt")]
    assert attempts == ([(AttemptState.FAILED, cause)] if row in BACK else [])
    pending = "app_requested" in {one["kind"] for one in rows("core", "event")}
    assert pending == (cause == "not_enabled")
    tells_no_secret(acme, ready, page, log)
    return cause


def _explained(ready: Ready, page: Answer, cause: str) -> None:
    """An attempt's end is a page of its own, which may not have been opened; what ends no attempt is an error."""
    row = ready.way.row
    if row in BACK and page.status == HTTPStatus.SEE_OTHER:
        (attempt,) = rows("ephemeral", "attempt")
        assert page.location == f"/attempts/{attempt['pk'].partition('#')[2]}"
        return
    if row.mechanism is Mechanism.KEY_FORM and cause == "app_refused":
        assert page.status == 400
        assert "The app did not accept this" in page.text
        return
    assert page.status == (200 if row in BACK and cause != "mixed_up" else STATUS[cause])
    told = page.text
    assert [words for words in (WORDS[cause], row.name, NOTHING) if words not in told] == []


def refused(acme: Acme, ready: Ready, page: Answer, log: pytest.LogCaptureFixture, cause: str) -> None:
    """The callback belongs to no attempt of this browser: whatever is open stays open, and nobody is asked anything."""
    nothing_is_kept()
    assert (page.status, WORDS[cause] in page.text) == (400, True)
    assert [line["cause"] for line in lines(log, "callback_refused")] == [cause]
    assert lines(log, "connection_failed") == []
    assert {one["state"] for one in rows("ephemeral", "attempt")} <= {AttemptState.PENDING}
    assert acme.apps.count(ready.way.row.slug, "token") == 0
    assert acme.apps.count(ready.way.row.slug, "identity") == 0
    tells_no_secret(acme, ready, page, log)


def tells_no_secret(acme: Acme, ready: Ready, page: Answer, log: pytest.LogCaptureFixture) -> None:
    """Threat 25. Neither page nor log has a code, a state, a token, a key, a cookie or our own secret."""
    row = ready.way.row
    named = {row.code_param, row.state_param, "instance", *(field.name for field in row.fields if field.secret)}
    secrets = {value for name, value in ready.last.values.items() if name in named} | set(ready.cookies.values())
    for token in acme.apps.tokens(row.slug):
        secrets |= {token.access_token, token.refresh_token}
    secrets |= {acme.client_secret(row)}
    told = page.body + log.text
    assert [secret for secret in secrets if len(secret) >= SHORTEST and secret in told] == []
