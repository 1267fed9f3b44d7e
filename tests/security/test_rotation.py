"""Every secret is changed for another while people and programs go on, and nobody notices."""

import json
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Condition, Thread
from types import TracebackType
from typing import Self

import pytest

from local.simulators.people import approve
from tests.conftest import Clock
from tests.support import dance
from tests.support.stage import LATER, Stage, stage
from tests.support.visitor import Answer, Visitor
from tests.support.world import API_SECRET, BASE_URL, OWNER, PAT, SIGNING_KEYS, World, client

NEXT_SECRET = "sentinel-next-api-secret-0123456789abcdef"
NEXT_KEY = f"2:{'6f' * 32}"
PATIENCE = 180


@pytest.fixture
def operator(world: World) -> Iterator[Stage]:
    with stage() as made:
        yield made


class Load:
    """Work that is done over and over, each in a thread of its own, until it fails or the ``with`` ends.

    The quick wait for the slow, by a round: two processors are few.
    """

    def __init__(self, *work: Callable[[], None]) -> None:
        self._news = Condition()
        self._rounds = [0] * len(work)
        self._failure: BaseException | None = None
        self._over = False
        self._threads = [Thread(target=self._run, args=numbered, daemon=True) for numbered in enumerate(work)]

    def _run(self, number: int, task: Callable[[], None]) -> None:
        try:
            while not self._over:
                task()
                with self._news:
                    self._rounds[number] += 1
                    self._news.notify_all()
                    self._news.wait_for(lambda: self._over or self._rounds[number] <= min(self._rounds) + 1)
        except BaseException as failure:  # noqa: BLE001 - it is raised where the test waits
            with self._news:
                self._failure = self._failure or failure
                self._news.notify_all()

    def go_on(self) -> None:
        """Until each has done a whole round that began after this call."""
        with self._news:
            wanted = [done + 2 for done in self._rounds]
            self._news.wait_for(
                lambda: self._failure or all(done >= want for done, want in zip(self._rounds, wanted, strict=True)),
                PATIENCE,
            )
            assert all(done >= want for done, want in zip(self._rounds, wanted, strict=True)), self._rounds
        self._check()

    def _check(self) -> None:
        if self._failure:
            raise self._failure

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._news:
            self._over = True
            self._news.notify_all()
        for thread in self._threads:
            thread.join(PATIENCE)
        self._check()


class Everybody:
    """What people and programs hold, and what they do with it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.secrets = [API_SECRET]
        for entity_id in ("forms", "fresh"):
            world.entity(entity_id)
        self.admin = world.admin(entity_id="forms")
        self.entities: list[str] = []
        self.renew()

    def renew(self) -> None:
        """What an owner, an admin and the platform come by as time passes: another link, page and key."""
        entity_id = f"acme-{len(self.entities)}"
        body = {"name": "Acme Coffee LLC", "admins": [PAT]}
        assert self.world.platform(secret=self.secrets[-1]).put(f"/v1/entities/{entity_id}", body).status == 201
        self.entities.append(entity_id)
        self.link = _path(self.platform("GET", f"/v1/entities/{entity_id}/link"))
        self.admin.get("/entities/forms/members")
        self.csrf = self.admin.page.forms[-1].fields["csrf"]
        self.asked = (entity_id, self.repeated(entity_id).json)

    def platform(self, method: str, path: str, **headers: str) -> Answer:
        body = {"email": PAT} if path.endswith("console-sessions") else None
        asker = self.world.platform(secret=self.secrets[-1])
        return asker.post(path, body, **headers) if method == "POST" else asker.get(path, **headers)

    def repeated(self, key: str) -> Answer:
        return self.platform("POST", "/v1/entities/forms/console-sessions", idempotency_key=key)

    def sent(self, csrf: str) -> Answer:
        """A console form, by a browser of its own that holds the admin's session."""
        visitor = self.world.visitor()
        visitor.cookies = dict(self.admin.cookies)
        return visitor.post("/entities/forms/client-connect/regenerate", {"csrf": csrf})

    # The load

    def owners_open_links(self) -> None:
        fresh = _path(self.platform("POST", "/v1/entities/fresh/link/regenerate"))
        for link in (self.link, fresh):
            page = self.world.visitor().get(link)
            assert (page.status, "Acme Coffee LLC" in page.text) == (200, True), page.text

    def admins_send_forms(self) -> None:
        self.admin.get("/entities/forms/members")
        for csrf in (self.csrf, self.admin.page.forms[-1].fields["csrf"]):
            assert self.sent(csrf).status == 303

    def programs_call(self) -> None:
        for secret in list(self.secrets):
            assert self.world.platform(secret=secret).get("/v1/entities/forms").status == 200

    def programs_repeat(self) -> None:
        key, answered = self.asked
        again = self.repeated(key)
        assert (again.status, again.json) == (201, answered), again.body

    def owners_connect(self) -> None:
        page = dance.connect(self.world, self.world.visitor(), self.link, "square")
        assert "Square" in page.text, page.text
        assert page.status == 200
        assert not page.refresh


