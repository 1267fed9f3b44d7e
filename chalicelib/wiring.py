"""The only place that joins flows to adapters. Everything is made when first asked for, and once.

What holds secrets, or holds what holds them, is ``renewed``: made anew when a rotation has changed them. The rest
stays: a rotation must not cost a cold start.

The imports stand inside the functions: a landing page must not pay for SES, nor a sign-in for the catalogue.
"""

from collections.abc import Callable
from functools import cache, wraps
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chalicelib.outbound.queues import Outgoings, Revocations
    from chalicelib.outbound.sealing import Sealer, WebhookSealer
    from chalicelib.outbound.secrets import CurrentSettings
    from chalicelib.outbound.web import Web
    from chalicelib.rendering import Renderer
    from chalicelib.services.administering import Administering
    from chalicelib.services.alerting import Alerting
    from chalicelib.services.apps import Apps
    from chalicelib.services.arriving import Arriving
    from chalicelib.services.attending import Attending
    from chalicelib.services.boxes import Boxes
    from chalicelib.services.breaking import Breaking
    from chalicelib.services.callers import Callers, IssuerKeys
    from chalicelib.services.checking import Checking
    from chalicelib.services.choosing import Choosing
    from chalicelib.services.crediting import Crediting
    from chalicelib.services.delivering import Delivering
    from chalicelib.services.disconnecting import Disconnecting
    from chalicelib.services.ending import Ending
    from chalicelib.services.ending_letters import EndingLetters
    from chalicelib.services.erasing import Erasing
    from chalicelib.services.erasure_letters import ErasureLetters
    from chalicelib.services.establishing import Establishing
    from chalicelib.services.finishing import Finishing
    from chalicelib.services.handing_over import HandingOver
    from chalicelib.services.inviting import Inviting
    from chalicelib.services.keeping import Keeping
    from chalicelib.services.key_forms import KeyForms
    from chalicelib.services.letters import Letters
    from chalicelib.services.limits import Limits
    from chalicelib.services.links import Links
    from chalicelib.services.mail_events import MailEvents
    from chalicelib.services.mending_letters import MendingLetters
    from chalicelib.services.noticing import Noticing
    from chalicelib.services.parking import Parking
    from chalicelib.services.posting import Posting
    from chalicelib.services.publishing import Publishing
    from chalicelib.services.receipts import Receipts
    from chalicelib.services.refreshing import Refreshing
    from chalicelib.services.removing import Removing
    from chalicelib.services.repeating import Repeating
    from chalicelib.services.requesting import Requesting
    from chalicelib.services.revoking import Revoking
    from chalicelib.services.signing_in import SigningIn
    from chalicelib.services.starting import Starting
    from chalicelib.services.subscribing import Subscribing
    from chalicelib.services.suppressing import Suppressing
    from chalicelib.settings import Settings, Site
    from chalicelib.storage import Storage


@cache
def _current() -> "CurrentSettings":
    from chalicelib.outbound.secrets import CurrentSettings

    return CurrentSettings()


def renew_settings() -> None:
    """Before each invocation: what was rotated meanwhile takes effect, and a failure to read shows."""
    _current().renew()


def settings() -> "Settings":
    """The current settings; the same object until a rotation changes them."""
    return _current().get()


def renewed[T](make: Callable[[], T]) -> Callable[[], T]:
    """Like ``cache``, until the settings are others: for what is made of secrets, directly or not.

    They are looked at before anything is made of them: two threads may both make it, but none keeps what is old.
    """
    held: tuple[Settings, T] | None = None

    @wraps(make)
    def current() -> T:
        nonlocal held
        now, found = settings(), held
        if found is None or found[0] is not now:
            found = held = (now, make())
        return found[1]

    return current


@cache
def site() -> "Site":
    from chalicelib.settings import load_site

    return load_site()


@cache
def storage() -> "Storage":
    from chalicelib.storage import connected

    names = settings()
    return connected(names.core_table, names.vault_table, names.ephemeral_table)


@cache
def renderer() -> "Renderer":
    from chalicelib.rendering import Renderer

    return Renderer(site().brand, site().base_path, site().language)


@cache
def web() -> "Web":
    from chalicelib.outbound.web import Web

    return Web(trusted_hosts)


