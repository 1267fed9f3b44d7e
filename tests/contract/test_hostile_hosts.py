"""Threat 15, at every app where a person or a callback has a say in a host: tricks call nobody, and are told calmly.

Which apps those are is read from the rows. Sockets are watched, not our own client: whatever would leave is counted.
"""

import os
import re
from collections.abc import Iterator
from itertools import chain, repeat
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.providers.base import Provider
from local.catalogue import addresses
from local.catalogue.hostile import ELSEWHERE, HOSTILE, WRAPPED
from local.simulators import Misbehaviour
from tests.contract.conftest import Acme, Ready
from tests.contract.ways import BACK, ROWS, Way, typed
from tests.support.visitor import Answer
from tests.support.wire import PUBLIC, cut
from tests.support.world import forget


def in_hosts(row: Provider) -> set[str]:
    """The words of the row's hosts that are not its own: typed, chosen from a list, or said by a callback."""
    templates = addresses.endpoints(row).values()
    return {word for template in templates for word in re.findall(r"{(\w+)}", urlsplit(template).netloc)}


def named_by(row: Provider) -> list[str]:
    """What people type or choose that leads to a host, or is handed to one as another's."""
    words = in_hosts(row) | set(re.findall(r"{(\w+)}", "".join(row.authorize_params.values())))
    return [name for name in addresses.typed(row) if name in words or (row.hosts and name == "tenant")]


FIELDS = [(row, name) for row in ROWS for name in named_by(row)]
TOLD = [row for row in BACK if row.tenant_of or (row.check_callback and "tenant" in in_hosts(row))]
"""Apps whose callback says which host is theirs."""
LED = [row for row in ROWS if in_hosts(row)]

