"""The catalogue as this installation can offer it: rows with the operator's endpoints and our registrations."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chalicelib import logs
from chalicelib.domain import Asked, Books, Connection
from chalicelib.errors import NotEligible, NotFound
from chalicelib.providers.base import Call, Provider, Web
from chalicelib.providers.parts import Mechanism
from chalicelib.settings import Client

_NO_CLIENT = Client(client_id="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """An app on a page, with what this entity has of it."""

    app: Provider
    connections: tuple[Connection, ...]
    asked: Asked | None
    configured: bool = True
    waiting: Asked | None = None

    @property
    def connected(self) -> int:
        """How many accounts are connected."""
        return len(self.connections)

    @property
    def rank(self) -> int:
        """Asked for and open, or to be connected again; then open, then connected, then those without a way in."""
        if self.app.mechanism is Mechanism.REQUEST:
            return 3
        if any(connection.status == "needs_attention" for connection in self.connections):
            return 0
        if self.connections:
            return 2
        return 0 if self.asked else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Apps:
    """All lookups of apps go through here."""

    providers: Mapping[str, Provider]
    clients: Mapping[str, Client]
    endpoints: Mapping[str, Mapping[str, str]]
    product_name: str

    def all(self) -> Iterable[Provider]:
        """Every app of the catalogue, configured or not."""
        return self.providers.values()

    def configured(self, app: Provider) -> bool:
        """Whether we have what it takes to offer the app."""
        return app.configured(self.clients.get(self.serving(app).slug))

    def serving(self, app: Provider) -> Provider:
        """The app whose connection serves this one: itself, or the one that it is part of."""
        return self.providers[app.part_of] if app.part_of else app

    def offered(self, slug: str) -> Provider:
        """The app, for an admin.

        :raises NotFound: if it is unknown or not configured.
        """
        app = self.providers.get(slug)
        if app is None or not self.configured(app):
            raise NotFound
        logs.bind(app=app.slug)
        return app

    def for_owner(self, slug: str) -> Provider:
        """The app, for somebody who holds a link.

        :raises NotEligible: if it is unknown, not configured, or needs an admin.
        """
        app = self.providers.get(slug)
        if app is None or not self._shown(app):
            raise NotEligible
        logs.bind(app=app.slug)
        return app

    def call(self, app: Provider, web: Web, tenant: str = "", words: Mapping[str, str] | None = None) -> Call:
        """What the row's functions are handed. ``words`` are what a form's plain fields or a grant's extra say."""
        row = app.pointed_at(self.endpoints.get(app.slug, {}))
        client = self.clients.get(app.slug, _NO_CLIENT)
        tenant = tenant or (words or {}).get("tenant", "")
        named = app.words(tenant) if tenant else {}
        return Call(
            provider=row, client=client, web=web, words={"product": self.product_name, **named, **(words or {})}
        )

    def landing_cards(self, books: Books) -> list[Card]:
        """What an owner can connect, what is asked for first."""
        cards = [card(app, books) for app in self.all() if self._shown(app)]
        return sorted(cards, key=lambda card: card.rank)

    def _shown(self, app: Provider) -> bool:
        """Whether somebody who holds a link sees the app: to connect it, or to say that they use it."""
        return (app.ask_owner or app.mechanism is Mechanism.REQUEST) and self.configured(app)

    def progress(self, books: Books) -> tuple[int, int]:
        """How many are connected, of how many asked for or connected; the second is 0 when nothing was asked."""
        connected = {connection.app for connection in books.living}
        wanted = connected | set(books.entity.asked)
        return (len(connected), len(wanted)) if books.entity.asked else (0, 0)


def card(app: Provider, books: Books) -> Card:
    """The app with what the entity has of it."""
    return Card(
        app=app,
        connections=connected(app, books),
        asked=books.entity.asked.get(app.slug),
        waiting=books.entity.waiting.get(app.slug),
    )


def connected(app: Provider, books: Books) -> tuple[Connection, ...]:
    """What the entity has connected of the app."""
    return tuple(connection for connection in known(app, books) if connection.living)


def known(app: Provider, books: Books) -> tuple[Connection, ...]:
    """The same, with what was disconnected."""
    serving = app.part_of or app.slug
    return tuple(connection for connection in books.connections if connection.app == serving)


def refillable(app: Provider, typed: Mapping[str, str]) -> dict[str, str]:
    """What of a refused form goes back into it: never a secret."""
    names = {"email", "note", "tenant"} | {field.name for field in app.fields if not field.secret}
    return {name: value for name, value in typed.items() if name in names}