def _path(answer: Answer) -> str:
    url: str = answer.json["url"]
    return url.removeprefix(BASE_URL)


@pytest.fixture
def everybody(world: World, operator: Stage) -> Everybody:
    return Everybody(world)


@pytest.fixture
def rotate(operator: Stage, clock: Clock) -> Callable[..., None]:
    """The operator's step, and the minutes until it has reached every process."""

    def step(**changes: object) -> None:
        operator.put(**changes)
        clock.forward(seconds=LATER.seconds)

    return step


def test_every_secret_is_rotated_under_load(
    everybody: Everybody, operator: Stage, rotate: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threat 37. Each secret through its steps: a second one, the second first, the first gone. Nothing fails meanwhile."""
    world, accepted = everybody.world, _secrets_at_the_app(monkeypatch, operator)
    old = (everybody.link, everybody.csrf, everybody.asked)
    with Load(
        everybody.owners_open_links,
        everybody.admins_send_forms,
        everybody.programs_call,
        everybody.programs_repeat,
        everybody.owners_connect,
    ) as load:
        load.go_on()
        # The API's secret
        rotate(API_SECRET=f"{API_SECRET},{NEXT_SECRET}")
        load.go_on()
        everybody.secrets = [API_SECRET, NEXT_SECRET]
        load.go_on()
        rotate(API_SECRET=f"{NEXT_SECRET},{API_SECRET}")
        load.go_on()
        everybody.secrets = [NEXT_SECRET]
        load.go_on()
        rotate(API_SECRET=NEXT_SECRET)
        load.go_on()
        # The signing key
        rotate(SIGNING_KEYS=f"{SIGNING_KEYS},{NEXT_KEY}")
        load.go_on()
        rotate(SIGNING_KEYS=f"{NEXT_KEY},{SIGNING_KEYS}")
        load.go_on()
        assert (everybody.link, everybody.csrf, everybody.asked) == old, "all of it went on working"
        everybody.renew()
        load.go_on()
        rotate(SIGNING_KEYS=NEXT_KEY)
        load.go_on()
        # An app's client secret, with owners on their way
        under_way = [_at_the_app(world, everybody.link) for _ in range(4)]
        accepted.add("next-client-secret")
        rotate(APP_CREDENTIALS=_with_secret(operator, "next-client-secret"))
        load.go_on()
        accepted.intersection_update({"next-client-secret"})
        for owner, callback in under_way:
            assert "Square" in dance.come_back(owner, callback).text
            assert owner.page.status == 200
        load.go_on()
    platform = world.platform(secret=NEXT_SECRET)
    for entity_id in everybody.entities:
        kinds = {event["kind"] for event in platform.get(f"/v1/entities/{entity_id}/events").json["items"]}
        assert "connection_failed" not in kinds
    link, csrf, (key, _) = old
    assert world.visitor().get(link).status == 404
    assert everybody.sent(csrf).status == 403
    assert everybody.repeated(key).status == 409
    assert world.platform(secret=API_SECRET).get("/v1/entities/forms").status == 401


def _secrets_at_the_app(patch: pytest.MonkeyPatch, operator: Stage) -> set[str]:
    """The client secrets that Square takes: for a while two, as apps do it where a secret can be rotated."""
    accepted = {json.loads(str(operator.members["APP_CREDENTIALS"]))["square"]["client_secret"]}
    patch.setattr("local.simulators.client_auth.same", lambda given, _wanted: given in accepted)
    return accepted


def _with_secret(operator: Stage, secret: str) -> dict[str, dict[str, str]]:
    credentials: dict[str, dict[str, str]] = json.loads(str(operator.members["APP_CREDENTIALS"]))
    return credentials | {"square": credentials["square"] | {"client_secret": secret}}


def _at_the_app(world: World, link: str) -> tuple[Visitor, str]:
    """An owner who has allowed, and is about to come back."""
    owner = world.visitor()
    return owner, approve(dance.start(owner, link, "square"))


# An operator who retired a key too soon


@pytest.fixture
def retired(world: World, operator: Stage, rotate: Callable[..., None]) -> str:
    """An entity's link, whose key is no longer listed."""
    world.entity()
    link = world.link()
    rotate(SIGNING_KEYS=NEXT_KEY)
    return link


def test_a_retired_keys_link_is_dead_and_regenerate_heals_it(world: World, retired: str) -> None:
    """Threat 11. Dead links of every kind look the same to owners; admins read what to do, and can."""
    assert world.visitor().get(retired).text == world.visitor().get("/c/acme~nothing").text
    admin = world.admin()
    for page in ("/entities/acme/client-connect", "/entities/acme/apps/square"):
        assert "The Client Connect link does not work any more." in admin.get(page).text
        assert admin.page.status == 200
        assert "/c/" not in admin.page.body
    admin.get("/entities/acme/client-connect/regenerate")
    admin.submit("/regenerate")
    assert "does not work any more" not in admin.page.text
    assert world.visitor().get(world.link()).status == 200


def test_a_retired_keys_link_is_handed_out_to_nobody(world: World, retired: str) -> None:
    answer = world.platform().get("/v1/entities/acme/link")
    assert (answer.status, "Regenerate the link" in answer.json["detail"]) == (409, True)
    asked = {"app": "square", "email": OWNER, "requested_by": PAT}
    assert world.platform().post("/v1/entities/acme/invitations", asked).status == 409
    world.admin().get("/entities/acme/apps/square")
    assert world.platform().get("/v1/entities/acme/invitations").json["items"] == []


def test_a_letter_that_waits_is_not_sent_with_a_retired_keys_link(
    world: World, operator: Stage, rotate: Callable[..., None]
) -> None:
    world.entity()
    asked = {"app": "square", "email": OWNER, "requested_by": PAT}
    assert world.platform().post("/v1/entities/acme/invitations", asked).status == 201
    rotate(SIGNING_KEYS=NEXT_KEY)
    world.deliver()
    assert world.letters(to=OWNER) == []
    assert [item["state"] for item in world.core.items("outbox")] == ["dropped"], "nor does it wait for ever"


def test_an_owner_who_is_under_way_still_arrives(world: World, operator: Stage, rotate: Callable[..., None]) -> None:
    world.entity()
    owner, callback = _at_the_app(world, world.link())
    rotate(SIGNING_KEYS=NEXT_KEY)
    assert dance.come_back(owner, callback).status == 200
    assert [found["app"] for found in world.connections()] == ["square"]
    assert "/c/" not in owner.page.body


def test_the_documented_command_lists_the_links_that_retiring_would_kill(
    world: World, operator: Stage, rotate: Callable[..., None]
) -> None:
    """What docs/operating.md tells an operator to ask the table, before a key is taken out."""
    page = (Path(__file__).parents[2] / "docs" / "operating.md").read_text("utf-8")
    command = page.partition("aws dynamodb scan")[2].partition("```")[0].replace("\\\n", " ")
    options = dict(zip(*[iter(shlex.split(command.replace("<old key id>", "1")))] * 2, strict=True))
    for entity_id in ("old", "healed"):
        world.entity(entity_id)
    rotate(SIGNING_KEYS=f"{NEXT_KEY},{SIGNING_KEYS}")
    world.entity("new")
    world.platform().post("/v1/entities/healed/link/regenerate")
    found = client("dynamodb").scan(
        TableName="core",
        FilterExpression=options["--filter-expression"],
        ExpressionAttributeNames=json.loads(options["--expression-attribute-names"]),
        ExpressionAttributeValues=json.loads(options["--expression-attribute-values"]),
        ProjectionExpression=options["--projection-expression"],
    )
    assert [item["pk"]["S"] for item in found["Items"]] == ["E#old"]
