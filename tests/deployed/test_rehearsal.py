"""The very package that ships, deployed by CloudFormation, does the main job through its API Gateway."""

from local.simulators.people import approve
from tests.deployed.rehearsal import Rehearsal, eventually
from tests.support.dance import come_back, left_for
from tests.support.visitor import Visitor

PAT, SAM, OLIVE = "pat@acme.example", "sam@acme.example", "olive@coffee.example"


def _connect(stack: Rehearsal, owner: Visitor, link: str, app: str) -> str:
    owner.get(f"{link}/{app}")
    assert owner.page.status == 200, owner.page.body
    owner.submit(f"/{app}")
    come_back(owner, approve(left_for(owner)))
    return owner.page.text


def test_the_main_job(stack: Rehearsal) -> None:
    assert stack.call("PUT", "/entities/acme", {"name": "Acme Coffee LLC", "admins": [PAT, SAM]}).status == 201
    link = stack.call("GET", "/entities/acme/link").json["url"].removeprefix(stack.origin)
    assert link.startswith(f"{stack.prefix}/c/acme~")

    asked = {"app": "square", "email": OLIVE, "requested_by": PAT}
    assert stack.call("POST", "/entities/acme/invitations", asked).status == 201
    letter = stack.letter(OLIVE, "Square")
    assert letter["CC"] == [PAT]

    owner = stack.visitor()
    assert "is connected to Acme Coffee LLC" in _connect(stack, owner, link, "square")
    for admin in (PAT, SAM):
        assert "Square" in stack.letter(admin, "connected")["Subject"]
    [connection] = stack.call("GET", "/entities/acme/connections").json
    assert connection["app"] == "square"

    new = stack.call("POST", "/entities/acme/link/regenerate").json["url"].removeprefix(stack.origin)
    assert stack.visitor().get(link).status == 404
    assert stack.visitor().get(new).status == 200
    assert eventually(lambda: len(stack.letters(PAT, "connected")) == 1, "one letter to each admin")
