"""Connect links as properties: what one of our keys made is read; nothing else is, and nothing is looked up for it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import cast
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chalicelib import keys
from chalicelib.domain import Books, ConnectLink, Entity, Event
from chalicelib.errors import Conflict, DeadLink, NotFound
from chalicelib.services.links import Links
from chalicelib.services.ports import Entities
from tests.support.world import World, settings_with

ONE, TWO = bytes(range(32)), bytes(range(32, 64))
BASE = "https://connect.example.com"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
ENTITY_IDS = st.text(LETTERS, min_size=1, max_size=64)
NONCES = st.binary(min_size=16, max_size=16)
AT = datetime(2026, 11, 22, tzinfo=UTC)


class Kept:
    """One entity, and a count of how often somebody looked."""

    def __init__(self, entity: Entity | None = None) -> None:
        self.entity = entity
        self.reads = 0
        self.events: list[Event] = []
        self.faster: ConnectLink | None = None

    def get(self, entity_id: str) -> Entity | None:
        self.reads += 1
        return self.entity if self.entity and self.entity.id == entity_id else None

    def landing(self, entity_id: str) -> Books | None:
        found = self.get(entity_id)
        return Books(entity=found) if found else None

    def replace_link(self, old: ConnectLink, new: ConnectLink, event: Event) -> None:
        if not self.entity:
            raise Conflict
        if self.faster:
            self.entity = replace(self.entity, link=self.faster)
            raise Conflict
        assert self.entity.link == old
        self.entity = replace(self.entity, link=new)
        self.events.append(event)


def links(kept: Kept | None = None, signing_keys: dict[int, bytes] | None = None) -> Links:
    return Links(entities=cast("Entities", kept or Kept()), signing_keys=signing_keys or {1: ONE}, base_url=BASE)


def link(entity_id: str = "acme", nonce: bytes = bytes(16), key_id: int = 1, generation: int = 1) -> ConnectLink:
    return ConnectLink(entity_id=entity_id, nonce=nonce, key_id=key_id, generation=generation, created_at=AT)


def entity(of: ConnectLink) -> Entity:
    return Entity(id=of.entity_id, name="Acme", link=of, created_at=AT)


def dead(segment: str) -> bool:
    """Whether the segment is refused, and without a read."""
    kept = Kept(entity(link()))
    try:
        links(kept).open(segment)
    except DeadLink:
        return kept.reads == 0
    return False


@given(ENTITY_IDS, NONCES, st.integers(0, 255))
def test_a_link_comes_back(entity_id: str, nonce: bytes, key_id: int) -> None:
    ours = links(signing_keys={key_id: ONE})
    assert ours.read(ours.segment(link(entity_id, nonce, key_id))) == (entity_id, nonce)


@given(ENTITY_IDS, NONCES)
def test_a_link_needs_no_escaping(entity_id: str, nonce: bytes) -> None:
    segment = links().segment(link(entity_id, nonce))
    assert quote(segment, safe="") == segment


def test_a_link_is_the_same_every_time() -> None:
    assert links().segment(link()) == links().segment(link())


def test_fresh_links_differ_in_128_bits() -> None:
    """Threat 11."""
    nonces = {links().fresh("acme").nonce for _ in range(200)}
    assert len(nonces) == 200
    assert {len(nonce) for nonce in nonces} == {16}


@given(st.data())
def test_one_changed_letter_is_one_too_many(data: st.DataObject) -> None:
    """Threat 11. Refused by the MAC alone: a guess costs us no read."""
    segment = links().segment(link())
    place = data.draw(st.integers(0, len(segment) - 1))
    letter = data.draw(st.sampled_from(LETTERS + "~.%+/=\n \x00é") | st.characters())
    assume(letter != segment[place])
    assert dead(segment[:place] + letter + segment[place + 1 :])


@given(st.integers(0, 48))
def test_a_part_of_a_link_is_none(length: int) -> None:
    """Threat 11."""
    segment = links().segment(link())
    assert dead(segment[:length])
    assert dead(segment[length + 1 :])


@given(st.text(min_size=1, max_size=8))
def test_nothing_may_stand_before_or_behind(more: str) -> None:
    """Threat 11."""
    segment = links().segment(link())
    assert dead(segment + more)
    assert dead(more + segment)


@given(st.text(max_size=100) | st.from_regex(r"[A-Za-z0-9_-]{1,64}~[A-Za-z0-9_-]{44}", fullmatch=True))
def test_what_we_did_not_make_is_dead(segment: str) -> None:
    """Threat 11."""
    assert dead(segment)


@given(st.data())
def test_a_link_is_decoded_once_and_not_here(data: st.DataObject) -> None:
    """Threat 11. One link has one form: an escaped letter is a letter too many."""
    segment = links().segment(link())
    place = data.draw(st.integers(0, len(segment) - 1))
    for escaped in (f"%{ord(segment[place]):02x}", f"%{ord(segment[place]):02X}", f"%25{ord(segment[place]):02x}"):
        assert dead(segment[:place] + escaped + segment[place + 1 :])


def test_base64s_looseness_opens_nothing() -> None:
    """Threat 11. Padding, the other alphabet, and a secret that is one byte shorter, with spare bits."""
    made = links().segment(link(nonce=b"\xff" * 16))
    secret = keys.from_base64url(made.partition("~")[2])
    assert dead(made + "=")
    assert dead(made.replace("_", "/").replace("-", "+"))
    assert dead(f"acme~{keys.base64url(secret[:-1])}")
    assert dead(f"acme~{keys.base64url(secret + bytes(1))}")


@given(ENTITY_IDS, ENTITY_IDS, NONCES)
def test_no_two_entities_share_a_link(one: str, other: str, nonce: bytes) -> None:
    """Threat 23. The MAC binds the nonce to the entity, whatever the ids look like side by side."""
    assume(one != other)
    ours = links()
    segment = ours.segment(link(one, nonce))
    assert segment != ours.segment(link(other, nonce))
    with pytest.raises(DeadLink):
        ours.read(f"{other}~{segment.partition('~')[2]}")


def test_the_table_alone_makes_no_link() -> None:
    """A leaked nonce without the key gives nothing, and neither does the key without the nonce."""
    foreign = Links(entities=cast("Entities", Kept()), signing_keys={1: TWO}, base_url=BASE)
    assert dead(foreign.segment(link()))
    kept = Kept(entity(link()))
    with pytest.raises(DeadLink):
        links(kept).open(links().segment(link(nonce=b"\x01" * 16)))


# Keys that change


def test_after_a_new_key_old_links_still_work_and_look_the_same() -> None:
    """Copy gives the same bytes until Regenerate."""
    kept = Kept(entity(link()))
    before = links(kept).segment(link())
    rotated = links(kept, {2: TWO, 1: ONE})
    assert rotated.segment(link()) == before
    assert rotated.open(before).entity.id == "acme"


def test_new_links_use_the_new_key() -> None:
    kept = Kept(entity(link()))
    rotated = links(kept, {2: TWO, 1: ONE})
    new = rotated.regenerate(entity(link()), "admin pat@acme.example")
    assert (new.key_id, new.generation) == (2, 2)
    assert keys.from_base64url(rotated.segment(new).partition("~")[2])[0] == 2


def test_a_retired_key_opens_nothing() -> None:
    """Threat 12."""
    before = links().segment(link())
    kept = Kept(entity(link()))
    with pytest.raises(DeadLink):
        links(kept, {2: TWO}).open(before)
    assert kept.reads == 0


def test_the_key_id_is_part_of_what_is_checked() -> None:
    """Threat 11. Another key's number does not fit, even when the key is the same."""
    twins = links(signing_keys={1: ONE, 2: ONE})
    secret = keys.from_base64url(twins.segment(link()).partition("~")[2])
    entity_id, nonce = twins.read(f"acme~{keys.base64url(bytes([2]) + secret[1:])}")
    assert (entity_id, nonce) == ("acme", bytes(16)), "two numbers for one key: the same right, nothing more"
    with pytest.raises(DeadLink):
        links(signing_keys={1: ONE, 2: TWO}).read(f"acme~{keys.base64url(bytes([2]) + secret[1:])}")


