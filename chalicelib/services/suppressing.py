"""Addresses that letters come back from, or that complained of one: not written to until an admin says so."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from chalicelib import keys
from chalicelib.domain import Books, EventKind, Invitation, InvitationState, Suppression
from chalicelib.errors import NotFound, Suppressed
from chalicelib.i18n import N_
from chalicelib.services.events import event
from chalicelib.services.ports import Members, Suppressions

NOT_ARRIVED = frozenset({InvitationState.FAILED, InvitationState.BOUNCED, InvitationState.COMPLAINED})
TRIES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressing:
    """The truth is one row of the address's own. Each of its memberships has a copy, for whoever alerts everybody."""

    suppressions: Suppressions
    members: Members

    def check(self, email: str) -> None:
        """:raises Suppressed: if the address is not written to."""
        found = self.suppressions.of([email]).get(email)
        if found is not None:
            complained = N_("This address asked not to get our letters. Take another one, or send the link yourself.")
            bounced = N_("Letters to this address come back. Take another one, or send the link yourself.")
            raise Suppressed(email, complained if found.complained else bounced)

    def behind(self, books: Books, invitations: Iterable[Invitation], refused: str = "") -> tuple[Suppression, ...]:
        """Why some of these did not arrive, and why an address was refused, as far as the entity may lift it.

        Without a read, if they all arrived.
        """
        emails = {invitation.email for invitation in invitations if invitation.state in NOT_ARRIVED}
        if may_lift(books, refused):
            emails.add(refused)
        return tuple(suppression for _, suppression in sorted(self.suppressions.of(emails).items()))

    def suppress(self, email: str, *, complained: bool, sent_at: datetime) -> None:
        """No more letters to the address, because of what became of one that was sent then."""
        self.suppressions.put(Suppression(email=email, complained=complained, since=keys.now()), sent_at)
        self._spread(email)

    def lift(self, books: Books, typed: str, by: str) -> str:
        """Letters to the address again. Returns the address.

        :raises NotFound: if it is neither an admin of the entity nor was asked by one.
        """
        email = typed.strip().lower()
        if not may_lift(books, email):
            raise NotFound
        resumed = event(books.entity.id, EventKind.LETTERS_RESUMED, by, detail=email)
        self.suppressions.lift(email, resumed.at, resumed)
        self._spread(email)
        return email

    def joined(self, entity_id: str, emails: Iterable[str]) -> None:
        """New members get their copy. They are members first: whoever suppresses one meanwhile sees them, or we see it."""
        for suppression in self.suppressions.of(emails).values():
            self.members.mark(entity_id, suppression.email, suppression)

    def _spread(self, email: str) -> None:
        """Copies for all memberships; once more, if the truth changed meanwhile. Done again it comes to the same."""
        told = self.suppressions.of([email]).get(email)
        for _ in range(TRIES):
            for entity_id in self.members.entity_ids_of(email):
                self.members.mark(entity_id, email, told)
            before, told = told, self.suppressions.of([email]).get(email)
            if before == told:
                return


def may_lift(books: Books, email: str) -> bool:
    """Whether the entity has to do with the address."""
    return email in books.admins or any(invitation.email == email for invitation in books.invitations)
