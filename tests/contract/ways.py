"""How a person connects each app of the catalogue: what they type, where they go, and what they answer."""

from collections.abc import Mapping
from http import HTTPStatus
from unittest.mock import patch
from urllib.parse import parse_qsl, urlencode, urlsplit

from chalicelib.providers.base import Provider
from chalicelib.providers.catalogue import PROVIDERS
from chalicelib.providers.parts import Mechanism
from local.simulators.apps import ALL, chargebee, wix, woocommerce
from local.simulators.people import approve, deny, post_back
from tests.support.dance import path_of
from tests.support.visitor import Answer, Form, Visitor
from tests.support.world import BASE_URL, World

SIMULATED = {app.id: app for app in ALL}
ROWS = [row for slug, row in PROVIDERS.items() if slug in SIMULATED]
BY = {mechanism: [row for row in ROWS if row.mechanism is mechanism] for mechanism in Mechanism}
GOING = BY[Mechanism.OAUTH2]
"""The apps that people go to, to approve, and that give a code then."""
BACK = [*GOING, *BY[Mechanism.HANDOVER]]
"""The apps that the browser comes back from."""

TYPED: Mapping[str, str] = {
    "shopify": "acme-coffee.myshopify.com",
    "recharge": "snowdevil",
    "mindbody": "-99",
    "woocommerce": "https://shop.example.com",
}
"""What people type before they leave, where it is no choice from a list."""
KEYS: Mapping[str, Mapping[str, str]] = {
    "chargebee": {"site": "acme", "api_key": chargebee.DEMO_KEY},
    "afterpay": {"region": "global"},
}
PLACES = ("subdomain", "region", "store_base_url")
"""What simulators call what a row calls its tenant."""
POSTED_BACK = frozenset({"mindbody"})


def typed(row: Provider) -> dict[str, str]:
    """What the app's form cannot do without."""
    if row.mechanism is Mechanism.KEY_FORM:
        demo = {**SIMULATED[row.slug].demo, **KEYS.get(row.slug, {})}
        named = {field.name: demo.get(field.name, "") for field in row.fields}
        place = next((demo[name] for name in PLACES if name in demo), "")
        return {**named, **({"tenant": place} if "tenant" in named else {})}
    if row.tenant is None:
        return {}
    return {"tenant": TYPED.get(row.slug) or next(iter(row.tenant.options))}


