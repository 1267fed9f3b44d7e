"""Every app of the catalogue is connected, each against a simulator stricter than the app."""

import pytest

from chalicelib.providers.base import Provider
from tests.contract.conftest import Acme
from tests.contract.outcomes import tells_no_secret
from tests.contract.ways import ROWS, asks
from tests.support.logged import lines
from tests.support.moment import rows


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.slug)
def test_it_is_connected(acme: Acme, caplog: pytest.LogCaptureFixture, row: Provider) -> None:
    """Threat 25. Sealed, told, named; the tokens are where nobody reads them."""
    ready = acme.ready(row)
    caplog.clear()
    page = ready.finish()
    if asks(page):
        page = ready.way.choose()
    assert page.status == 200
    (connection,) = acme.world.connections()
    assert "is connected to Acme Coffee LLC" in page.text
    assert connection["app"] == row.slug
    assert connection["account_name"] in page.text
    assert len(rows("vault")) == len(lines(caplog, "connected")) == 1
    tells_no_secret(acme, ready, page, caplog)
