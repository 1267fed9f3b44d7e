"""Whose token an API request carries."""

from flask import request

from .model import IssuedToken
from .state import State


def bearer(state: State, app: str) -> IssuedToken | None:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    return state.by_access(app, value) if scheme.lower() == "bearer" else None


def header(state: State, app: str, name: str) -> IssuedToken | None:
    value = request.headers.get(name, "")
    return state.by_access(app, value) if value else None