@renewed
def trusted_hosts() -> "frozenset[str]":
    from chalicelib.outbound.addresses import hosts_of

    named = [address for entry in settings().endpoints.values() for address in entry.values()]
    return hosts_of([*named, settings().api_jwks_url])


@renewed
def apps() -> "Apps":
    from chalicelib.providers.catalogue import PROVIDERS
    from chalicelib.services.apps import Apps

    return Apps(
        providers=PROVIDERS,
        clients=settings().clients,
        endpoints=settings().endpoints,
        product_name=settings().brand.product_name,
    )


@renewed
def links() -> "Links":
    from chalicelib.services.links import Links

    return Links(entities=storage().entities, signing_keys=settings().signing_keys, base_url=settings().base_url)


@cache
def limits() -> "Limits":
    from chalicelib.services.limits import Limits

    return Limits(counters=storage().counters)


@renewed
def administering() -> "Administering":
    from chalicelib.services.administering import Administering

    stored = storage()
    return Administering(
        entities=stored.entities,
        members=stored.members,
        events=stored.events,
        links=links(),
        suppressing=suppressing(),
    )


@cache
def suppressing() -> "Suppressing":
    from chalicelib.services.suppressing import Suppressing

    return Suppressing(suppressions=storage().suppressions, members=storage().members)


