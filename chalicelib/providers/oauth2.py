"""The authorization code flow (RFC 6749 §4.1, RFC 7636, RFC 9207) as a row describes it."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urlsplit

from chalicelib import keys
from chalicelib.domain import Grant
from chalicelib.errors import MixedUp
from chalicelib.providers import answers
from chalicelib.providers.base import Call, Json
from chalicelib.providers.parts import ClientAuth, Encoding


def authorize_url(call: Call, *, redirect_uri: str, state: str, verifier: str) -> str:
    """Where the owner signs in and approves."""
    row, client = call.provider, call.client
    standard = {
        "response_type": "code",
        "client_id": client.application_id or client.client_id,
        "redirect_uri": client.redirect_alias or redirect_uri,
        "scope": row.scopes if row.scope_separator == "&" else row.scope_separator.join(row.scopes),
        "state": state,
    }
    query = {row.authorize_names.get(name, name): value for name, value in standard.items() if value}
    query.pop("", None)
    words = {"redirect_uri": redirect_uri, **call.words}
    query |= {name: value.format(**words) for name, value in row.authorize_params.items()}
    query |= dict(parse_qsl(client.authorize_params))
    if row.nonce:
        query["nonce"] = keys.nonce(state)
    if row.pkce:
        query |= {"code_challenge": keys.code_challenge(verifier), "code_challenge_method": "S256"}
    address = call.url("authorize_url")
    return f"{address}?{urlencode(query, doseq=True)}" if query else address


def check_issuer(call: Call, params: Mapping[str, str]) -> None:
    """An ``iss`` in the callback must be this app's: else two apps' answers were mixed up (RFC 9207).

    :raises MixedUp: if it is not.
    """
    if "iss" in params and params["iss"] not in issuers(call):
        raise MixedUp(call.provider.slug)


def issuers(call: Call) -> frozenset[str]:
    """The app's issuer identifier (RFC 8414 §2), and the same at an address to which an operator points the app."""
    said, origin = call.provider.issuer, _origin(call.url("authorize_url"))
    return frozenset({said or origin, origin + urlsplit(said).path})


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def exchange(call: Call, *, code: str, redirect_uri: str, verifier: str, now: datetime) -> tuple[Grant, Json]:
    """Redeem the code, once and never again. Returns the grant and the whole answer, in the standard's shape.

    :raises AppRefused: for the code or for an answer that is an error in disguise.
    :raises AppDown: when no usable answer came.
    """
    row, client = call.provider, call.client
    standard = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": client.redirect_alias or redirect_uri,
        "code_verifier": verifier if row.pkce else "",
    }
    fields = {row.token_names.get(name, name): value for name, value in standard.items() if value}
    fields.pop("", None)
    extra = row.token_fields(call) if row.token_fields else {}
    answer = ask(call, call.url("token_url"), {**fields, **row.token_params, **extra})
    return answers.grant(call, answer, now), answer


def ask(call: Call, url: str, fields: Json, *, with_secret: bool = True) -> Json:
    """Send a token request as the row has it; the answer in the standard's shape."""
    row = call.provider
    headers = dict(row.token_headers(call)) if row.token_headers else {}
    auth, proof = _proof(call, with_secret=with_secret)
    if row.client_auth is ClientAuth.SECRET_AS_BEARER:
        headers["Authorization"] = f"Bearer {call.client.client_secret}"
    sent: Json = {**fields, **proof}
    if row.token_encoding is Encoding.QUERY:
        answer = call.web.json("GET", f"{url}?{urlencode(sent)}", headers=headers)
    elif row.token_encoding is Encoding.JSON:
        answer = call.web.json("POST", url, headers=headers, body=sent, auth=auth)
    else:
        form = {name: str(value) for name, value in sent.items()}
        answer = call.web.json("POST", url, headers=headers, form=form, auth=auth)
    return row.standard(call, answer) if row.standard else answer


def _proof(call: Call, *, with_secret: bool) -> tuple[tuple[str, str] | None, dict[str, str]]:
    """HTTP Basic's pair, and what stands in the body."""
    row, client = call.provider, call.client
    if row.client_auth is ClientAuth.BASIC:
        return (client.client_id, client.client_secret), {}
    if row.client_auth is ClientAuth.SECRET_AS_BEARER:
        return None, {}
    proof = {row.token_names.get("client_id", "client_id"): client.client_id}
    if row.client_auth is ClientAuth.POST and with_secret:
        proof[row.token_names.get("client_secret", "client_secret")] = client.client_secret
    return None, proof
