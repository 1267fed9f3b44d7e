"""The domain as the API's JSON. What is not named here never leaves."""

from collections.abc import Sequence
from datetime import datetime

from chalicelib import keys
from chalicelib.domain import Connection, ConnectLink, Entity, Event, Invitation, Webhook
from chalicelib.providers.base import Provider
from chalicelib.services.crediting import Credential
from chalicelib.services.links import Links

type Shape = dict[str, object]


def moment(at: datetime) -> str:
    """RFC 3339, in UTC, to the second."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def entity(entity: Entity, admins: Sequence[str]) -> Shape:
    return {"id": entity.id, "name": entity.name, "admins": list(admins), "created_at": moment(entity.created_at)}


def link(link: ConnectLink, links: Links) -> Shape:
    return {"url": links.address(link), "created_at": moment(link.created_at), "generation": link.generation}


def app(app: Provider, *, configured: bool) -> Shape:
    return {
        "slug": app.slug,
        "name": app.name,
        "category": app.category.value,
        "auth": app.mechanism.value,
        "ask_owner": app.ask_owner,
        "configured": configured,
    }


def invitation(invitation: Invitation, url: str = "") -> Shape:
    shape: Shape = {
        "id": invitation.id,
        "app": invitation.app,
        "email": invitation.email,
        "requested_by": invitation.requested_by,
        "note": invitation.note,
        "status": invitation.state.value,
        "created_at": moment(invitation.created_at),
    }
    return shape | {"url": url} if url else shape


def connection(connection: Connection) -> Shape:
    return {
        "id": connection.id,
        "app": connection.app,
        "account_id": connection.account.id,
        "account_name": connection.account.name,
        "status": connection.status,
        "limited": list(connection.limited),
        "connected_at": moment(connection.connected_at),
        "connected_by": connection.connected_by,
    }


def credential(credential: Credential) -> Shape:
    """A token, or the fields of a key form; never what would make another token."""
    token = credential.access_token
    held: Shape = (
        {"type": "bearer", "access_token": token} if token else {"type": "fields", "fields": credential.fields}
    )
    return {
        **held,
        "expires_at": moment(credential.expires_at) if credential.expires_at else None,
        "account_id": credential.account_id,
        "extra": dict(credential.extra),
    }


def event(event: Event) -> Shape:
    shape: Shape = {"id": event.id, "kind": event.kind.value, "at": moment(event.at), "actor": event.actor}
    optional = {
        "app": event.app,
        "connection_id": event.connection_id,
        "account_id": event.account_id,
        "detail": event.detail,
    }
    return shape | {name: value for name, value in optional.items() if value}


def webhook(webhook: Webhook, secret: str = "") -> Shape:
    """``secret`` once, when it was made."""
    until = webhook.previous_until
    shape: Shape = {
        "url": webhook.url,
        "state": webhook.state.value,
        "created_at": moment(webhook.created_at),
        "previous_secret_until": moment(until) if until and until > keys.now() else None,
    }
    return shape | {"secret": secret} if secret else shape


def listing(items: Sequence[Shape], limit: int) -> Shape:
    """One page, made from one item more than it shows; ``next_cursor`` is ``null`` on the last."""
    shown = items[:limit]
    return {"items": list(shown), "next_cursor": shown[-1]["id"] if len(items) > limit else None}
