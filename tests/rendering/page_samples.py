"""Every page in its variants. ``name`` stands for the entity, the accounts and whatever else strangers may name."""

from collections.abc import Iterator

from chalicelib.domain import ALERTING, Account, EventKind
from chalicelib.errors import InvalidField
from tests.rendering.samples import (
    ACCOUNT,
    ADDRESS,
    APPS,
    ASKED,
    CAUSES,
    CHARGEBEE,
    ENTITY,
    INVITATIONS,
    KEYS,
    LINK,
    PAT,
    SAM,
    SEVEN,
    SHOPIFY,
    SQUARE,
    WRONG_SHOP,
    Card,
    Shelf,
    Tile,
    Words,
    app,
    connection,
    entity,
    event,
    member,
)

type Page = tuple[str, str, Words]
"""The template, the variant, the words."""


def pages(name: str = ENTITY, account: str = ACCOUNT) -> Iterator[Page]:
    """Everything there is to see."""
    yield from _landing(name, account)
    yield from _consent(name, account)
    yield from _outcomes(name, account)
    yield from _signing_in()
    yield from _console(name, account)
    yield from _panels(name, account)


def seven_cards(account: str = ACCOUNT) -> tuple[Card, ...]:
    """The seven apps: one connected, two asked for."""
    done = Card(SQUARE, (connection(name=account),), ASKED)
    return (done, Card(SHOPIFY, asked=ASKED), *(Card(one) for one in SEVEN[2:]))


def landing(name: str = ENTITY, account: str = ACCOUNT) -> Words:
    """The landing page's words with seven apps."""
    words = {"entity": entity(name), "link": LINK, "cards": seven_cards(account), "invitation_id": "inv1"}
    return words | {"connected": 1, "wanted": 3}


def _landing(name: str, account: str) -> Iterator[Page]:
    yield "landing", "seven", landing(name, account)
    many = tuple(
        Card(app(f"app{number}", f"{word} Store"))
        for number, word in enumerate(["Amber", "Birch", "Cedar", "Dune", "Elm", "Fern", "Grove", "Hazel", "Iris"])
    )
    bare = landing(name, account) | {"invitation_id": "", "connected": 0, "wanted": 0}
    yield "landing", "many", bare | {"cards": many}
    yield "landing", "empty", bare | {"cards": ()}


def _consent(name: str, account: str) -> Iterator[Page]:
    words = {
        "entity": entity(name),
        "link": LINK,
        "app": SQUARE,
        "asked": ASKED,
        "connections": (),
        "invitation_id": "inv1",
        "typed": {},
        "error": None,
    }
    yield "consent", "plain", words
    yield "consent", "again", words | {"connections": (connection(name=account),), "asked": None, "invitation_id": ""}
    yield "consent", "tenant", words | {"app": SHOPIFY}
    yield "consent", "tenant_error", words | {"app": SHOPIFY, "typed": {"tenant": name}, "error": WRONG_SHOP}
    yield (
        "consent",
        "keys",
        words
        | {
            "app": CHARGEBEE,
            "typed": {"site": name, "api_key": "sk_secret"},
            "error": InvalidField("site", "letters and digits"),
        },
    )
    yield (
        "leaving",
        "plain",
        {"app": SQUARE, "address": "https://connect.squareup.example/oauth2/authorize?client_id=1&state=2"},
    )


def _outcomes(name: str, account: str) -> Iterator[Page]:
    named = Account(id="MLQ8W2F4ZT0", name=account)
    words = {
        "entity_name": name,
        "app": SQUARE,
        "account": named,
        "reconnected": False,
        "back": f"/c/{LINK}",
        "by_admin": False,
        "connected": 2,
        "wanted": 3,
    }
    yield "result", "first", words
    yield "result", "again", words | {"reconnected": True, "connected": 3}
    yield "result", "admin", words | {"by_admin": True, "back": "/entities/acme", "wanted": 0}
    yield "result", "alone", words | {"back": ""}
    for cause in CAUSES:
        row = SQUARE if CAUSES.index(cause) < CAUSES.index("dead_link") else None
        limit = 90 if cause == "limit" else 0
        yield (
            "problem",
            cause,
            {
                "cause": cause,
                "app": row,
                "back": "/x" if row else "",
                "hint": name if cause == "conflict" else "",
                "retry_after": limit,
            },
        )


