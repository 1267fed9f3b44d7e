"""Grants that are of no use any more: the connection needs attention, and people hear of it, once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NoReturn

from chalicelib import logs
from chalicelib.domain import EventKind, Held, Reason
from chalicelib.errors import NeedsAttention
from chalicelib.i18n import N_
from chalicelib.services.events import event
from chalicelib.services.ports import Attention

HINTS: Mapping[Reason, str] = {
    Reason.REVOKED: N_("The app says that the access was taken back, or has ended. Connect the app again."),
    Reason.ENDED: N_("The access that was granted has ended. Connect the app again."),
    Reason.DENIED: N_("The app has refused the access for days. Connect the app again."),
}
OURSELVES = "system"
"""The actor of what nobody did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attending:
    """One transaction, one event, one letter to each admin."""

    attention: Attention

    def mark(self, held: Held, reason: Reason, owner: str = "") -> bool:
        """Returns whether it was us, now; not if the grant is another by now. ``owner`` is the lease's.

        :raises Unavailable: if it is not known whether it was written; the next try comes to the same.
        """
        noted = event(held.entity_id, EventKind.NEEDS_ATTENTION, OURSELVES, app=held.app, detail=reason.value)
        noted = replace(noted, connection_id=held.id, account_id=held.account_id)
        if not self.attention.mark(held, owner, reason, noted):
            return False
        logs.event("needs_attention", app=held.app, connection_id=held.id, reason=reason.value, needs_attention=1)
        return True


def refuse(reason: Reason | None) -> NoReturn:
    """:raises NeedsAttention: for this reason."""
    found = reason or Reason.ENDED
    raise NeedsAttention(found.value, HINTS[found])
