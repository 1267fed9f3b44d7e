"""A reconnect by which another account comes back: its owner is asked, and nothing changes before they answer."""

import pytest

from chalicelib.domain import AttemptState
from chalicelib.providers.base import Provider
from chalicelib.providers.parts import Mechanism
from tests.contract.conftest import Acme
from tests.contract.outcomes import tells_no_secret
from tests.contract.ways import BY, ROWS, Way, asks
from tests.support.happening import connected
from tests.support.logged import lines
from tests.support.moment import Moment, rows

MENDED = [row for row in ROWS if row.mechanism is not Mechanism.INSTALL]
"""Where it begins at the app, the page names what arrived before it is kept."""
mended = pytest.mark.parametrize("row", MENDED, ids=lambda row: row.slug)
OLD = "Harbour Books of old"


def asked(acme: Acme, row: Provider) -> Way:
    """An account is to be connected again, and another one was approved; the page that asks."""
    way = acme.way(row)
    old = connected(row.slug, OLD, "an-account-of-old")
    page = way.finish(way.ready(mend=old.connection_id))
    assert page.status == 200
    assert asks(page)
    assert f"This is another account than {OLD}" in page.text
    assert [one["account_name"] for one in rows("core", "connection")] == [OLD]
    assert len(rows("vault")) == 1
    return way


@mended
def test_another_account_is_not_taken_for_the_one(acme: Acme, caplog: pytest.LogCaptureFixture, row: Provider) -> None:
    """No: it is given back, and the old one stays as it was. Yes: it is connected beside that, and both live."""
    way = asked(acme, row)
    before, moment = rows("vault"), Moment(acme.world)
    question, cookies = way.visitor.page, dict(way.visitor.cookies)
    caplog.clear()
    page = way.visitor.submit(way.question().action, none="1")
    assert "You cancelled" in page.text
    assert rows("vault") == before
    assert [one["account_name"] for one in rows("core", "connection")] == [OLD]
    assert [line["cause"] for line in lines(caplog, "connection_failed")] == ["cancelled"]
    assert {one["state"] for one in rows("ephemeral", "attempt")} == {AttemptState.FAILED}
    told = page.body + caplog.text
    assert not any(token.access_token in told for token in acme.apps.tokens(row.slug))
    moment.back()
    way.visitor.page, way.visitor.cookies = question, cookies
    assert "is connected to Acme Coffee LLC" in way.choose().text
    names = [one["account_name"] for one in rows("core", "connection")]
    assert len(set(names)) == len(rows("vault")) == 2
    assert OLD in names


@pytest.mark.parametrize("row", BY[Mechanism.INSTALL], ids=lambda row: row.slug)
def test_what_arrived_is_named_before_it_is_kept(acme: Acme, caplog: pytest.LogCaptureFixture, row: Provider) -> None:
    """Threat 2."""
    ready = acme.ready(row)
    page = ready.way.come_back(ready.last)
    ready.way.offered()
    offered = ready.way.visitor.page
    assert rows("vault") == []
    ready.way.claim()
    (connection,) = rows("core", "connection")
    assert connection["account_name"] in page.text
    assert connection["account_name"] in offered.text
    tells_no_secret(acme, ready, offered, caplog)
