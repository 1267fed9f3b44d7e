"""Apps without an authorize page: an owner pastes keys, and the keys open one account."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from typing import ClassVar

from flask import g, request

from .base import App
from .client_auth import basic_pair, same
from .model import BIG, Account, IssuedToken, Misbehaviour


class PastedApp(App):
    """A simulated app that owners connect with keys of their own: ``demo`` has some that work."""

    # Whom the keys open: an account's extras hold its keys.
    accounts: ClassVar[Sequence[Account]] = ()

    def opened_by(self, **keys: str | None) -> Account | None:
        """The account that has all of these keys."""
        found = (account for account in self.accounts if _fits(account, keys))
        return next(found, None)

    def opened_by_basic(self, name: str, password: str) -> Account | None:
        """The account whose keys of these two names were sent by HTTP Basic."""
        given_name, given_password = basic_pair(request.headers)
        return self.opened_by(**{name: given_name, password: given_password})

    def mint(self, account: Account, life: int, scope: str = "") -> IssuedToken:
        """A token for keys: nothing refreshes it, the keys are simply shown again."""
        value = secrets.token_urlsafe(40)
        if g.get("how") is Misbehaviour.BIG_TOKEN:
            value = value.ljust(BIG, "x")
        token = IssuedToken(
            access_token=value,
            refresh_token="",
            account_id=account.id,
            scope=scope,
            app=self.id,
            grant=self.state.new_grant(),
            account=account,
            expires_at=self.state.now() + life,
        )
        with self.state.lock:
            self.state.tokens.append(token)
        return token


def unknown_in_query(known: Collection[str] = ()) -> str:
    """The name of a query parameter that is not one of the known ones, or nothing."""
    return next((name for name in request.args if name not in known), "")


def _fits(account: Account, keys: Mapping[str, str | None]) -> bool:
    return all(same(given, account.extra[name]) for name, given in keys.items())
