"""An OAuth dance, step by step: off from our page, the owner's answer at the app, back to our result page."""

from urllib.parse import parse_qs, urlsplit

from local.simulators.people import approve
from tests.support.visitor import Answer, Visitor
from tests.support.world import World


def start(visitor: Visitor, link: str, app: str, **fields: str) -> str:
    """Consent and start from a connect link; the app's authorize address, from the leaving page."""
    visitor.get(f"{link}/{app}")
    visitor.submit(f"/{app}", **fields)
    return left_for(visitor)


def start_now(visitor: Visitor, entity_id: str, app: str, **fields: str) -> str:
    """Connect now, by a signed-in admin; the app's authorize address."""
    visitor.get(f"/entities/{entity_id}/apps/{app}")
    visitor.submit("/connect", **fields)
    return left_for(visitor)


def left_for(visitor: Visitor) -> str:
    """Where the leaving page, which must be what the visitor sees, sends the browser."""
    assert visitor.page.status == 200, visitor.page.text
    assert visitor.page.refresh, visitor.page.text
    return visitor.page.refresh


def come_back(visitor: Visitor, callback_url: str) -> Answer:
    """The app sends the browser back to our side: a link from another site; then the page that it ends on."""
    visitor.get(path_of(callback_url), **{"sec-fetch-site": "cross-site"})
    return visitor.follow()


def connect(world: World, visitor: Visitor, link: str, app: str, account: str | None = None, **fields: str) -> Answer:
    """The whole dance from a connect link; the result page."""
    return come_back(visitor, approve(start(visitor, link, app, **filled(app, fields)), account=account))


def connect_now(
    world: World, admin: Visitor, app: str, account: str | None = None, entity_id: str = "acme", **fields: str
) -> Answer:
    """The whole dance by a signed-in admin; the result page."""
    return come_back(admin, approve(start_now(admin, entity_id, app, **filled(app, fields)), account=account))


def filled(app: str, fields: dict[str, str]) -> dict[str, str]:
    """What the app's form cannot do without."""
    return {"tenant": SHOP, **fields} if app == "shopify" else fields


def path_of(url: str) -> str:
    """Path and query of an address of ours."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def query_of(url: str) -> dict[str, str]:
    """The query's values, each there once."""
    found = parse_qs(urlsplit(url).query, keep_blank_values=True)
    assert all(len(values) == 1 for values in found.values()), found
    return {name: values[0] for name, values in found.items()}


def state_of(url: str) -> str:
    """The state that an authorize or callback address carries."""
    return query_of(url)["state"]


SHOP = "acme-coffee.myshopify.com"
OAUTH_APPS = ("square", "ebay", "stripe", "squarespace_commerce", "shopify", "etsy")