# Replacing


def test_regenerating_kills_the_old_link() -> None:
    """Threat 12."""
    kept = Kept(entity(link()))
    ours = links(kept)
    old = ours.segment(link())
    new = ours.segment(ours.regenerate(entity(link()), "admin pat@acme.example"))
    assert ours.open(new).entity.id == "acme"
    with pytest.raises(DeadLink):
        ours.open(old)
    assert [event.kind.value for event in kept.events] == ["link_regenerated"]


def test_of_two_at_once_both_get_the_winners_link() -> None:
    """Threat 12."""
    kept = Kept(entity(link()))
    kept.faster = link(nonce=b"\x07" * 16, generation=2)
    assert links(kept).regenerate(entity(link()), "admin pat@acme.example") == kept.faster
    assert kept.events == []


def test_an_entity_that_has_gone_has_no_link() -> None:
    with pytest.raises(NotFound):
        links().regenerate(entity(link()), "admin pat@acme.example")


def test_addresses() -> None:
    ours, made = links(), link()
    root = f"{BASE}/c/{ours.segment(made)}"
    assert ours.address(made) == root
    assert ours.address(made, "square") == f"{root}/square"
    assert ours.address(made, "square", "0" * 32) == f"{root}/square?i={'0' * 32}"


# At the edge


