"""Events leave: each on the bus, and into the queue of whoever has a webhook. At least once; their ids tell them apart.

Last of all that follows from an event: letters never wait for it. What has not left stays due, and the sweep tries again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from chalicelib import keys, logs
from chalicelib.domain import Event, Outgoing, Receiver
from chalicelib.services.event_bodies import body
from chalicelib.services.webhook_ports import Bus, Outgoings, Waiting, Webhooks

PAUSE = timedelta(minutes=10)
"""Letters that are due must have their turn, however many events cannot leave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publishing:
    """Everything here may happen twice; whoever receives it knows an event by its id."""

    waiting: Waiting
    webhooks: Webhooks
    outgoings: Outgoings
    bus: Bus | None
    deployment: bool
    """Whether the whole deployment has a webhook."""

    def publish(self, events: Iterable[Event]) -> None:
        """For events that nothing else is left to do for.

        :raises Unavailable: if DynamoDB is away; they stay due.
        """
        found = list({event.id: event for event in events}.values())
        if not found:
            return
        wanted = self._outgoings(found)
        unsent = self.outgoings.send(wanted) if wanted else frozenset()
        stay = {wanted[place].event_id for place in unsent}
        if self.bus is not None:
            stay |= {found[place].id for place in self.bus.put([body(event) for event in found])}
        for event in found:
            if event.id in stay:
                self.waiting.postponed(event, keys.now() + PAUSE)
            else:
                self.waiting.settled(event)
        logs.event("published", events=len(found), webhooks=len(wanted), failed=len(stay), events_unpublished=len(stay))

    def _outgoings(self, events: Sequence[Event]) -> list[Outgoing]:
        """What is to be posted of these, and to whom: one read for all."""
        hooked = self.webhooks.of(event.entity_id for event in events)
        wanted = [(event, Receiver.ENTITY) for event in events if event.entity_id in hooked]
        if self.deployment:
            wanted += [(event, Receiver.DEPLOYMENT) for event in events]
        return [Outgoing(entity_id=event.entity_id, event_id=event.id, receiver=who) for event, who in wanted]
