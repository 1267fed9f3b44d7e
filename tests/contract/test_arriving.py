"""Visits that begin at an app: what proves them, who may claim them, and that nobody's session ever does by itself."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from chalicelib.providers.base import Provider
from chalicelib.providers.catalogue import PROVIDERS
from local.simulators.apps import wix
from tests.conftest import Clock
from tests.contract.conftest import Acme
from tests.contract.ways import SIMULATED, typed
from tests.support.dance import path_of
from tests.support.visitor import Answer, Visitor
from tests.support.world import BASE_URL, PAT

SIGNED, CODE, NOTHING = "signed", "code", "nothing"
PROOF = {
    "shopify": SIGNED,
    "shopify_pos": SIGNED,
    "wix": SIGNED,
    "bigcommerce": CODE,
    "ecwid": CODE,
    "squarespace_commerce": NOTHING,
    "clover": NOTHING,
    "amazon_seller": NOTHING,
    "walmart_marketplace": NOTHING,
    "quickbooks_online": NOTHING,
}
"""What shows that it is the app that a visit comes from. What proves nothing brings nothing along."""
ROWS = [row for row in PROVIDERS.values() if row.arrive]
PROVING = [row for row in ROWS if PROOF.get(row.slug) != NOTHING]
BRINGING = [row for row in ROWS if row.slug in {"wix", "bigcommerce", "ecwid"}]
"""Those after whose visit an access waits to be claimed."""
LEADING = [row for row in ROWS if row not in BRINGING]
"""Those after whose visit the usual way begins."""


def rows(which: list[Provider]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", which, ids=lambda row: row.slug)


@pytest.fixture
def acme(acme: Acme) -> Acme:
    acme.again()
    return acme


class Arrival:
    """Somebody who pressed our app's button at the app."""

    def __init__(self, acme: Acme, row: Provider, visitor: Visitor | None = None) -> None:
        self.acme, self.row, self.serving = acme, row, row.part_of or row.slug
        self.visitor = visitor or acme.visitor()
        self.url = self._url()

    def _url(self) -> str:
        """Ours, as the app opens it; an app that brings a code knows our callback only."""
        ours = "" if PROOF[self.row.slug] == CODE else f"{BASE_URL}/install/{self.row.slug}"
        if self.row.slug == "wix":
            secret = self.acme.world.registered("wix")["client_secret"]
            signed = wix.signed_instance(SIMULATED["wix"].demo["instance_id"], secret)
            return f"{ours}?{urlencode({'instance': signed})}"
        if self.row.slug in {"squarespace_commerce", "walmart_marketplace"}:
            return ours
        return self.acme.apps.install(self.serving, url=ours)

    @property
    def told(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.url).query))

    def visit(self, told: Mapping[str, str] | None = None, *, into: str = "document") -> Answer:
        """The browser comes, from the app's own page."""
        query = f"?{urlencode(told)}" if told is not None else f"?{urlsplit(self.url).query}"
        sent = {"sec-fetch-site": "cross-site", "sec-fetch-dest": into}
        return self.visitor.get(f"{path_of(self.url).partition('?')[0]}{query}", **sent)

    def come(self) -> "Arrival":
        assert self.visit().status == 303
        self.visitor.follow()
        return self

    def claim(self, visitor: Visitor | None = None, *, site: str = "same-origin") -> Answer:
        """Say that it is for the link's entity, or, by an admin, for theirs."""
        visitor = visitor or self.visitor
        if "__Host-session" in visitor.cookies:
            page = visitor.get(f"/entities/acme/apps/{self.row.slug}")
            csrf = next(form.fields["csrf"] for form in page.forms if "csrf" in form.fields)
            visitor.post(
                f"/entities/acme/apps/{self.row.slug}/connect", {"arrival": "1", "csrf": csrf}, sec_fetch_site=site
            )
        else:
            visitor.post(f"{self.acme.link}/{self.row.slug}", {"arrival": "1"}, sec_fetch_site=site)
        return visitor.follow()


def nothing_is_connected(acme: Acme) -> bool:
    return acme.world.connections() == [] and acme.world.vault.items() == []


def nothing_waits(acme: Acme, visitor: Visitor) -> bool:
    return "__Host-install" not in visitor.cookies and acme.world.ephemeral.items("attempt") == []


def test_every_app_where_a_visit_may_begin_is_here() -> None:
    assert set(PROOF) == {row.slug for row in ROWS}


# What proves a visit


@rows(ROWS)
def test_a_visit_is_asked_for_which_books_it_is(acme: Acme, row: Provider) -> None:
    """Threat 2. Nothing is connected to anything; an access that came along waits for this browser only."""
    arrival = Arrival(acme, row).come()
    page = arrival.visitor.page
    assert page.status == 200
    assert f"You come from {row.name}" in page.text
    assert "Nothing is connected before you say so" in page.text
    assert nothing_is_connected(acme)
    if row in BRINGING:
        (waiting,) = acme.world.ephemeral.items("attempt")
        (account,) = [token.account for token in acme.apps.tokens(arrival.serving) if token.account]
        assert (waiting["state"], waiting.get("entity_id", "")) == ("parked", "")
        assert account.name in page.text
    else:
        assert nothing_waits(acme, arrival.visitor)
        assert acme.apps.hits == []