class Way:
    """One person on the way to connecting one app: an owner with the link, or an admin where only they may."""

    def __init__(self, world: World, row: Provider, *, admin: Visitor | None = None, link: str = "") -> None:
        self.world, self.row = world, row
        self.visitor = world.visitor() if row.ask_owner else admin or world.admin()
        self.page_path = f"{link or world.link()}/{row.slug}" if row.ask_owner else f"/entities/acme/apps/{row.slug}"
        self.action = f"/{row.slug}" if row.ask_owner else "/connect"

    def start(self, **more: str) -> str:
        """Fill the form in and send it; where the leaving page leads."""
        self.visitor.get(self.page_path)
        page = self.visitor.submit(self.action, **typed(self.row), **more)
        assert page.refresh, page.text
        return page.refresh

    def approved(self, account: str | None = None, **more: str) -> "Back":
        """Approve at the app; the way back, not yet gone."""
        return self.answered(self.start(**more), "allow", account)

    def answered(self, address: str, decision: str, account: str | None = None) -> "Back":
        """Answer at the app, to which ``address`` leads: ``allow`` or ``cancel``."""
        if self.row.slug in POSTED_BACK:
            posted = post_back(address, account=account, decision=decision)
            return Back(posted.url, posted.fields)
        with patch.object(woocommerce, "deliver", self._delivered):
            return Back(approve(address, account=account) if decision == "allow" else deny(address))

    def _delivered(self, url: str, payload: Mapping[str, object]) -> int:
        """WooCommerce's server posts to ours."""
        answer = self.world.platform("x:x").request(
            "POST", path_of(url.removeprefix(BASE_URL)), payload, authorization="", content_type=WOO_TYPE
        )
        return answer.status

    def come_back(self, back: "Back", visitor: Visitor | None = None) -> Answer:
        """The app sends the browser on; then the page that it ends on."""
        self.called_back(back, visitor)
        return (visitor or self.visitor).follow()

    def called_back(self, back: "Back", visitor: Visitor | None = None) -> Answer:
        """The app sends the browser on, or has it post a form, which only leads to the same; the callback's answer."""
        visitor = visitor or self.visitor
        if back.fields is None:
            return visitor.get(path_of(back.url), **{"sec-fetch-site": "cross-site"})
        visitor.post(path_of(back.url), back.fields, sec_fetch_site="cross-site", origin="https://app.example")
        return visitor.get(visitor.page.location)

    def ready(self, account: str | None = None, **more: str) -> "Back":
        """Everything but the last step: approved at the app, or before the form, or with what an app signs."""
        if self.row in BACK:
            return self.approved(account, **more)
        if self.row.mechanism is Mechanism.INSTALL:
            secret = self.world.registered(self.row.slug)["client_secret"]
            instance = wix.signed_instance(SIMULATED["wix"].demo["instance_id"], secret)
            return Back(f"{BASE_URL}/install/wix?{urlencode({'instance': instance})}")
        form = self.offered()
        return Back(form.action, form.fields | typed(self.row) | more)

    def finish(self, last: "Back", visitor: Visitor | None = None) -> Answer:
        """The last step, of whatever kind; the page that it ends on."""
        visitor = visitor or self.visitor
        if self.row.mechanism is Mechanism.KEY_FORM:
            visitor.post(last.url, last.values)
            return visitor.follow()
        page = self.come_back(last, visitor)
        if self.row.mechanism is Mechanism.INSTALL and page.status == HTTPStatus.OK:
            return self.claim()
        return page

    def offered(self) -> Form:
        """The form of the app's page: of an arrival, or of what is to be typed."""
        self.visitor.get(self.page_path)
        return next(form for form in self.visitor.page.forms if form.action.endswith(self.action))

    def claim(self) -> Answer:
        """What arrived is for this entity."""
        self._claim = self.offered()
        return self.claim_again()

    def claim_again(self) -> Answer:
        """The same form once more."""
        self.visitor.post(self._claim.action, self._claim.fields)
        return self.visitor.follow()

    def connect(self, account: str | None = None) -> Answer:
        """All of it; the result page."""
        page = self.finish(self.ready(account))
        return self.choose() if asks(page) else page

    def question(self) -> Form:
        """The form that asks which account it is to be."""
        return next(form for form in self.visitor.page.forms if form.action.startswith("/attempts/"))

    def choose(self) -> Answer:
        """Answer the question which account, with the page's last; an app that must let us in there does."""
        form = self.question()
        if self.row.waits:
            self.world.apps.enable(self.row.slug, form.fields["account"])
        return self.visitor.submit(form.action)


class Back:
    """The way back from an app: an address, and fields where the browser posts them."""

    def __init__(self, url: str, fields: Mapping[str, str] | None = None) -> None:
        self.url, self.fields = url, fields

    @property
    def values(self) -> dict[str, str]:
        """What comes back, wherever it stands."""
        return dict(self.fields) if self.fields is not None else dict(parse_qsl(urlsplit(self.url).query))

    def changed(self, **values: str) -> "Back":
        """With other values; an empty one is left out."""
        kept = {name: value for name, value in {**self.values, **values}.items() if value}
        if self.fields is not None:
            return Back(self.url, kept)
        return Back(f"{self.url.partition('?')[0]}?{urlencode(kept)}")


def asks(page: Answer) -> bool:
    """Whether the page asks which account it is to be."""
    return any(form.action.startswith("/attempts/") for form in page.forms)


WOO_TYPE = "application/json;charset=UTF-8"
