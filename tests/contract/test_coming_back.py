"""The last step, done in every way but the right one: late, twice, elsewhere, with somebody else's words, or not at all."""

import pytest

from chalicelib.domain import AttemptState
from chalicelib.providers.base import Provider
from chalicelib.providers.parts import Mechanism
from tests.conftest import Clock
from tests.contract.conftest import Acme, Ready
from tests.contract.outcomes import failed, nothing_is_kept, refused, tells_no_secret
from tests.contract.ways import BACK, BY, asks
from tests.support.logged import lines
from tests.support.moment import rows

clicked = pytest.mark.parametrize("row", [*BACK, *BY[Mechanism.INSTALL]], ids=lambda row: row.slug)
pasted = pytest.mark.parametrize("row", BY[Mechanism.KEY_FORM], ids=lambda row: row.slug)
back = pytest.mark.parametrize("row", BACK, ids=lambda row: row.slug)
installed = pytest.mark.parametrize("row", BY[Mechanism.INSTALL], ids=lambda row: row.slug)
Caplog = pytest.LogCaptureFixture


@clicked
def test_a_second_click_makes_no_second_grant(acme: Acme, caplog: Caplog, row: Provider) -> None:
    """Threat 6. The same page again: what was connected, or the same question."""
    ready = acme.ready(row)
    first = ready.finish()
    asked = [acme.apps.count(row.slug, at) for at in ("token", "identity")]
    caplog.clear()
    second = ready.click_again()
    assert (second.status, second.text) == (200, first.text)
    assert [acme.apps.count(row.slug, at) for at in ("token", "identity")] == asked
    assert len(rows("vault")) == len(rows("core", "connection")) == (0 if asks(first) else 1)
    assert lines(caplog, "connected") == []
    assert len([one for one in rows("core", "event") if one["kind"] == "connected"]) == (0 if asks(first) else 1)
    tells_no_secret(acme, ready, second, caplog)


@pasted
def test_keys_pasted_twice_are_one_connection(acme: Acme, caplog: Caplog, row: Provider) -> None:
    """Threat 6. Each time they are looked at; the second is a reconnect."""
    ready = acme.ready(row)
    pages = [ready.finish(), ready.finish()]
    if not asks(pages[0]):
        assert ["connected before" in page.text for page in pages] == [False, True]
    assert len(rows("vault")) == len(rows("core", "connection")) == (0 if asks(pages[0]) else 1)
    tells_no_secret(acme, ready, pages[1], caplog)


@back
def test_whoever_cancels_connects_nothing(acme: Acme, caplog: Caplog, row: Provider) -> None:
    """Threat 9. Nobody is asked for a token, and a code that comes after the no is not redeemed."""
    way = acme.way(row)
    address = way.start()
    ready = Ready.of(way, way.answered(address, "cancel"))
    caplog.clear()
    page = ready.finish()
    failed(acme, ready, page, caplog, {"cancelled"})
    if row.mechanism is Mechanism.HANDOVER:
        with pytest.raises(ValueError, match="could not be sent"):
            way.answered(address, "allow")
    else:
        way.come_back(way.answered(address, "allow"))
    assert acme.apps.count(row.slug, "token") + acme.apps.count(row.slug, "identity") == 0
    nothing_is_kept()


@back
def test_another_state_is_nobodys(acme: Acme, caplog: Caplog, row: Provider) -> None:
    """Threat 1. Not even for apps that send none back; the attempt stays open for the right one."""
    ready = acme.ready(row)
    right = ready.last
    caplog.clear()
    ready.last = right.changed(**{row.state_param: right.values.get(row.state_param, "y" * 43)[:-1] or "y"})
    refused(acme, ready, ready.finish(), caplog, "expired")
    ready.last = right
    assert ready.finish().status == 200
    assert {one["state"] for one in rows("ephemeral", "attempt")} <= {AttemptState.DONE, AttemptState.PARKED}


@back
def test_another_browser_cannot_finish(acme: Acme, caplog: Caplog, row: Provider) -> None:
    """Threat 2. Nobody is asked anything, and whose attempt it is can still finish."""
    ready, stranger = acme.ready(row), acme.visitor()
    stranger.cookies = {"__Host-browser": "x" * 43, "__Host-session": "y" * 43}
    caplog.clear()
    if row.echoes_state:
        refused(acme, ready, ready.finish(stranger), caplog, "other_browser")
    else:
        ready.finish(stranger)
        nothing_is_kept()
        assert "pending" in {one["state"] for one in rows("ephemeral", "attempt")}
    assert acme.ready(row).finish().status == 200


@back
def test_ten_minutes_are_the_most(acme: Acme, caplog: Caplog, clock: Clock, row: Provider) -> None:
    """Threat 7. DynamoDB deletes late; the row is still there."""
    ready = acme.ready(row)
    clock.forward(minutes=15)
    caplog.clear()
    refused(acme, ready, ready.finish(), caplog, "expired")
    assert len(rows("ephemeral", "attempt")) == 1


@installed
def test_an_arrival_waits_an_hour_for_one_browser(acme: Acme, clock: Clock, row: Provider) -> None:
    """Threats 1 and 7."""
    ready = acme.ready(row)
    ready.way.come_back(ready.last)
    arrived = dict(ready.way.visitor.cookies)
    form = ready.way.offered()
    stranger = acme.visitor()
    assert stranger.post(form.action, form.fields).status == 404
    clock.forward(minutes=61)
    ready.way.visitor.cookies = arrived
    assert ready.way.visitor.post(form.action, form.fields).status == 404
    nothing_is_kept()


@installed
def test_a_visit_that_the_app_did_not_sign_is_refused(acme: Acme, caplog: Caplog, row: Provider) -> None:
    """Threat 3."""
    ready = acme.ready(row)
    ready.last = ready.last.changed(instance="x" + ready.last.values["instance"])
    caplog.clear()
    failed(acme, ready, ready.finish(), caplog, {"mixed_up"})
    assert acme.apps.hits == []
