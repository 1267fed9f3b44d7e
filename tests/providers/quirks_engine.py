"""Quirks that the engine meets for every app alike: tried out, not looked up."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

from chalicelib import keys
from chalicelib.domain import Grant
from chalicelib.errors import AppRefused, InvalidField
from chalicelib.outbound.web import USER_AGENT
from chalicelib.providers import answers, store_address
from chalicelib.providers.base import Call, Json, Provider
from chalicelib.services.establishing import connection_id
from chalicelib.settings import Client
from tests.providers.recorded import Recorded
from tests.providers.seen import called, granted

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
_END = NOW + timedelta(hours=2)


def _grant(row: Provider, answer: Json) -> Grant:
    plain = replace(row, standard=None, grant_extra=None)
    call = Call(provider=plain, client=Client(client_id="id"), web=Recorded())
    return answers.grant(call, {"access_token": "token", **answer}, NOW)


def epoch_is_read(row: Provider) -> bool:
    return _grant(row, {"expires_at": int(_END.timestamp())}).expires_at == _END


def date_time_is_read(row: Provider) -> bool:
    return _grant(row, {"expires_at": "2026-11-22T14:00:00Z"}).expires_at == _END


def any_bearer_is_taken(row: Provider) -> bool:
    """eBay says ``User Access Token``; some say nothing."""
    return all(
        _grant(row, said).secrets == {"access_token": "token"} for said in ({"token_type": "User Access Token"}, {})
    )


def scopes_are_those_granted(row: Provider) -> bool:
    return _grant(row, {"scope": "one.read"}).scopes == ("one.read",) and _grant(row, {}).scopes == row.scopes


def refresh_end_is_kept(row: Provider) -> bool:
    """From the answer, or from the row."""
    ends = ("refresh_token_expires_in", "x_refresh_token_expires_in")
    said = all(_grant(row, {"refresh_token": "r", name: 7200}).refresh_expires_at == _END for name in ends)
    own = row.renewal is not None and row.renewal.lifetime is not None
    unsaid = _grant(row, {"refresh_token": "r"}).refresh_expires_at
    return row.renewal is not None and said and (unsaid is not None) is own


def connecting_again_replaces(row: Provider) -> bool:
    """A connection's id is made of the account's: the newest grant is the only one."""
    return (
        connection_id("acme", row.slug, "1")
        == connection_id("acme", row.slug, "1")
        != connection_id("acme", row.slug, "2")
    )


def sandbox_by_setting(row: Provider) -> bool:
    """APP_ENDPOINTS replaces what the app's sandbox has elsewhere."""
    elsewhere = row.pointed_at({"token_url": "https://sandbox.example/token"}).endpoints
    return elsewhere == replace(row.endpoints, token_url="https://sandbox.example/token")


def agent_is_sent(_row: Provider) -> bool:
    return "Client-Connect/" in USER_AGENT


def state_is_long(_row: Provider) -> bool:
    return len(keys.random_secret()) >= 43


def registered(name: str) -> bool:
    """Our registration with an app may hold this."""
    return name in {one.name for one in fields(Client)}


def plain_http_is_refused(_row: Provider) -> bool:
    try:
        store_address.read("http://shop.example.com")
    except InvalidField:
        return True
    return False


def another_place_is_refused(row: Provider) -> bool:
    """The location that the app names must be the one that was typed."""
    web = Recorded({"guid": "another", "id": "another", "name": "Another"})
    try:
        assert row.identify
        call = called(row, web)
        row.identify(call, granted(call), {})
    except AppRefused:
        return True
    return False
