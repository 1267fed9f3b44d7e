"""Every app of the catalogue that is simulated: renewed as its row says, and what is handed out is what it keeps."""

from datetime import timedelta

import pytest

from chalicelib import wiring
from chalicelib.domain import GrantStatus
from chalicelib.providers.base import Provider
from chalicelib.providers.parts import Mechanism
from chalicelib.services import timetable
from tests.conftest import Clock
from tests.contract.ways import ROWS, Way
from tests.support.grants import CREDENTIALS, closed, keep_alive
from tests.support.world import World

__all__ = ["closed"]
RENEWING = [row for row in ROWS if row.mechanism is not Mechanism.REQUEST and timetable.renews(row)]
CONNECTING = [row for row in ROWS if row.mechanism is not Mechanism.REQUEST]


def connected(world: World, row: Provider) -> str:
    """The address of its credential."""
    world.entity()
    if row.slug == "uber_eats":
        for number in (1, 2, 3):
            world.apps.enable(row.slug, f"51b1000{number}-40b7-4bd8-b01c-c7d1cbd194f6")
    page = Way(world, row).connect()
    assert page.status == 200, page.text
    [connection] = world.connections()
    assert connection["limited"] == [], row.slug
    return CREDENTIALS.format("acme", connection["id"])


def pass_time(world: World, clock: Clock, seconds: float) -> None:
    clock.forward(seconds=seconds)
    world.apps.pass_time(seconds)


@pytest.mark.parametrize("row", RENEWING, ids=lambda row: row.slug)
def test_a_token_that_ended_is_renewed_again_and_again(world: World, clock: Clock, row: Provider) -> None:
    """Threat 29. Twice, so that what the first renewal kept is what the second needs."""
    path = connected(world, row)
    platform = world.platform()
    tokens = [platform.get(path).json["access_token"]]
    for _ in range(2):
        [entity, connection] = path.split("/")[3], path.split("/")[5]
        held = wiring.storage().vault.get(entity, connection)
        assert held
        assert held.sealed.expires_at, row.slug
        pass_time(world, clock, (held.sealed.expires_at - clock.now).total_seconds() + 1)
        answer = platform.get(path)
        assert answer.status == 200, (row.slug, answer.body)
        tokens.append(answer.json["access_token"])
    assert len(set(tokens)) == 3, row.slug
    if world.apps.tokens(row.slug):
        assert any(one.access_token == tokens[-1] and one.active for one in world.apps.tokens(row.slug))


@pytest.mark.parametrize("row", CONNECTING, ids=lambda row: row.slug)
def test_what_makes_tokens_stays_inside(world: World, row: Provider) -> None:
    """Threat 25. A token, or the keys where keys are all there is."""
    path = connected(world, row)
    answer = world.platform().get(path)
    assert answer.status == 200, answer.body
    held = wiring.storage().vault.get(path.split("/")[3], path.split("/")[5])
    assert held
    secrets = dict(wiring.sealer().open(held.sealed, held).secrets)
    handed = answer.json.get("fields") or {"access_token": answer.json["access_token"]}
    kept_back = {name: value for name, value in secrets.items() if name not in handed}
    assert not [name for name, value in kept_back.items() if value in answer.body], row.slug
    if row.mint or row.renewal:
        assert answer.json["type"] == "bearer"
        assert set(kept_back) >= set(secrets) - {"access_token"}
    else:
        assert set(kept_back) <= {"refresh_token"}, row.slug


@pytest.mark.parametrize("row", CONNECTING, ids=lambda row: row.slug)
def test_a_look_a_week_finds_all_as_it_was(world: World, clock: Clock, row: Provider) -> None:
    """What was needed to name the account once is at hand still. Renewed first, where it has to be."""
    path = connected(world, row)
    for _ in range(16):
        pass_time(world, clock, 86_400)
        assert keep_alive(world)["failed"] == 0, row.slug
    held = wiring.storage().vault.get(path.split("/")[3], path.split("/")[5])
    assert held
    assert (held.status, held.refusals) == (GrantStatus.ACTIVE, 0)
    assert held.checked_at
    assert held.checked_at > clock.now - timetable.CHECK_EVERY - timedelta(days=1)
    assert world.connections()[0]["limited"] == []