@renewed
def inviting() -> "Inviting":
    from chalicelib.services.inviting import Inviting

    stored = storage()
    return Inviting(
        entities=stored.entities,
        invitations=stored.invitations,
        connections=stored.connections,
        suppressing=suppressing(),
        apps=apps(),
        limits=limits(),
        links=links(),
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


@renewed
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
def sealer() -> "Sealer":
    from chalicelib.outbound.sealing import Sealer

    return Sealer(settings().kms_key_id)


@cache
def establishing() -> "Establishing":
    from chalicelib.services.establishing import Establishing

    return Establishing(connections=storage().connections, sealer=sealer())


@cache
def attending() -> "Attending":
    from chalicelib.services.attending import Attending

    return Attending(attention=storage().attention)


@cache
def breaking() -> "Breaking":
    from chalicelib.providers.catalogue import PROVIDERS
    from chalicelib.services.breaking import Breaking

    return Breaking(breakers=storage().breakers, apps=tuple(PROVIDERS))


@renewed
def refreshing() -> "Refreshing":
    from chalicelib.services.refreshing import Refreshing

    return Refreshing(
        vault=storage().vault,
        sealer=sealer(),
        attending=attending(),
        breaking=breaking(),
        apps=apps(),
        web=web(),
    )


@renewed
def crediting() -> "Crediting":
    from chalicelib.services.crediting import Crediting

    return Crediting(vault=storage().vault, refreshing=refreshing(), attention=storage().attention, apps=apps())


@renewed
def checking() -> "Checking":
    from chalicelib.services.checking import Checking

    stored = storage()
    return Checking(
        vault=stored.vault,
        refreshing=refreshing(),
        connections=stored.connections,
        attending=attending(),
        apps=apps(),
        web=web(),
    )


@renewed
def keeping() -> "Keeping":
    from chalicelib.services.keeping import Keeping

    stored = storage()
    return Keeping(
        vault=stored.vault,
        refreshing=refreshing(),
        checking=checking(),
        attending=attending(),
        attention=stored.attention,
        breaking=breaking(),
        apps=apps(),
    )


@renewed
def ending() -> "Ending":
    from chalicelib.services.ending import Ending

    return Ending(attempts=storage().attempts, entities=storage().entities, establishing=establishing())


@cache
def disconnecting() -> "Disconnecting":
    from chalicelib.services.disconnecting import Disconnecting

    return Disconnecting(connections=storage().connections, disconnections=storage().disconnections)


@cache
def revocations() -> "Revocations":
    from chalicelib.outbound.queues import Revocations

    return Revocations(settings().revocations_queue)


@renewed
def noticing() -> "Noticing":
    from chalicelib.services.noticing import Noticing

    stored = storage()
    return Noticing(
        accounts=stored.accounts,
        connections=stored.connections,
        disconnections=stored.disconnections,
        disconnecting=disconnecting(),
        apps=apps(),
        web=web(),
    )


@renewed
def revoking() -> "Revoking":
    from chalicelib.services.revoking import Revoking

    stored = storage()
    return Revoking(
        vault=stored.vault,
        accounts=stored.accounts,
        events=stored.events,
        erasures=stored.erasures,
        revocations=revocations(),
        sealer=sealer(),
        apps=apps(),
        web=web(),
    )


@renewed
def erasing() -> "Erasing":
    from chalicelib.services.erasing import Erasing

    stored = storage()
    return Erasing(entities=stored.entities, erasures=stored.erasures, remains=stored.remains, apps=apps())


@renewed
def removing() -> "Removing":
    from chalicelib.services.removing import Removing

    stored = storage()
    return Removing(erasures=stored.erasures, remains=stored.remains, revocations=revocations(), apps=apps())


@renewed
def parking() -> "Parking":
    from chalicelib.services.parking import Parking

    return Parking(boxes=_boxes("parking"))


def _boxes(label: str) -> "Boxes":
    from chalicelib.services.boxes import Boxes

    return Boxes(label=label, signing_keys=tuple(settings().signing_keys.values()))


@renewed
def finishing() -> "Finishing":
    from chalicelib.services.finishing import Finishing
    from chalicelib.services.redeeming import Redeeming

    return Finishing(
        attempts=storage().attempts,
        ending=ending(),
        redeeming=Redeeming(parking=parking(), base_url=settings().base_url),
        apps=apps(),
        web=web(),
    )


@renewed
def choosing() -> "Choosing":
    from chalicelib.services.choosing import Choosing

    return Choosing(attempts=storage().attempts, ending=ending(), parking=parking(), apps=apps(), web=web())


@renewed
def arriving() -> "Arriving":
    from chalicelib.services.arriving import Arriving

    return Arriving(
        attempts=storage().attempts,
        ending=ending(),
        parking=parking(),
        apps=apps(),
        web=web(),
        base_url=settings().base_url,
    )


@cache
def requesting() -> "Requesting":
    from chalicelib.services.requesting import Requesting

    return Requesting(entities=storage().entities)


@renewed
def handing_over() -> "HandingOver":
    from chalicelib.services.handing_over import HandingOver

    return HandingOver(attempts=storage().attempts, parking=parking(), apps=apps(), web=web())


@renewed
def key_forms() -> "KeyForms":
    from chalicelib.services.key_forms import KeyForms

    return KeyForms(
        attempts=storage().attempts,
        ending=ending(),
        parking=parking(),
        apps=apps(),
        limits=limits(),
        web=web(),
    )


@cache
def issuer_keys() -> "IssuerKeys":
    from chalicelib.services.callers import IssuerKeys

    return IssuerKeys(settings().api_jwks_url, web())


@renewed
def callers() -> "Callers":
    from chalicelib.services.callers import Callers

    return Callers(settings(), issuer_keys())


@renewed
def repeating() -> "Repeating":
    from chalicelib.services.repeating import Repeating

    return Repeating(answers=storage().answers, boxes=_boxes("idempotency"))


@renewed
def letters() -> "Letters":
    from chalicelib.services.letters import Letters

    stored = storage()
    return Letters(
        entities=stored.entities,
        members=stored.members,
        invitations=stored.invitations,
        events=stored.events,
        sign_ins=stored.sign_ins,
        suppressions=stored.suppressions,
        links=links(),
        apps=apps(),
        renderer=renderer(),
        base_url=settings().base_url,
    )


@renewed
def mending_letters() -> "MendingLetters":
    from chalicelib.services.mending_letters import MendingLetters

    stored = storage()
    return MendingLetters(
        entities=stored.entities,
        members=stored.members,
        connections=stored.connections,
        events=stored.events,
        suppressions=stored.suppressions,
        links=links(),
        apps=apps(),
        renderer=renderer(),
        base_url=settings().base_url,
    )


@renewed
def receipts() -> "Receipts":
    from chalicelib.services.receipts import Receipts

    return Receipts(
        entities=storage().entities,
        events=storage().events,
        disconnecting=disconnecting(),
        signing_keys=settings().signing_keys,
        base_url=settings().base_url,
    )


@renewed
def ending_letters() -> "EndingLetters":
    from chalicelib.services.ending_letters import EndingLetters

    stored = storage()
    return EndingLetters(
        entities=stored.entities,
        events=stored.events,
        suppressions=stored.suppressions,
        receipts=receipts(),
        apps=apps(),
        renderer=renderer(),
        base_url=settings().base_url,
    )


@cache
def erasure_letters() -> "ErasureLetters":
    from chalicelib.services.erasure_letters import ErasureLetters

    stored = storage()
    return ErasureLetters(erasures=stored.erasures, suppressions=stored.suppressions, renderer=renderer())


@renewed
def posting() -> "Posting":
    from chalicelib.domain import LetterKind
    from chalicelib.outbound.mail import Post
    from chalicelib.services.posting import Posting
    from chalicelib.settings import LOGOS

    brand, write = settings().brand, letters()
    return Posting(
        outbox=storage().outbox,
        post=Post(
            settings().mail_from,
            brand.product_name,
            LOGOS / brand.logo if brand.logo else None,
            settings().mail_configuration_sets,
        ),
        compose={
            LetterKind.ALERT: write.alert,
            LetterKind.ATTENTION: mending_letters().compose,
            LetterKind.CONSENT_ENDING: mending_letters().compose,
            LetterKind.DISCONNECTED: ending_letters().disconnected,
            LetterKind.RECEIPT: ending_letters().receipt,
            LetterKind.INVITATION: write.invitation,
            LetterKind.BOUNCED: write.bounced,
            LetterKind.SIGN_IN: write.sign_in,
            LetterKind.ERASED: erasure_letters().erased,
        },
        outcome=write.outcome,
        heard=bool(settings().mail_configuration_sets and settings().mail_events_topic),
    )


@renewed
def alerting() -> "Alerting":
    from chalicelib.services.alerting import Alerting

    stored = storage()
    return Alerting(
        entities=stored.entities,
        letters=letters(),
        mending=mending_letters(),
        ending=ending_letters(),
        outbox=stored.outbox,
        posting=posting(),
        revocations=revocations(),
    )


@cache
def outgoings() -> "Outgoings":
    from chalicelib.outbound.queues import Outgoings

    return Outgoings(settings().webhooks_queue)


@cache
def publishing() -> "Publishing":
    from chalicelib.outbound.bus import Bus
    from chalicelib.services.publishing import Publishing

    stored, bus = storage(), settings().event_bus
    return Publishing(
        waiting=stored.events,
        webhooks=stored.webhooks,
        outgoings=outgoings(),
        bus=Bus(bus) if bus else None,
        deployment=bool(settings().webhook_url),
    )


@cache
def webhook_sealer() -> "WebhookSealer":
    from chalicelib.outbound.sealing import WebhookSealer

    return WebhookSealer(settings().kms_key_id)


@cache
def subscribing() -> "Subscribing":
    from chalicelib.outbound.addresses import public
    from chalicelib.services.subscribing import Subscribing

    return Subscribing(webhooks=storage().webhooks, sealer=webhook_sealer(), check=public)


@cache
def webhook_webs() -> "tuple[Web, Web]":
    """For addresses that the platform set, which lead to public places only; and for the operator's own."""
    from chalicelib.outbound.addresses import hosts_of
    from chalicelib.outbound.web import Web
    from chalicelib.services.delivering import SECONDS

    return Web(seconds=SECONDS), Web(lambda: hosts_of([settings().webhook_url]), SECONDS)


@renewed
def delivering() -> "Delivering":
    from chalicelib.services.delivering import Delivering, Target

    url, secrets = settings().webhook_url, settings().webhook_secrets
    web, own = webhook_webs()
    return Delivering(
        webhooks=storage().webhooks,
        sealer=webhook_sealer(),
        web=web,
        own=own,
        deployment=Target(url=url, secrets=secrets) if url else None,
    )


@cache
def mail_events() -> "MailEvents":
    from chalicelib.services.mail_events import MailEvents

    stored = storage()
    return MailEvents(
        sent=stored.outbox, invitations=stored.invitations, members=stored.members, suppressing=suppressing()
    )