# What a resolver may say to lead us into somebody's own network. tests/security/test_private_networks.py has them all.
PRIVATE = (
    *("127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
    *("::1", "fc00::1", "::ffff:127.0.0.1", "64:ff9b::a9fe:a9fe", "fec0::1"),
)
KEPT_ALL_THE_SAME = {("woocommerce", "details")}
"""Calls that only make a connection nicer: a store that hides its name is known by its address."""


def tricks(good: str, *, anywhere: bool = False) -> list[str]:
    """All of them, and a good value in bad company. ``anywhere``: any public host is good.

    Digits and letters alone are a name: under the app's own domain they can be no address.
    """
    wrapped = (wrapping.format(good) for wrapping in (*WRAPPED, *(() if anywhere else ELSEWHERE)))
    return [trick for trick in (*HOSTILE, *wrapped) if anywhere or not (trick.isascii() and trick.isalnum())]


def nothing_came_of_it(acme: Acme) -> None:
    assert acme.world.connections() == []
    assert acme.world.vault.items() == []


def calm(page: Answer) -> bool:
    """A page of ours that says that nothing was stored, or that the request was none."""
    return "Nothing was stored" in page.text or "nothing can be done with" in page.text


@pytest.mark.parametrize(("row", "name"), FIELDS, ids=lambda one: getattr(one, "slug", one))
def test_a_hostile_host_calls_nobody(acme: Acme, row: Provider, name: str) -> None:
    """Threat 15. 400, a page that says what to enter, no attempt, no look-up, no connection."""
    way = acme.way(row)
    way.visitor.get(way.page_path)
    form = next(form for form in way.visitor.page.forms if form.action.endswith(way.action))
    before, good = acme.world.ephemeral.items("attempt"), typed(row)[name] or "acme"
    listed = [wrapping.format(good) for wrapping in WRAPPED] if addresses.typed(row)[name].options else []
    with cut() as wire:
        for trick in listed or tricks(good, anywhere=good.startswith("https://")):
            page = way.visitor.post(form.action, form.fields | typed(row) | {name: trick})
            assert (page.status, trick) == (400, trick)
            assert calm(page), trick
    assert (wire.names, wire.called, acme.apps.hits) == ([], [], [])
    assert acme.world.ephemeral.items("attempt") == before
    nothing_came_of_it(acme)


def start(way: Way) -> str:
    """Off to the app, from the page's form; where it leads."""
    return way.visitor.post(way.page_path, typed(way.row)).refresh


@pytest.mark.parametrize("row", TOLD, ids=lambda row: row.slug)
def test_a_hostile_callback_calls_nobody(acme: Acme, row: Provider) -> None:
    """Threat 15. Whatever stands where the app names its host: 400, and the code is redeemed nowhere."""
    ready = acme.ready(row)
    hits = len(acme.apps.hits)
    names = set(ready.last.values) - {row.code_param, row.state_param}
    for trick in tricks("acme"):
        state = parse_qs(urlsplit(start(ready.way)).query).get("state", [""])[0]
        with cut() as wire:
            page = ready.way.come_back(ready.last.changed(**dict.fromkeys(names, trick), state=state))
        assert (wire.names, wire.called, page.status, trick) == ([], [], 400, trick)
    assert len(acme.apps.hits) == hits
    nothing_came_of_it(acme)


@pytest.fixture
def settings() -> Iterator[None]:
    """What a test changes of the settings is put back."""
    with patch.dict(os.environ):
        yield
    forget()


@pytest.mark.parametrize("row", LED, ids=lambda row: row.slug)
@pytest.mark.usefixtures("settings")
def test_a_name_that_leads_into_a_private_network_is_not_called(acme: Acme, row: Provider) -> None:
    """Threat 15. One private address among public ones is enough."""
    ready = off_to_the_world(acme, row)
    for address in PRIVATE:
        found = [address] if len(address) % 2 else [PUBLIC, address]
        ready.moment.back()
        with cut(repeat(found)) as wire:
            page = ready.finish()
        assert (bool(wire.names), wire.called, found) == (True, [], found)
        assert "does not answer" in page.text
    nothing_came_of_it(acme)


@pytest.mark.parametrize("row", LED, ids=lambda row: row.slug)
@pytest.mark.usefixtures("settings")
def test_what_was_checked_is_what_is_called(acme: Acme, row: Provider) -> None:
    """Threat 15. DNS rebinding: a name that is public when it is looked at, and 127.0.0.1 from then on."""
    ready = off_to_the_world(acme, row)
    with cut(chain([[PUBLIC]], repeat(["127.0.0.1"]))) as wire:
        page = ready.finish()
    assert wire.called == [PUBLIC]
    assert len(wire.names) == 1
    assert "does not answer" in page.text
    nothing_came_of_it(acme)


def off_to_the_world(acme: Acme, row: Provider) -> Ready:
    """Somebody just before the last step, from where on the apps' own addresses are called."""
    ready = acme.ready(row)
    os.environ["APP_ENDPOINTS"] = "{}"
    forget()
    return ready


@pytest.mark.parametrize("row", LED, ids=lambda row: row.slug)
@pytest.mark.parametrize("how", [Misbehaviour.REDIRECT_302, Misbehaviour.REDIRECT_307], ids=lambda how: how.name)
def test_no_redirect_leads_elsewhere(acme: Acme, row: Provider, how: Misbehaviour) -> None:
    """Threats 15 and 36. At whatever is called before anything is kept: one request, and none to where it points."""
    ready = acme.ready(row)
    begun = len(acme.apps.hits)
    assert ready.finish().status == 200
    called = [hit.endpoint for hit in acme.apps.hits[begun:] if hit.app == row.slug]
    assert called
    for place, endpoint in enumerate(called):
        ready = acme.ready(row)
        acme.apps.misbehave(
            row.slug, endpoint, how, to=f"{acme.apps.url}/connect.squareup.com/v2/merchants/me?elsewhere"
        )
        ready.finish()
        after = [hit.endpoint for hit in acme.apps.hits if (hit.app, hit.endpoint) != (row.slug, "revoke")]
        if (row.slug, endpoint) in KEPT_ALL_THE_SAME:
            assert after == called
        else:
            assert after == called[: place + 1]
            nothing_came_of_it(acme)
