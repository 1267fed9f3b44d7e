"""The three tables as PynamoDB models, and nothing else. docs/design.md, *Data*, says why three.

``core`` sorts an entity's partition by the leading digit of the sort key, so that one Query from the start
reads just what a page needs: 1 entity, 2 connections, 3 members, 4 invitations, 5 events, 6 outbox, 7 webhook.
"""

from collections.abc import Iterator
from typing import Any

from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    DiscriminatorAttribute,
    MapAttribute,
    NumberAttribute,
    TTLAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.constants import PAY_PER_REQUEST_BILLING_MODE, STREAM_NEW_IMAGE
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection, KeysOnlyProjection
from pynamodb.models import Model

CONNECT_SECONDS = 2
READ_SECONDS = 5
ATTEMPTS = 3


class _Meta:
    """Three tries of at most seven seconds: inside API Gateway's 29."""

    billing_mode = PAY_PER_REQUEST_BILLING_MODE
    connect_timeout_seconds = CONNECT_SECONDS
    read_timeout_seconds = READ_SECONDS
    max_retry_attempts = ATTEMPTS - 1


class DueIndex(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """What the sweep still has to look at; sparse. It only finds: the item itself is read before anything is done."""

    class Meta:
        index_name = "due"
        projection = IncludeProjection(["type"])

    due_shard = UnicodeAttribute(hash_key=True)
    due_at = NumberAttribute(range_key=True)


class SealedIndex(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """What is sealed, by the KMS key that opens it; sparse. For ``make reseal``; see ``storage/sealed.py``."""

    class Meta:
        index_name = "sealed"
        projection = KeysOnlyProjection()

    sealed_shard = UnicodeAttribute(hash_key=True)
    sealed_under = UnicodeAttribute(range_key=True)


class CoreItem(Model):
    """Base of everything in ``core``."""

    class Meta(_Meta):
        table_name = "core"
        stream_view_type = STREAM_NEW_IMAGE

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    type = DiscriminatorAttribute()
    due_shard = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)
    due = DueIndex()
    sealed_shard = UnicodeAttribute(null=True)
    sealed_under = UnicodeAttribute(null=True)
    sealed_index = SealedIndex()


class EntityItem(CoreItem, discriminator="entity"):
    name = UnicodeAttribute()
    created_at = UTCDateTimeAttribute()
    nonce = BinaryAttribute(legacy_encoding=False)
    key_id = NumberAttribute()
    generation = NumberAttribute()
    link_created_at = UTCDateTimeAttribute()
    admins = NumberAttribute()
    asked: MapAttribute[str, Any] = MapAttribute(default=dict)  # type: ignore[no-untyped-call]
    waiting: MapAttribute[str, Any] = MapAttribute(default=dict)  # type: ignore[no-untyped-call]


class ConnectionItem(CoreItem, discriminator="connection"):
    app = UnicodeAttribute()
    account_id = UnicodeAttribute()
    account_name = UnicodeAttribute()
    status = UnicodeAttribute()
    connected_at = UTCDateTimeAttribute()
    connected_by = UnicodeAttribute()
    first_connected_at = UTCDateTimeAttribute()
    invited = UnicodeAttribute(null=True)
    limited = UnicodeAttribute(null=True)


class AccountItem(CoreItem, discriminator="account"):
    """In the partition of an account at an app: an entity that has it connected, or had."""

    app = UnicodeAttribute()
    connection_id = UnicodeAttribute()
    living = BooleanAttribute()


class MemberItem(CoreItem, discriminator="member"):
    added_at = UTCDateTimeAttribute()
    added_by = UnicodeAttribute()
    suppressed = UnicodeAttribute(null=True)
    suppressed_since = UTCDateTimeAttribute(null=True)


class MembershipItem(CoreItem, discriminator="membership"):
    """The member once more, in the admin's own partition: it lists an admin's entities, and authorises nothing."""


class SuppressionItem(CoreItem, discriminator="suppression"):
    """In the address's own partition. A lifted one stays: what is said of letters sent before is over."""

    why = UnicodeAttribute()
    since = UTCDateTimeAttribute()
    lifted_at = UTCDateTimeAttribute(null=True)


class InvitationItem(CoreItem, discriminator="invitation"):
    app = UnicodeAttribute()
    email = UnicodeAttribute()
    requested_by = UnicodeAttribute()
    note = UnicodeAttribute()
    state = UnicodeAttribute()
    created_at = UTCDateTimeAttribute()
    generation = NumberAttribute()


class EventItem(CoreItem, discriminator="event"):
    kind = UnicodeAttribute()
    at = UTCDateTimeAttribute()
    actor = UnicodeAttribute()
    app = UnicodeAttribute()
    connection_id = UnicodeAttribute()
    account_id = UnicodeAttribute()
    detail = UnicodeAttribute()
    was = UnicodeAttribute(null=True)


class OutboxRow(CoreItem, discriminator="outbox"):
    id = UnicodeAttribute()
    kind = UnicodeAttribute()
    to = UnicodeAttribute()
    state = UnicodeAttribute()
    subject_id = UnicodeAttribute()
    sends = NumberAttribute(default=0)
    tries = NumberAttribute(default=0)
    created_at = UTCDateTimeAttribute()
    claim = UnicodeAttribute(default="")
    message_id = UnicodeAttribute(null=True)
    delivery = UnicodeAttribute(null=True)


class WebhookItem(CoreItem, discriminator="webhook"):
    """Where the entity's events are posted to; ``sealed`` and ``previous`` sign, and open only for whoever posts."""

    url = UnicodeAttribute()
    state = UnicodeAttribute()
    created_at = UTCDateTimeAttribute()
    sealed = BinaryAttribute(legacy_encoding=False)
    previous = BinaryAttribute(legacy_encoding=False, null=True)
    previous_until = UTCDateTimeAttribute(null=True)


class ErasureItem(CoreItem, discriminator="erasure"):
    """In a partition of its own: what has been done, and what it came to. Stays when it is over."""

    entity_id = UnicodeAttribute()
    name = UnicodeAttribute(null=True)
    requested_by = UnicodeAttribute()
    requested_at = UTCDateTimeAttribute()
    ended_at = UTCDateTimeAttribute(null=True)
    found_at = UTCDateTimeAttribute()
    counts: MapAttribute[str, Any] = MapAttribute()  # type: ignore[no-untyped-call]
    returned: MapAttribute[str, Any] = MapAttribute()  # type: ignore[no-untyped-call]
    steps: MapAttribute[str, Any] = MapAttribute()  # type: ignore[no-untyped-call]
    left: MapAttribute[str, Any] = MapAttribute()  # type: ignore[no-untyped-call]
    copies = UnicodeSetAttribute(null=True)


class ErasedItem(CoreItem, discriminator="erased"):
    """The last erasure of an entity, by the entity's id; until it is over nobody can make the entity again."""

    erasure_id = UnicodeAttribute()
    over = BooleanAttribute()


class ParkedItem(CoreItem, discriminator="parked"):
    """A stream record that nobody could read: where it was and what was wrong, never what it held."""

    why = UnicodeAttribute()
    at = UTCDateTimeAttribute()


class VaultDueIndex(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """Which grants something is to be done for, and when; sparse. The item itself is read before anything is done."""

    class Meta:
        index_name = "due"
        projection = IncludeProjection(["app", "status"])

    due_shard = UnicodeAttribute(hash_key=True)
    due_at = NumberAttribute(range_key=True)


class VaultSealedIndex(SealedIndex):  # type: ignore[no-untyped-call]
    """The same for the vault."""

    class Meta(SealedIndex.Meta):
        pass


class VaultItem(Model):
    """A sealed grant, and what must be known of it unopened. Its table has no stream and its own IAM."""

    class Meta(_Meta):
        table_name = "vault"

    entity_id = UnicodeAttribute(hash_key=True)
    connection_id = UnicodeAttribute(range_key=True)
    app = UnicodeAttribute()
    account_id = UnicodeAttribute()
    sealed = BinaryAttribute(legacy_encoding=False)
    expires_at = UTCDateTimeAttribute(null=True)
    refresh_expires_at = UTCDateTimeAttribute(null=True)
    status = UnicodeAttribute(default="active")
    version = UnicodeAttribute()
    reason = UnicodeAttribute(null=True)
    granted_at = UTCDateTimeAttribute()
    refreshed_at = UTCDateTimeAttribute()
    failures = NumberAttribute(default=0)
    refused = NumberAttribute(default=0)
    failing_since = UTCDateTimeAttribute(null=True)
    refused_since = UTCDateTimeAttribute(null=True)
    retry_at = UTCDateTimeAttribute(null=True)
    lease_owner = UnicodeAttribute(null=True)
    lease_until = UTCDateTimeAttribute(null=True)
    reminded = NumberAttribute(default=0)
    checked_at = UTCDateTimeAttribute(null=True)
    refusals = NumberAttribute(default=0)
    due_shard = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)
    due = VaultDueIndex()
    sealed_shard = UnicodeAttribute(null=True)
    sealed_under = UnicodeAttribute(null=True)
    sealed_index = VaultSealedIndex()


class EntityIndex(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """The attempts of an entity, for its erasure; sparse."""

    class Meta:
        index_name = "entity"
        projection = IncludeProjection(["type"])

    entity_id = UnicodeAttribute(hash_key=True)


class EphemeralItem(Model):
    """Base of what passes by itself. DynamoDB deletes late (up to days), so every reader checks ``expires_at``."""

    class Meta(_Meta):
        table_name = "ephemeral"

    pk = UnicodeAttribute(hash_key=True)
    type = DiscriminatorAttribute()
    expires_at = TTLAttribute()
    entity_id = UnicodeAttribute(null=True)
    of_entity = EntityIndex()


class AttemptItem(EphemeralItem, discriminator="attempt"):
    app = UnicodeAttribute()
    browser_hash = UnicodeAttribute()
    nonce = BinaryAttribute(legacy_encoding=False, null=True)
    admin = UnicodeAttribute(default="")
    session_hash = UnicodeAttribute(default="")
    tenant = UnicodeAttribute(default="")
    verifier = UnicodeAttribute(default="")
    invitation_id = UnicodeAttribute(default="")
    invited = UnicodeAttribute(default="")
    mends = UnicodeAttribute(default="")
    state = UnicodeAttribute()
    claim = UnicodeAttribute(default="")
    claimed_at = UTCDateTimeAttribute(null=True)
    account_id = UnicodeAttribute(null=True)
    account_name = UnicodeAttribute(null=True)
    reconnected = NumberAttribute(default=0)
    failure = UnicodeAttribute(default="")
    parked = BinaryAttribute(legacy_encoding=False, null=True)


class SessionItem(EphemeralItem, discriminator="session"):
    email = UnicodeAttribute()
    created_at = UTCDateTimeAttribute()
    last_seen_at = UTCDateTimeAttribute()


class SignInItem(EphemeralItem, discriminator="sign_in"):
    email = UnicodeAttribute()


class CounterItem(EphemeralItem, discriminator="counter"):
    taken = NumberAttribute(default=0)


class BreakerItem(EphemeralItem, discriminator="breaker"):
    """An app that fails. ``failing`` are the connections that it failed for since the window began."""

    failing = UnicodeSetAttribute(null=True)
    window_until = UTCDateTimeAttribute(null=True)
    open_until = UTCDateTimeAttribute(null=True)
    opened = NumberAttribute(default=0)


class ReadingItem(EphemeralItem, discriminator="reading"):
    """That somebody read a credential on a day stands in the history already."""


class NoticeItem(EphemeralItem, discriminator="notice"):
    """That an app's notice was acted on."""


class IdempotencyItem(EphemeralItem, discriminator="idempotency"):
    request_hash = UnicodeAttribute()
    claim = UnicodeAttribute()
    response = BinaryAttribute(legacy_encoding=False, null=True)


def tables() -> Iterator[type[Model]]:
    """The base model of each table."""
    yield from (CoreItem, VaultItem, EphemeralItem)
