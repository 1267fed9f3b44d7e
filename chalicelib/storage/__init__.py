"""Everything that is kept. A file for each noun; failed conditions come out as the domain's errors."""

from dataclasses import dataclass

from chalicelib.storage.accounts import Accounts
from chalicelib.storage.attempts import Attempts
from chalicelib.storage.attention import Attention
from chalicelib.storage.breakers import Breakers
from chalicelib.storage.connections import Connections
from chalicelib.storage.counters import Answers, Counters
from chalicelib.storage.disconnections import Disconnections
from chalicelib.storage.entities import Entities
from chalicelib.storage.erasures import Erasures
from chalicelib.storage.events import Events
from chalicelib.storage.exports import Exports
from chalicelib.storage.invitations import Invitations
from chalicelib.storage.members import Members
from chalicelib.storage.outbox import Outbox
from chalicelib.storage.remains import Remains
from chalicelib.storage.sessions import Sessions, SignIns
from chalicelib.storage.suppressions import Suppressions
from chalicelib.storage.tables import connect
from chalicelib.storage.vault import Vault
from chalicelib.storage.webhooks import Webhooks


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """One of each."""

    entities: Entities
    members: Members
    invitations: Invitations
    events: Events
    attempts: Attempts
    connections: Connections
    disconnections: Disconnections
    accounts: Accounts
    outbox: Outbox
    suppressions: Suppressions
    sessions: Sessions
    sign_ins: SignIns
    counters: Counters
    answers: Answers
    vault: Vault
    attention: Attention
    breakers: Breakers
    webhooks: Webhooks
    exports: Exports
    erasures: Erasures
    remains: Remains


def connected(core: str, vault: str, ephemeral: str) -> Storage:
    """Storage on the tables of these names."""
    connect(core, vault, ephemeral)
    return Storage(
        entities=Entities(),
        members=Members(),
        invitations=Invitations(),
        events=Events(),
        attempts=Attempts(),
        connections=Connections(),
        disconnections=Disconnections(),
        accounts=Accounts(),
        outbox=Outbox(),
        suppressions=Suppressions(),
        sessions=Sessions(),
        sign_ins=SignIns(),
        counters=Counters(),
        answers=Answers(),
        vault=Vault(),
        attention=Attention(),
        breakers=Breakers(),
        webhooks=Webhooks(),
        exports=Exports(),
        erasures=Erasures(),
        remains=Remains(),
    )