@rows(PROVING)
def test_without_its_proof_a_visit_is_nobodys(acme: Acme, row: Provider) -> None:
    """Threat 3. Each value changed, and each left out; and none at all."""
    arrival = Arrival(acme, row)
    proven = {name: value for name, value in arrival.told.items() if name not in _UNPROVEN}
    bent = [{**arrival.told, name: other} for name, value in proven.items() for other in _bent(value)]
    less = [{n: v for n, v in arrival.told.items() if n != name} for name in proven]
    for told in (*bent, *less, {}):
        page = arrival.visit(told)
        assert page.status in {400, 409}, told
        assert "Nothing was connected and nothing was stored" in page.text
        assert nothing_waits(acme, arrival.visitor)
    assert nothing_is_connected(acme)
    if PROOF[row.slug] == SIGNED:
        assert acme.apps.hits == []


_UNPROVEN = frozenset({"account_uuid", "external_install"})
"""What BigCommerce says besides, and nothing of ours looks at."""


def _bent(value: str) -> tuple[str, str]:
    """With another beginning, and with another end."""
    return ("B" if value[:1] == "A" else "A") + value[1:], value[:-1] + ("B" if value[-1:] == "A" else "A")


@rows([PROVIDERS["clover"], PROVIDERS["amazon_seller"]])
def test_a_visit_that_names_another_app_of_the_same_kind_is_turned_away(acme: Acme, row: Provider) -> None:
    """Threat 3. It proves nothing all the same."""
    arrival = Arrival(acme, row)
    wrong = {"client_id": "another", "amazon_callback_uri": "https://sellercentral.amazon.com.evil.example/"}
    told = arrival.told
    assert arrival.visit({**told, **{name: wrong[name] for name in wrong if name in told}}).status == 400


@rows([row for row in ROWS if PROOF.get(row.slug) == SIGNED])
def test_a_signature_that_is_old_proves_nothing(acme: Acme, row: Provider, clock: Clock) -> None:
    """Threat 7."""
    arrival = Arrival(acme, row)
    clock.forward(hours=25)
    assert arrival.visit().status == 400
    assert nothing_waits(acme, arrival.visitor)


@rows([row for row in ROWS if PROOF.get(row.slug) == CODE])
def test_a_code_that_is_old_or_used_brings_nothing(acme: Acme, row: Provider) -> None:
    """Threats 6 and 7. Whoever sees the address later gets nothing by it."""
    arrival = Arrival(acme, row).come()
    second = Arrival(acme, row, acme.visitor())
    second.url = arrival.url
    assert second.visit().status == 409
    assert "__Host-install" not in second.visitor.cookies
    late = Arrival(acme, row, acme.visitor())
    acme.apps.pass_time(86_400)
    assert late.visit().status == 409
    assert "__Host-install" not in late.visitor.cookies


def test_a_frame_is_left_before_anything_is_looked_at(acme: Acme) -> None:
    """Threat 13. In BigCommerce's own frame only, and with the code unspent."""
    arrival = Arrival(acme, PROVIDERS["bigcommerce"])
    page = arrival.visit(into="iframe")
    assert page.status == 200
    assert "https://*.mybigcommerce.com" in page.headers["Content-Security-Policy"]
    assert acme.apps.hits == []
    (onward,) = [href for href in page.links if href.startswith("/install/bigcommerce?")]
    arrival.visitor.get(onward)
    assert "You come from BigCommerce" in arrival.visitor.follow().text


# Who claims it


@rows(BRINGING)
def test_whoever_holds_a_link_claims_it(acme: Acme, row: Provider) -> None:
    """Threat 2. The page names account and entity first; once claimed, it is claimed."""
    arrival = Arrival(acme, row).come()
    consent = arrival.visitor.get(f"{acme.link}/{row.slug}")
    assert "Connect this to Acme Coffee LLC" in consent.body
    page = arrival.claim()
    (connection,) = acme.world.connections()
    assert "is connected to Acme Coffee LLC" in page.text
    assert (connection["app"], connection["connected_by"]) == (row.slug, "connect link")
    assert connection["account_name"] in consent.text
    again = arrival.visitor.post(f"{acme.link}/{row.slug}", {"arrival": "1"})
    assert (again.status, len(acme.world.connections())) == (303, 1)
    assert acme.apps.count(row.slug, "token") == 1


@rows(BRINGING)
def test_an_admin_claims_it(acme: Acme, row: Provider) -> None:
    arrival = Arrival(acme, row, acme.admin()).come()
    assert "is connected to Acme Coffee LLC" in arrival.claim().text
    (connection,) = acme.world.connections()
    assert connection["connected_by"] == f"admin {PAT}"


