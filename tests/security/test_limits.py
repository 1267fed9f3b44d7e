"""How often who may ask, and what a stranger can tell from the answer: rows 19 and 20 of docs/security.md."""

from collections import Counter
from collections.abc import Callable, Iterator
from unittest.mock import patch

import pytest

from chalicelib.services import inviting, key_forms, limits, signing_in
from tests.conftest import Clock
from tests.support.aws import error
from tests.support.happening import together
from tests.support.visitor import Answer, Visitor
from tests.support.world import OWNER, PAT, SAM, World

AT_ONCE = 20
FEW = 5
USERS = {"ASK_": inviting, "SIGN_IN_": signing_in, "KEY_": key_forms}
"""Which module takes from which limits."""

type Lower = Callable[[str], None]


@pytest.fixture
def acme(world: World) -> World:
    world.entity()
    return world


@pytest.fixture
def only(world: World) -> Iterator[Lower]:
    """Makes one limit ``FEW`` and the others endless."""
    patches = []

    def lower(name: str) -> None:
        for other, limit in vars(limits).items():
            if isinstance(limit, limits.Limit):
                module = next(module for start, module in USERS.items() if other.startswith(start))
                count = FEW if other == name else 10_000
                patches.append(
                    patch.object(module, other, limits.Limit(name=limit.name, count=count, window=limit.window))
                )
                patches[-1].start()

    yield lower
    for made in patches:
        made.stop()


def ask(world: World, email: str = OWNER, *, by: str = PAT, entity: str = "acme") -> Answer:
    body = {"app": "square", "email": email, "requested_by": by}
    return world.platform().post(f"/v1/entities/{entity}/invitations", body)


def asked_at_once(world: World, *requests: dict[str, str]) -> list[int]:
    return [
        answer.status for answer in together(*[lambda request=request: ask(world, **request) for request in requests])
    ]


def check_five_of_twenty(world: World, statuses: list[int]) -> None:
    assert Counter(statuses) == {201: FEW, 429: AT_ONCE - FEW}
    assert len(world.deliver()) == FEW
    assert world.aws.calls.count("SendEmail") == FEW


# 19


def test_each_recipient(acme: World, only: Lower) -> None:
    """Threat 19. One owner is not flooded, whoever of whichever entity asks; twenty at once are no way around."""
    acme.entity("other", "Other LLC", (PAT,))
    only("ASK_RECIPIENT")
    requests = [{"by": (PAT, SAM)[n % 2]} if n % 3 else {"entity": "other"} for n in range(AT_ONCE)]
    check_five_of_twenty(acme, asked_at_once(acme, *requests))


def test_each_admin(acme: World, only: Lower) -> None:
    """Threat 19. Also across entities."""
    acme.entity("other", "Other LLC", (PAT,))
    only("ASK_ADMIN")
    requests = [{"email": f"owner{n}@coffee.example", "entity": ("acme", "other")[n % 2]} for n in range(AT_ONCE)]
    check_five_of_twenty(acme, asked_at_once(acme, *requests))


def test_each_entity(acme: World, only: Lower) -> None:
    """Threat 19. Its admins together."""
    only("ASK_ENTITY")
    requests = [{"email": f"owner{n}@coffee.example", "by": (PAT, SAM)[n % 2]} for n in range(AT_ONCE)]
    check_five_of_twenty(acme, asked_at_once(acme, *requests))


def test_what_is_refused_leaves_nothing_behind(acme: World, only: Lower) -> None:
    """Threat 19. No invitation, no letter, no event."""
    only("ASK_RECIPIENT")
    for _ in range(FEW):
        assert ask(acme).status == 201
    before = acme.core.items()
    answer = ask(acme)
    assert answer.status == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json["type"].endswith(":limit")
    assert acme.core.items() == before


def test_the_spelling_of_an_address_is_no_way_around(acme: World, only: Lower) -> None:
    """Threat 19."""
    only("ASK_RECIPIENT")
    spellings = (OWNER, OWNER.upper(), f" {OWNER} ", OWNER.title(), OWNER)
    assert [ask(acme, spelling).status for spelling in spellings] == [201] * FEW
    assert ask(acme, OWNER.swapcase()).status == 429


def test_who_has_used_up_their_own_cannot_use_up_a_recipients(acme: World, only: Lower) -> None:
    """Threat 19. Else one admin could keep all others from asking an owner."""
    only("ASK_ADMIN")
    for n in range(FEW):
        ask(acme, f"owner{n}@coffee.example")
    counters = len(acme.ephemeral.items("counter"))
    for _ in range(20):
        assert ask(acme, "victim@coffee.example").status == 429
    assert len(acme.ephemeral.items("counter")) == counters
    assert ask(acme, "victim@coffee.example", by=SAM).status == 201


