"""The only place that joins flows to adapters. Everything is made when first asked for, and once.

The imports stand inside the functions: a landing page must not pay for SES, nor a sign-in for the catalogue.
"""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chalicelib.outbound.web import Web
    from chalicelib.rendering import Renderer
    from chalicelib.services.administering import Administering
    from chalicelib.services.alerting import Alerting
    from chalicelib.services.apps import Apps
    from chalicelib.services.callers import Callers
    from chalicelib.services.establishing import Establishing
    from chalicelib.services.finishing import Finishing
    from chalicelib.services.inviting import Inviting
    from chalicelib.services.key_forms import KeyForms
    from chalicelib.services.letters import Letters
    from chalicelib.services.limits import Limits
    from chalicelib.services.links import Links
    from chalicelib.services.repeating import Repeating
    from chalicelib.services.signing_in import SigningIn
    from chalicelib.services.starting import Starting
    from chalicelib.settings import Settings
    from chalicelib.storage import Storage


@cache
def settings() -> "Settings":
    from chalicelib.settings import load

    return load()


@cache
def storage() -> "Storage":
    from chalicelib.storage import connected

    names = settings()
    return connected(names.core_table, names.vault_table, names.ephemeral_table)


@cache
def renderer() -> "Renderer":
    from chalicelib.rendering import Renderer

    return Renderer(settings().brand, settings().base_path, settings().language)


@cache
def web() -> "Web":
    from chalicelib.outbound.web import Web

    return Web()


@cache
def apps() -> "Apps":
    from chalicelib.providers.catalogue import PROVIDERS
    from chalicelib.services.apps import Apps

    return Apps(providers=PROVIDERS, clients=settings().clients, endpoints=settings().endpoints)


@cache
def links() -> "Links":
    from chalicelib.services.links import Links

    return Links(entities=storage().entities, signing_keys=settings().signing_keys, base_url=settings().base_url)


@cache
def limits() -> "Limits":
    from chalicelib.services.limits import Limits

    return Limits(counters=storage().counters)


@cache
def administering() -> "Administering":
    from chalicelib.services.administering import Administering

    stored = storage()
    return Administering(entities=stored.entities, members=stored.members, events=stored.events, links=links())


@cache
def inviting() -> "Inviting":
    from chalicelib.services.inviting import Inviting

    stored = storage()
    return Inviting(
        entities=stored.entities,
        invitations=stored.invitations,
        connections=stored.connections,
        apps=apps(),
        limits=limits(),
    )


@cache
def signing_in() -> "SigningIn":
    from chalicelib.services.signing_in import SigningIn

    stored = storage()
    return SigningIn(
        members=stored.members,
        outbox=stored.outbox,
        sign_ins=stored.sign_ins,
        sessions=stored.sessions,
        limits=limits(),
        base_url=settings().base_url,
    )


@cache
def starting() -> "Starting":
    from chalicelib.services.starting import Starting

    stored = storage()
    return Starting(
        links=links(),
        invitations=stored.invitations,
        attempts=stored.attempts,
        apps=apps(),
        web=web(),
        base_url=settings().base_url,
    )


@cache
def establishing() -> "Establishing":
    from chalicelib.outbound.sealing import Sealer
    from chalicelib.services.establishing import Establishing

    return Establishing(connections=storage().connections, sealer=Sealer(settings().kms_key_id))


@cache
def finishing() -> "Finishing":
    from chalicelib.services.finishing import Finishing

    return Finishing(
        attempts=storage().attempts,
        establishing=establishing(),
        apps=apps(),
        web=web(),
        base_url=settings().base_url,
    )


@cache
def key_forms() -> "KeyForms":
    from chalicelib.services.key_forms import KeyForms

    return KeyForms(establishing=establishing(), apps=apps(), limits=limits(), web=web())


@cache
def callers() -> "Callers":
    from chalicelib.services.callers import Callers

    return Callers(settings(), web())


@cache
def repeating() -> "Repeating":
    from chalicelib.services.repeating import Repeating

    return Repeating(answers=storage().answers, key=next(iter(settings().signing_keys.values())))


@cache
def letters() -> "Letters":
    from chalicelib.services.letters import Letters

    stored = storage()
    return Letters(
        entities=stored.entities,
        members=stored.members,
        invitations=stored.invitations,
        events=stored.events,
        sign_ins=stored.sign_ins,
        links=links(),
        apps=apps(),
        renderer=renderer(),
        base_url=settings().base_url,
    )


@cache
def alerting() -> "Alerting":
    from chalicelib.domain import LetterKind
    from chalicelib.outbound.mail import Post
    from chalicelib.services.alerting import Alerting
    from chalicelib.services.posting import Posting
    from chalicelib.settings import LOGOS

    brand, write, stored = settings().brand, letters(), storage()
    posting = Posting(
        outbox=stored.outbox,
        post=Post(settings().mail_from, brand.product_name, LOGOS / brand.logo if brand.logo else None),
        compose={
            LetterKind.ALERT: write.alert,
            LetterKind.INVITATION: write.invitation,
            LetterKind.SIGN_IN: write.sign_in,
        },
        outcome=write.outcome,
    )
    return Alerting(
        entities=stored.entities, letters=write, events=stored.events, outbox=stored.outbox, posting=posting
    )
