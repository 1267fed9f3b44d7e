"""Erasures: begun once for each entity that there was, and what has come of them. What they remove: storage/remains.py."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from pynamodb.expressions.update import Action

from chalicelib.domain import Erasure, Outcome, Returned, Step
from chalicelib.errors import Conflict
from chalicelib.storage import rows
from chalicelib.storage.models import CoreItem, EntityItem, ErasedItem, ErasureItem
from chalicelib.storage.tables import ConditionFailed, Transaction, call, update

SHARD = "erasures"
"""Of core's index ``due``: for the one function that erases."""
BATCH = 50
COUNTED = (
    *("entity", "connections", "members", "invitations", "events", "letters", "webhooks"),
    *("grants", "accounts", "memberships", "suppressions", "attempts"),
)
"""All that an erasure counts. Each number is there from the start: DynamoDB adds to nothing else that is nested."""


class Erasures:
    """The erasure rows of ``core``."""

    def get(self, erasure_id: str) -> Erasure | None:
        """One, consistent."""
        try:
            return _erasure(call(lambda: ErasureItem.get(*_key(erasure_id), consistent_read=True)))
        except ErasureItem.DoesNotExist:
            return None

    def of(self, entity_id: str) -> Erasure | None:
        """The last one of an entity, under way or over."""
        try:
            mark = call(lambda: ErasedItem.get(*rows.erased_key(entity_id), consistent_read=True))
        except ErasedItem.DoesNotExist:
            return None
        return self.get(mark.erasure_id)

    def begin(self, erasure: Erasure) -> None:
        """From here on the entity is not there: its link is dead, and nothing can be connected to it.

        :raises Conflict: if it was not there.
        """
        write = Transaction()
        key = (rows.entity_key(erasure.entity_id), rows.ENTITY)
        write.delete("entity", EntityItem(*key), EntityItem.pk.exists())
        write.put("erasure", _item(erasure))
        write.put("erased", ErasedItem(*rows.erased_key(erasure.entity_id), erasure_id=erasure.id, over=False))
        try:
            write.commit()
        except ConditionFailed:
            raise Conflict from None

    def due(self, now: datetime) -> Sequence[str]:
        """The ids of those that are not over, whose turn it is; who has waited longest comes first."""
        query = CoreItem.due.query(SHARD, CoreItem.due_at <= rows.due_number(now), limit=BATCH)
        return [rows.id_in(item.pk) for item in call(lambda: list(query))]

    def tell(self, erasure_id: str, connection_id: str, outcome: Outcome, at: datetime) -> None:
        """What became of a grant. What is known for certain stays: a second message about it says less."""
        path = ErasureItem.returned[connection_id]
        actions = [path["outcome"].set(outcome.value), path["at"].set(at.isoformat())]
        self._change(erasure_id, actions, path["outcome"] == Outcome.PENDING.value)

    def note(self, erasure: Erasure, steps: Mapping[Step, datetime], found_at: datetime, next_at: datetime) -> None:
        """How far it is, and when to go on."""
        actions = [
            ErasureItem.steps.set({step.value: at.isoformat() for step, at in steps.items()}),
            ErasureItem.found_at.set(found_at),
            ErasureItem.due_at.set(rows.due_number(next_at)),
        ]
        self._change(erasure.id, actions, ErasureItem.ended_at.does_not_exist())

    def end(self, erasure: Erasure, steps: Mapping[Step, datetime], left: Mapping[str, int], at: datetime) -> None:
        """Over. The name goes, and the addresses; another entity of this id may be made."""
        actions: list[Action] = [
            ErasureItem.steps.set({step.value: reached.isoformat() for step, reached in steps.items()}),
            ErasureItem.left.set(dict(left)),
            ErasureItem.ended_at.set(at),
            ErasureItem.name.remove(),
            ErasureItem.copies.remove(),
            ErasureItem.due_shard.remove(),
            ErasureItem.due_at.remove(),
        ]
        write = Transaction()
        write.update("erasure", ErasureItem(*_key(erasure.id)), actions, ErasureItem.ended_at.does_not_exist())
        mark = ErasedItem(*rows.erased_key(erasure.entity_id))
        write.update("erased", mark, [ErasedItem.over.set(True)], ErasedItem.erasure_id == erasure.id)
        try:
            write.commit()
        except ConditionFailed:
            return

    def _change(self, erasure_id: str, actions: Sequence[Action], condition: Any) -> None:
        try:
            update(ErasureItem(*_key(erasure_id)), actions, ErasureItem.pk.exists() & condition)
        except ConditionFailed:
            return


def counted(write: Transaction, erasure_id: str, counts: Mapping[str, int], copies: Sequence[tuple[str, str]]) -> None:
    """What a transaction removes is counted in it: a process that dies has removed and counted, or neither."""
    actions: list[Action] = [
        ErasureItem.counts[name].set(ErasureItem.counts[name] + number) for name, number in counts.items()
    ]
    if copies:
        actions.append(ErasureItem.copies.add({"\n".join(key) for key in copies}))
    write.update("erasure", ErasureItem(*_key(erasure_id)), actions, ErasureItem.ended_at.does_not_exist())


def registered(write: Transaction, erasure_id: str, one: Returned) -> None:
    """A grant is to be given back: noted and counted once."""
    path, number = ErasureItem.returned[one.connection_id], ErasureItem.counts["grants"]
    told = {"app": one.app, "outcome": one.outcome.value, "at": one.at.isoformat()}
    write.update(
        "erasure", ErasureItem(*_key(erasure_id)), [path.set(told), number.set(number + 1)], path.does_not_exist()
    )


def _key(erasure_id: str) -> tuple[str, str]:
    return f"ERASURE#{erasure_id}", rows.ENTITY


def _item(erasure: Erasure) -> ErasureItem:
    return ErasureItem(
        *_key(erasure.id),
        entity_id=erasure.entity_id,
        name=erasure.name,
        requested_by=erasure.requested_by,
        requested_at=erasure.requested_at,
        found_at=erasure.found_at,
        counts={name: int(name == "entity") for name in COUNTED},
        returned={},
        steps={step.value: at.isoformat() for step, at in erasure.steps.items()},
        left={},
        due_shard=SHARD,
        due_at=rows.due_number(erasure.requested_at),
    )


def _erasure(item: ErasureItem) -> Erasure:
    returned = {name: dict(told) for name, told in _plain(item.returned).items()}
    return Erasure(
        id=rows.id_in(item.pk),
        entity_id=item.entity_id,
        name=item.name or "",
        requested_by=item.requested_by,
        requested_at=item.requested_at,
        ended_at=cast("datetime | None", item.ended_at),
        found_at=item.found_at,
        counts={name: int(number) for name, number in _plain(item.counts).items()},
        returned=tuple(
            Returned(
                connection_id=name,
                app=told["app"],
                outcome=Outcome(told["outcome"]),
                at=datetime.fromisoformat(told["at"]),
            )
            for name, told in sorted(returned.items())
        ),
        steps={Step(step): datetime.fromisoformat(at) for step, at in _plain(item.steps).items()},
        left={name: int(number) for name, number in _plain(item.left).items()},
        copies=frozenset((key.partition("\n")[0], key.partition("\n")[2]) for key in item.copies or ()),
    )


def _plain(kept: Any) -> dict[str, Any]:
    found: dict[str, Any] = kept.as_dict()
    return found
