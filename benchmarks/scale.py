"""What a page costs does not depend on who else is there."""

from collections.abc import Iterator, Mapping
from itertools import batched

import boto3

from benchmarks.meter import Bill
from benchmarks.operations import PAGES
from benchmarks.report import Section
from benchmarks.stage import Act, Stage, Stages, email
from chalicelib import keys
from chalicelib.domain import EventKind, Invitation, InvitationState
from chalicelib.services.events import event
from chalicelib.storage import rows
from chalicelib.storage.models import CoreItem
from tests.support.visitor import Answer, Visitor

FEW, MANY = 10, 10_000
EVENTS, INVITATIONS = 500, 100
HEAD = ("page", "calls", "RCU", "calls", "RCU", "calls", "RCU", "")
NOTE = f"""DynamoDB's calls and capacity of one entity's pages: with {FEW} other entities in the table, with {MANY:,} (both must be
the same), and then with {EVENTS} events and {INVITATIONS} invitations of its own (the calls must be the same; the console reads the
invitations, so its capacity is not). A Query reads up to 1 MB in one call."""

type Bills = Mapping[str, Bill]


def section(stages: Stages) -> Section:
    """Each page, three times."""
    with stages() as stage:
        entity_id = stage.entity()
        pages = _pages(stage, entity_id)
        _crowd(entity_id, range(FEW))
        few = _measured(stage, pages)
        _crowd(entity_id, range(FEW, MANY))
        many = _measured(stage, pages)
        _history(entity_id)
        long = _measured(stage, pages)
    over = _grown(few, many, long)
    return Section(
        title=f"Scale: {FEW} other entities, {MANY:,}, and a long history",
        note=NOTE,
        head=HEAD,
        rows=[
            [name, *_cells(few[name]), *_cells(many[name]), *_cells(long[name]), "OVER" if name in over else ""]
            for name in pages
        ],
        over=[f"{name}: costs more in a full table" for name in over],
    )


def _pages(stage: Stage, entity_id: str) -> dict[str, Act]:
    """The pages of one entity, which has a connection; each has been seen once."""
    stage.connect(entity_id)
    link, owner, admin = stage.world.link(entity_id), stage.world.visitor(), stage.admin(entity_id)
    paths = {name: f"/entities/{entity_id}{path}" for name, path in PAGES.items()}
    console = {name: _visit(admin, path) for name, path in {**paths, "Entities": "/entities"}.items()}
    return {"Landing page": _visit(owner, link), **console}


def _visit(visitor: Visitor, path: str) -> Act:
    def visit() -> Answer:
        answer = visitor.get(path)
        assert answer.status == 200, f"{path}: {answer.status}"
        return answer

    visit()
    return visit


def _measured(stage: Stage, pages: Mapping[str, Act]) -> Bills:
    return {name: stage.measured(act) for name, act in pages.items()}


def _grown(few: Bills, many: Bills, long: Bills) -> list[str]:
    return [
        name
        for name, bill in few.items()
        if _cells(bill) != _cells(many[name]) or bill.count("dynamodb") != long[name].count("dynamodb")
    ]


def _cells(bill: Bill) -> tuple[int, float]:
    return bill.count("dynamodb"), bill.read


def _crowd(entity_id: str, numbers: range) -> None:
    """Other entities, as the product would have written them: copies of this one under other names."""
    table = boto3.client("dynamodb")
    key = {"pk": {"S": rows.entity_key(entity_id)}, "sk": {"S": rows.ENTITY}}
    own = table.get_item(TableName="core", Key=key)["Item"]
    copies = ({**own, "pk": {"S": rows.entity_key(f"other-{number:07d}")}} for number in numbers)
    for batch in batched(copies, 25):
        table.batch_write_item(RequestItems={"core": [{"PutRequest": {"Item": item}} for item in batch]})


def _history(entity_id: str) -> None:
    """Years of use."""
    with CoreItem.batch_write() as batch:
        for item in _years(entity_id):
            batch.save(item)


def _years(entity_id: str) -> Iterator[CoreItem]:
    for number in range(EVENTS):
        told = event(entity_id, EventKind.OWNER_ASKED, f"admin {email(0)}", app="square", detail=_owner(number))
        yield rows.event_item(told)
    for number in range(INVITATIONS):
        yield rows.invitation_item(_invitation(entity_id, number))


def _owner(number: int) -> str:
    return f"owner-{number:03d}@coffee.example"


def _invitation(entity_id: str, number: int) -> Invitation:
    now = keys.now()
    return Invitation(
        id=keys.newest_first_id(now),
        entity_id=entity_id,
        app="square",
        email=_owner(number),
        requested_by=email(0),
        note="We need last quarter's sales before the twelfth.",
        state=InvitationState.SENT,
        created_at=now,
        generation=1,
    )