@rows(LEADING)
def test_where_nothing_waits_a_link_leads_to_the_apps_own_page(acme: Acme, row: Provider) -> None:
    """The pasted link is the only authority; what a signature proved of the store is typed already."""
    arrival = Arrival(acme, row).come()
    consent = arrival.visitor.submit(f"/install/{row.slug}", link=f"  {BASE_URL}{acme.link}?i=x ")
    assert consent.status == 200
    assert f"Connect {row.name} to Acme Coffee LLC" in consent.text
    assert nothing_is_connected(acme)
    if PROOF[row.slug] == SIGNED:
        form = next(form for form in consent.forms if form.action.endswith(f"/{row.slug}"))
        assert form.fields["tenant"] == arrival.told["shop"]
    page = arrival.visitor.submit(f"/{row.slug}", **typed(PROVIDERS[arrival.serving]))
    assert page.refresh, "on to the app, from the form as it stands"


@rows(ROWS)
@pytest.mark.parametrize("link", ["", "https://evil.example/c/x", "/c/acme~AAAA", "javascript:alert(1)", "x" * 3000])
def test_what_is_no_link_is_asked_for_again(acme: Acme, row: Provider, link: str) -> None:
    """Threats 5 and 11. And leads nowhere."""
    page = acme.visitor().post(f"/install/{row.slug}", {"link": link})
    assert page.status == 400
    assert "Paste the whole link" in page.text


@rows(BRINGING)
def test_what_nobody_claims_passes(acme: Acme, row: Provider, clock: Clock) -> None:
    """Threat 7. After an hour."""
    arrival = Arrival(acme, row).come()
    clock.forward(minutes=61)
    assert "Connect this to" not in arrival.visitor.get(f"{acme.link}/{row.slug}").body
    assert arrival.claim().status == 404
    assert nothing_is_connected(acme)


@rows(BRINGING)
def test_another_browser_claims_nothing(acme: Acme, row: Provider) -> None:
    """Threat 2. With the link, as an admin, or with a cookie of its own making; whoever came still can."""
    arrival = Arrival(acme, row).come()
    guessing = acme.visitor()
    guessing.cookies["__Host-install"] = "A" * 43
    for visitor in (acme.visitor(), acme.admin(), guessing):
        assert arrival.claim(visitor).status == 404
    assert nothing_is_connected(acme)
    assert "is connected to" in arrival.claim().text


@rows(BRINGING)
def test_what_waits_is_the_apps_own(acme: Acme, row: Provider) -> None:
    """Threat 3. It is claimed as nothing else."""
    arrival = Arrival(acme, row).come()
    for other in (other for other in (*BRINGING, PROVIDERS["shopify"]) if other is not row):
        page = arrival.visitor.post(f"{acme.link}/{other.slug}", {"arrival": "1"})
        assert page.status == 404
    assert nothing_is_connected(acme)


@rows(BRINGING)
def test_another_sites_page_claims_nothing(acme: Acme, row: Provider) -> None:
    """Threat 22. Neither with the link nor in an admin's session, and no link is pasted from there."""
    for visitor in (acme.visitor(), acme.admin()):
        arrival = Arrival(acme, row, visitor).come()
        assert arrival.claim(site="cross-site").status == 403
        pasted = visitor.post(f"/install/{row.slug}", {"link": f"{BASE_URL}{acme.link}"}, sec_fetch_site="cross-site")
        assert pasted.status == 403
    assert nothing_is_connected(acme)


@rows(ROWS)
def test_a_session_is_never_taken_for_a_claim(acme: Acme, row: Provider) -> None:
    """Threat 2. Anybody can send a signed-in admin to such an address: nothing is bound, nothing is written down."""
    before = acme.world.events()
    arrival = Arrival(acme, row, acme.admin()).come()
    for path in ("/entities", "/entities/acme", f"/entities/acme/apps/{row.slug}"):
        assert arrival.visitor.get(path).status == 200
    assert nothing_is_connected(acme)
    assert acme.world.events() == before


def test_wix_is_begun_at_wix_only(acme: Acme) -> None:
    """Its pages have no button that leads nowhere."""
    owner, admin = acme.visitor().get(f"{acme.link}/wix"), acme.admin().get("/entities/acme/apps/wix")
    for page in (owner, admin):
        assert PROVIDERS["wix"].owner.help_url in page.links
    assert "/entities/acme/apps/wix/connect" not in [form.action for form in admin.forms]


@rows([row for row in BRINGING if row.slug != "wix"])
def test_who_goes_the_usual_way_leaves_what_waits_alone(acme: Acme, row: Provider) -> None:
    """Threat 2. Only the button that names the account claims it."""
    arrival = Arrival(acme, row).come()
    started = arrival.visitor.post(f"{acme.link}/{row.slug}")
    assert started.refresh
    waiting = [item for item in acme.world.ephemeral.items("attempt") if item["state"] == "parked"]
    assert [item.get("entity_id", "") for item in waiting] == [""]
    assert nothing_is_connected(acme)
