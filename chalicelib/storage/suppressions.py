"""Addresses that are not written to: a row in each address's own partition, which is where the truth is."""

from collections.abc import Iterable
from datetime import datetime

from chalicelib.domain import Delivery, Event, Suppression
from chalicelib.storage import rows
from chalicelib.storage.models import SuppressionItem
from chalicelib.storage.tables import ConditionFailed, Transaction, call


class Suppressions:
    """The suppression rows of ``core``."""

    def put(self, suppression: Suppression, sent_at: datetime) -> None:
        """Suppress the address, because of a letter sent at ``sent_at``. The first time stays; a complaint is more.

        What comes (again) of a letter that was sent before an admin lifted it changes nothing.
        """
        item = SuppressionItem(*_key(suppression.email), why=rows.why(suppression), since=suppression.since)
        anew = SuppressionItem.pk.does_not_exist() | (SuppressionItem.lifted_at < sent_at)
        if suppression.complained:
            bounced = SuppressionItem.why == Delivery.BOUNCED.value
            anew |= bounced & SuppressionItem.lifted_at.does_not_exist()
        try:
            call(lambda: item.save(condition=anew))
        except ConditionFailed:
            return

    def lift(self, email: str, at: datetime, event: Event) -> None:
        """The address is written to again, and an event says so; nothing, if it is already."""
        standing = SuppressionItem.pk.exists() & SuppressionItem.lifted_at.does_not_exist()
        write = Transaction()
        write.update("suppression", SuppressionItem(*_key(email)), [SuppressionItem.lifted_at.set(at)], standing)
        write.put("event", rows.event_item(event))
        try:
            write.commit()
        except ConditionFailed:
            return

    def of(self, emails: Iterable[str]) -> dict[str, Suppression]:
        """The suppressions that stand, by address: one call."""
        wanted = [_key(email) for email in set(emails)]
        items = call(lambda: list(SuppressionItem.batch_get(wanted, consistent_read=True))) if wanted else []
        found = (rows.suppression(item) for item in items)
        return {suppression.email: suppression for suppression in found if suppression}


def _key(email: str) -> tuple[str, str]:
    return rows.admin_key(email), rows.SUPPRESSION
