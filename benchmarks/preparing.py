"""Making an operation ready: everything that has to be there before it, uncounted."""

from collections.abc import Callable

from benchmarks.stage import Act, Stage, email
from chalicelib import wiring

type Prepare = Callable[[Stage], Callable[[], object]]
"""Returns the act that is counted."""


def landing(stage: Stage) -> Act:
    path, visitor = stage.world.link(stage.entity()), stage.world.visitor()
    return lambda: visitor.get(path)


def consent(stage: Stage) -> Act:
    path, visitor = stage.world.link(stage.entity()), stage.world.visitor()
    return lambda: visitor.get(f"{path}/square")


def start_invited(stage: Stage) -> Act:
    entity_id = stage.entity()
    return stage.start(entity_id, i=stage.invite(entity_id))[1]


def start_again(stage: Stage) -> Act:
    entity_id = stage.entity()
    start = stage.start(entity_id, i=stage.invite(entity_id))[1]
    start()
    return start


def reconnect(stage: Stage) -> Act:
    entity_id = stage.entity()
    stage.connect(entity_id)
    return stage.callback(entity_id)[1]


def result(stage: Stage) -> Act:
    visitor = stage.connect(stage.entity())
    path = visitor.page.location
    return lambda: visitor.get(path)


def console_page(path: str) -> Prepare:
    def prepare(stage: Stage) -> Act:
        entity_id = stage.entity()
        stage.connect(entity_id)
        admin = stage.admin(entity_id)
        return lambda: admin.get(f"/entities/{entity_id}{path}")

    return prepare


def entities(stage: Stage) -> Act:
    admin = stage.admin(stage.entity())
    return lambda: admin.get("/entities")


def console_form(path: str, action: str, **fields: str) -> Prepare:
    """The page's form, filled in; the page that a redirect leads to is not counted."""

    def prepare(stage: Stage) -> Act:
        entity_id = stage.entity()
        admin = stage.admin(entity_id)
        page = admin.get(f"/entities/{entity_id}{path}")
        form = next(form for form in page.forms if form.action.endswith(action) and form.method == "post")
        return lambda: admin.post(form.action, form.fields | fields)

    return prepare


def ask_to_sign_in(stage: Stage) -> Act:
    stage.entity()
    visitor = stage.world.visitor()
    return lambda: visitor.post("/sign-in", {"email": email(0)})


def sign_in(stage: Stage, method: str) -> Act:
    wanted = f"/v1/entities/{stage.entity()}/console-sessions"
    url: str = stage.world.platform().post(wanted, {"email": email(0)}).json["url"]
    send = getattr(stage.world.visitor(), method)
    return lambda: send(url)


def alert(admins: int) -> Prepare:
    def prepare(stage: Stage) -> Callable[[], object]:
        entity_id = stage.entity(admins)
        return triggered(stage, lambda: stage.connect(entity_id), "connected", letters=admins)

    return prepare


def invitation_letter(stage: Stage) -> Callable[[], object]:
    entity_id = stage.entity()
    return triggered(stage, lambda: stage.invite(entity_id), "invitation")


def sign_in_letter(stage: Stage) -> Callable[[], object]:
    return triggered(stage, ask_to_sign_in(stage), "sign_in")


def triggered(stage: Stage, cause: Callable[[], object], kind: str, letters: int = 1) -> Callable[[], object]:
    """What the stream's trigger does with the record of this kind; it must send so many letters."""
    event, before = stage.news(cause, kind), len(stage.world.letters())

    def trigger() -> None:
        assert stage.world.trigger(event) == {"batchItemFailures": []}
        sent = len(stage.world.letters()) - before
        assert sent == letters, f"{kind}: {sent} letters"

    return trigger


def put_new(stage: Stage) -> Act:
    entity_id = f"{stage.entity()}-new"
    body = {"name": "Acme Coffee LLC", "admins": [email(0), email(1)]}
    return lambda: stage.world.platform().put(f"/v1/entities/{entity_id}", body)


def put_same(stage: Stage) -> Act:
    entity_id, body = stage.entity(), {"name": "Acme Coffee LLC", "admins": [email(0), email(1)]}
    return lambda: stage.world.platform().put(f"/v1/entities/{entity_id}", body)


def api_call(method: str, path: str, *body: object) -> Prepare:
    def prepare(stage: Stage) -> Act:
        send, address = getattr(stage.world.platform(), method), f"/v1/entities/{stage.entity()}{path}"
        return lambda: send(address, *body)

    return prepare


LONG_AGO = "2026-01-01T00:00:00.000000+0000"


def credentials(*, noted: bool = True, at_hand: bool = True, ended: bool = False) -> Prepare:
    """A reading by the platform. ``noted``: not the day's first; ``at_hand``: KMS opened the key a moment ago."""

    def prepare(stage: Stage) -> Act:
        entity_id = stage.entity()
        stage.connect(entity_id)
        [connection] = stage.world.connections(entity_id)
        path, platform = f"/v1/entities/{entity_id}/connections/{connection['id']}/credentials", stage.world.platform()
        if noted:
            assert platform.get(path).status == 200
        if not at_hand:
            wiring.sealer().forget()
        if ended:
            [item] = [one for one in stage.world.vault.items() if one["entity_id"] == entity_id]
            stage.world.vault.put({**item, "expires_at": LONG_AGO})
        return lambda: platform.get(path)

    return prepare
