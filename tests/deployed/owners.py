"""What owners and admins do on the rehearsed stack, in more than one test."""

from dataclasses import dataclass
from itertools import count

from local.simulators.people import approve
from tests.deployed.rehearsal import Rehearsal
from tests.support.dance import come_back, left_for

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Books:
    """An entity of a test's own: tests share the stack."""

    id: str
    pat: str
    sam: str
    olive: str
    link: str
    """The connect link's path, stage and all."""


def books(stack: Rehearsal) -> Books:
    """A new entity with two admins."""
    number = next(_numbers)
    name, pat, sam = f"acme-{number}", f"pat-{number}@acme.example", f"sam-{number}@acme.example"
    made = stack.call("PUT", f"/entities/{name}", {"name": "Acme Coffee LLC", "admins": [pat, sam]})
    assert made.status == 201, made.body
    return Books(name, pat, sam, f"olive-{number}@coffee.example", link(stack, name))


def link(stack: Rehearsal, entity_id: str) -> str:
    """The path of the connect link as it is now."""
    url: str = stack.call("GET", f"/entities/{entity_id}/link").json["url"]
    return url.removeprefix(stack.origin)


def ask(stack: Rehearsal, made: Books, app: str = "square") -> str:
    """Pat asks Olive; the invitation's id, once its letter has gone."""
    asked = {"app": app, "email": made.olive, "requested_by": made.pat}
    answer = stack.call("POST", f"/entities/{made.id}/invitations", asked)
    assert answer.status == 201, answer.body
    stack.letter(made.olive, "connect")
    return str(answer.json["id"])


def connect(stack: Rehearsal, path: str, app: str = "square") -> str:
    """An owner connects; what the result page says."""
    owner = stack.visitor()
    owner.get(f"{path}/{app}")
    assert owner.page.status == 200, owner.page.body
    owner.submit(f"/{app}")
    come_back(owner, approve(left_for(owner)))
    return owner.page.text
