"""What an owner waits for on a train: the landing page with every app there is."""

import gzip
import re

from chalicelib.providers.catalogue import PROVIDERS
from chalicelib.providers.parts import Mechanism
from tests.support.world import World

FIRST_FLIGHT = 14 * 1024
"""Bytes that a server sends before it first waits for an answer (RFC 6928)."""


def test_the_whole_catalogue_comes_at_once(world: World) -> None:
    """Compressed, as it travels; `make bench` has the parts."""
    world.entity()
    page = world.visitor().get(world.link()).body
    offered = [row.slug for row in PROVIDERS.values() if row.ask_owner or row.mechanism is Mechanism.REQUEST]
    assert {slug for slug in offered if f'/{slug}"' in page} == set(offered)
    assert len(re.findall(r'class="icon"', page)) == len(offered)
    assert len(gzip.compress(page.encode(), mtime=0)) < FIRST_FLIGHT
