"""Storage without a database, for what ninety days of thousands of grants need of it.

The same conditions as on DynamoDB, under one lock; tests/storage/test_grants.py holds both to one contract.
"""

from dataclasses import dataclass, field

from benchmarks.soak.memory.books import Connections, Entities, Events, Members, Suppressions
from benchmarks.soak.memory.kept import Kept
from benchmarks.soak.memory.outbox import Outbox
from benchmarks.soak.memory.vault import Attention, Breakers, Vault

__all__ = ["Kept", "Memory"]


@dataclass(frozen=True, slots=True)
class Memory:
    """One of each."""

    kept: Kept = field(default_factory=Kept)

    @property
    def vault(self) -> Vault:
        return Vault(self.kept)

    @property
    def attention(self) -> Attention:
        return Attention(self.kept)

    @property
    def breakers(self) -> Breakers:
        return Breakers(self.kept)

    @property
    def connections(self) -> Connections:
        return Connections(self.kept)

    @property
    def entities(self) -> Entities:
        return Entities(self.kept)

    @property
    def members(self) -> Members:
        return Members(self.kept)

    @property
    def events(self) -> Events:
        return Events(self.kept)

    @property
    def suppressions(self) -> Suppressions:
        return Suppressions()

    @property
    def outbox(self) -> Outbox:
        return Outbox(self.kept)