def test_a_stranger_to_the_entity_uses_up_nothing(acme: World) -> None:
    """Threat 19. ``requested_by`` is looked up before anything is counted."""
    assert ask(acme, by="stranger@elsewhere.example").status == 422
    assert acme.ephemeral.items("counter") == []


def test_a_new_day_is_a_new_count(acme: World, clock: Clock, only: Lower) -> None:
    """Threat 19."""
    only("ASK_RECIPIENT")
    assert [ask(acme).status for _ in range(FEW + 1)] == [201] * FEW + [429]
    clock.forward(days=1)
    assert ask(acme).status == 201


def test_the_console_says_calmly_that_it_is_enough(acme: World, only: Lower) -> None:
    """Threat 19. And keeps what was typed."""
    only("ASK_RECIPIENT")
    for _ in range(FEW):
        ask(acme)
    admin = acme.admin()
    admin.get("/entities/acme/apps/square")
    admin.submit("/ask", email=OWNER, note="For March.")
    assert admin.page.status == 429
    assert "Try again tomorrow" in admin.page.text
    assert OWNER in admin.page.body
    assert "For March." in admin.page.body


def test_the_limits_as_they_ship(acme: World) -> None:
    """Threat 19. Ten a day for a recipient."""
    statuses = Counter(asked_at_once(acme, *[{} for _ in range(AT_ONCE)]))
    assert statuses == {201: 10, 429: 10}


def sign_in(world: World, email: str) -> Answer:
    return world.visitor().post("/sign-in", {"email": email})


def test_each_sign_in_address(acme: World, only: Lower) -> None:
    """Threat 19. Nobody's mailbox is flooded with sign-in letters."""
    only("SIGN_IN_ADDRESS")
    answers = together(lambda: sign_in(acme, PAT), times=AT_ONCE)
    assert Counter(answer.status for answer in answers) == {200: FEW, 429: AT_ONCE - FEW}
    assert len(acme.deliver()) == FEW
    assert sign_in(acme, SAM).status == 200
    assert sign_in(acme, PAT.upper()).status == 429


def test_each_client_address(acme: World, only: Lower) -> None:
    """Threat 19. One machine cannot ask for everybody; no header makes it look like another."""
    only("SIGN_IN_CLIENT")
    forged = {"x-forwarded-for": "203.0.113.9", "forwarded": "for=203.0.113.9", "x-real-ip": "203.0.113.9"}

    def one(n: int) -> Answer:
        return acme.visitor().post("/sign-in", {"email": f"someone{n}@acme.example"}, **forged)

    answers = together(*[lambda n=n: one(n) for n in range(AT_ONCE)])
    assert Counter(answer.status for answer in answers) == {200: FEW, 429: AT_ONCE - FEW}


def test_counters_keep_no_address(acme: World) -> None:
    """Threat 19, 25."""
    ask(acme)
    sign_in(acme, SAM)
    kept = str(acme.ephemeral.items("counter"))
    assert not [address for address in (PAT, SAM, OWNER, "127.0.0.1") if address in kept]


# 20


def told(world: World, email: str) -> tuple[Answer, list[str]]:
    before = len(world.aws.calls)
    answer = Visitor(world._gateway, "https://connect.bookkeep.example").post("/sign-in", {"email": email})
    return answer, world.aws.calls[before:]


def test_known_and_unknown_addresses_look_the_same(acme: World) -> None:
    """Threat 20. Status, page, headers, cookies, and the same work: no lookup before the answer."""
    known, known_calls = told(acme, PAT)
    unknown, unknown_calls = told(acme, "pax@acme.example")
    assert known.status == unknown.status == 200
    assert known.body.replace(PAT, "*") == unknown.body.replace("pax@acme.example", "*")
    assert known.headers == unknown.headers
    assert known.cookies == unknown.cookies == ()
    assert known_calls == unknown_calls
    assert {"Query", "GetItem", "BatchGetItem", "SendEmail"}.isdisjoint(known_calls)


def test_they_look_the_same_when_it_is_too_often(acme: World, only: Lower) -> None:
    """Threat 20. The limit counts unknown addresses too."""
    only("SIGN_IN_ADDRESS")
    known = [told(acme, PAT) for _ in range(FEW + 1)][-1]
    unknown = [told(acme, "pax@acme.example") for _ in range(FEW + 1)][-1]
    assert known[0].status == unknown[0].status == 429
    assert known[0].body == unknown[0].body
    assert known[1] == unknown[1]


def test_they_look_the_same_in_an_outage(acme: World) -> None:
    """Threat 20."""
    acme.aws.fail("PutItem", error("InternalServerError", 500), times=6)
    (known, known_calls), (unknown, unknown_calls) = told(acme, PAT), told(acme, "pax@acme.example")
    assert known.status == unknown.status == 503
    assert known.body == unknown.body
    assert known_calls == unknown_calls
