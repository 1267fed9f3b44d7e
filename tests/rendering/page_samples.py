"""Every page in its variants. ``name`` stands for the entity, ``account`` for whatever else strangers may name."""

from collections.abc import Iterator

from chalicelib.domain import Account
from chalicelib.errors import InvalidField
from tests.rendering.console_samples import console_pages, panels
from tests.rendering.samples import (
    ACCOUNT,
    ASKED,
    CAUSES,
    CHARGEBEE,
    CLOVER,
    ENTITY,
    LINK,
    NOW,
    PAT,
    SEVEN,
    SHOPIFY,
    SQUARE,
    WRONG_SHOP,
    Card,
    Page,
    Words,
    app,
    connection,
    entity,
)


def pages(name: str = ENTITY, account: str = ACCOUNT) -> Iterator[Page]:
    """Everything there is to see."""
    yield from _landing(name, account)
    yield from _consent(name, account)
    yield from _outcomes(name, account)
    yield from _signing_in()
    yield from console_pages(name, account)
    yield from panels(name, account)


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
        "waiting": (),
        "mends": "",
        "troubled_until": None,
        "typed": {},
        "error": None,
    }
    yield "consent", "plain", words
    broken = connection(name=account, status="needs_attention")
    yield "consent", "mending", words | {"connections": (broken,), "mends": broken.id}
    yield "consent", "troubled", words | {"troubled_until": NOW}
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
    yield "consent", "choice", words | {"app": CLOVER, "typed": {"tenant": "eu"}}
    yield "working", "plain", {"app": SQUARE}
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
        "elsewhere": False,
    }
    yield "result", "first", words
    yield "result", "again", words | {"reconnected": True, "connected": 3}
    yield "result", "admin", words | {"by_admin": True, "back": "/entities/acme", "wanted": 0}
    yield "result", "alone", words | {"back": ""}
    yield "result", "elsewhere", words | {"elsewhere": True}
    for variant, status in (("asked", "active"), ("ended", "disconnected")):
        held = {"receipt": LINK, "connection": connection(name=account, status=status)}
        yield "not_me", variant, {"entity_name": name, "app": SQUARE} | held
    accounts = (named, Account(id="MLQ8W2F4ZT1", name="Blue Bottle – Berkeley"))
    choice = {
        "attempt": "0" * 64,
        "app": SQUARE,
        "entity_name": name,
        "accounts": accounts,
        "mending": "",
        "error": None,
    }
    yield "choose", "several", choice
    yield "choose", "one", choice | {"accounts": (named,)}
    yield "choose", "another", choice | {"accounts": (named,), "mending": account}
    yield "choose", "error", choice | {"error": InvalidField("account", "Choose one of the accounts.")}
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