def _signing_in() -> Iterator[Page]:
    yield "sign_in", "plain", {"typed": {}, "error": None}
    yield (
        "sign_in",
        "error",
        {"typed": {"email": "pat"}, "error": InvalidField("email", "an address like pat@example.com")},
    )
    yield "sign_in_sent", "plain", {"email": PAT}
    yield "sign_in_confirm", "plain", {"email": PAT, "token": "abc123"}


def _console(name: str, account: str) -> Iterator[Page]:
    console = {"admin": PAT, "csrf": "csrf-1", "done": ""}
    yield (
        "entities",
        "some",
        console
        | {
            "entities": (entity(name), entity("Blue Door Bakery", "door"), entity("Corner Books", "corner")),
            "done": "signed_in",
        },
    )
    yield "entities", "empty", console | {"entities": ()}
    own = console | {"entity": entity(name)}
    held = (
        connection(name=account),
        connection("shopify", "acme-store.myshopify.com", "connect link"),
        connection("etsy", "AcmeCups", f"link sent to {PAT}", "needs_attention"),
    )
    yield "my_apps", "some", own | {"connections": held, "apps": APPS, "done": "connected"}
    yield "my_apps", "empty", own | {"connections": (), "apps": APPS}
    tiles = (
        Tile(SQUARE, 1),
        Tile(SHOPIFY, 2),
        Tile(SEVEN[2], asked=ASKED),
        Tile(SEVEN[3]),
        Tile(SEVEN[4]),
        Tile(SEVEN[5]),
        Tile(CHARGEBEE, configured=False),
    )
    shelves = tuple(
        Shelf(kind, tuple(tile for tile in tiles if tile.app.category == kind))
        for kind in ("ecommerce", "pos", "payments", "marketplace", "other")
    )
    yield "available_apps", "all", own | {"shelves": shelves, "query": ""}
    yield "available_apps", "none", own | {"shelves": (), "query": name}
    yield "available_apps", "empty", own | {"shelves": (), "query": ""}
    yield (
        "client_connect",
        "some",
        own | {"link_address": ADDRESS, "qr": "", "invitations": INVITATIONS, "apps": APPS, "done": "regenerated"},
    )
    yield "client_connect", "empty", own | {"link_address": ADDRESS, "qr": "", "invitations": (), "apps": APPS}
    for number in (0, 1, 3):
        yield "regenerate", str(number), own | {"open_invitations": number}
    happened = tuple(event(kind, _detail(kind, name, account), "square") for kind in reversed(EventKind))
    yield "history", "some", own | {"events": happened, "apps": APPS, "next_cursor": "abc="}
    yield "history", "empty", own | {"events": (), "apps": APPS, "next_cursor": ""}
    people: Words = own | {"typed": {}, "error": None}
    yield "members", "two", people | {"members": (member(PAT), member(SAM)), "done": "admin_added"}
    yield (
        "members",
        "one",
        people
        | {
            "members": (member(PAT),),
            "typed": {"email": name},
            "error": InvalidField("email", "an address like pat@example.com"),
        },
    )


def _panels(name: str, account: str) -> Iterator[Page]:
    words = {
        "admin": PAT,
        "csrf": "csrf-1",
        "done": "",
        "entity": entity(name),
        "app": SQUARE,
        "connections": (),
        "invitations": (),
        "typed": {},
        "error": None,
    }
    words |= {"link_address": ADDRESS, "ask_owner": True}
    yield "app_panel", "plain", words
    yield (
        "app_panel",
        "asked",
        words
        | {
            "app": SHOPIFY,
            "connections": (connection("shopify", account),),
            "invitations": INVITATIONS,
            "done": "asked",
        },
    )
    yield "app_panel", "tenant_error", words | {"app": SHOPIFY, "typed": {"tenant": name}, "error": WRONG_SHOP}
    yield (
        "app_panel",
        "ask_error",
        words
        | {"typed": {"email": name, "note": name}, "error": InvalidField("email", "an address like pat@example.com")},
    )
    yield (
        "app_panel",
        "keys",
        words
        | {
            "app": CHARGEBEE,
            "ask_owner": False,
            "typed": {"site": name, KEYS[1].name: "sk_secret"},
            "error": InvalidField("api_key", "a read-only key"),
        },
    )


def _detail(kind: EventKind, name: str, account: str) -> str:
    if kind is EventKind.CONNECTION_FAILED:
        return "cancelled"
    if kind in {EventKind.ADMIN_ADDED, EventKind.ADMIN_REMOVED, EventKind.OWNER_ASKED}:
        return SAM
    return account if kind in ALERTING else name