def seen(world: World, path: str) -> tuple[int, int, dict[str, str]]:
    """All that a stranger can tell pages apart by."""
    answer = world.visitor().get(path)
    return answer.status, len(answer.body), dict(answer.headers)


def test_unknown_malformed_and_replaced_links_look_the_same(world: World) -> None:
    """Threat 11. Status, length, headers; with and without an app, and for a form too."""
    world.entity()
    world.entity("other")
    replaced = world.link()
    world.platform().post("/v1/entities/acme/link/regenerate")
    forged = replaced[:-1] + ("A" if replaced[-1] != "A" else "B")
    moved = replaced.replace("/c/acme~", "/c/other~")
    unknown = replaced.replace("/c/acme~", "/c/nobody~")
    variants = (replaced, forged, moved, unknown, "/c/x", "/c/%FF", "/c/%00", "/c/a%2Fb", f"/c/{'a' * 3000}", "/c/%20")
    for suffix in ("", "/square", "/nonsense"):
        looks = {str(seen(world, path + suffix)) for path in variants}
        assert len(looks) == 1, suffix
        assert "(404, " in looks.pop()
    starts = [world.visitor().post(path + "/square") for path in variants]
    assert {(answer.status, len(answer.body), answer.cookies) for answer in starts} == {(404, len(starts[0].body), ())}


def test_a_forged_link_costs_no_read(world: World) -> None:
    """Threat 11."""
    world.entity()
    good = world.link()
    before = len(world.aws.calls)
    for path in (good[:-1] + "~", good + "A", good.replace("~", "%257E"), good.replace("/c/", "/c/%61"), "/c/acme"):
        assert world.visitor().get(path).status == 404
        assert world.visitor().post(f"{path}/square").status == 404
    assert world.aws.calls[before:] == []


def test_a_good_link_costs_one_read(world: World) -> None:
    world.entity()
    good = world.link()
    before = len(world.aws.calls)
    assert world.visitor().get(good).status == 200
    assert world.aws.calls[before:] == ["Query"]


def test_some_mail_programs_escape_the_tilde(world: World) -> None:
    """Decoded once, as every address is: and then it must be a link."""
    world.entity()
    good = world.link()
    assert world.visitor().get(good.replace("~", "%7E")).status == 200
    assert world.visitor().get(good.replace("~", "%7e")).status == 200
    assert world.visitor().get(good.replace("~", "%257E")).status == 404


def test_key_rotation_end_to_end(world: World) -> None:
    """An installation gets a second key: the link stays, until Regenerate; then the first can be retired."""
    world.entity()
    before = world.link()
    settings_with(SIGNING_KEYS=f"2:{'6f' * 32},1:{'5e' * 32}")
    assert world.link() == before
    assert world.visitor().get(before).status == 200
    new = (
        world.platform()
        .post("/v1/entities/acme/link/regenerate")
        .json["url"]
        .removeprefix("https://connect.bookkeep.example")
    )
    assert world.visitor().get(before).status == 404
    settings_with(SIGNING_KEYS=f"2:{'6f' * 32}")
    assert world.visitor().get(new).status == 200
    assert world.visitor().get(before).status == 404
