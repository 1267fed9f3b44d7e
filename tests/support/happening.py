"""Things that happen to an entity, written as the product itself writes them, where no test is about how."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from chalicelib import keys, wiring
from chalicelib.domain import Account, Authority, Event, EventKind, Grant
from chalicelib.services.establishing import connection_id


def connected(app: str = "square", name: str = "Acme Coffee", account_id: str = "", entity_id: str = "acme") -> Event:
    """An account was connected from the connect link; its event, which alerts."""
    account = Account(id=account_id or keys.random_secret(), name=name)
    entity = wiring.storage().entities.get(entity_id)
    assert entity is not None
    grant, authority = Grant(secrets={"access_token": "a-token"}), Authority(nonce=entity.link.nonce)
    wiring.establishing().establish(
        entity_id, wiring.apps().providers[app], account, grant, by="connect link", authority=authority, attempt=None
    )
    made = connection_id(entity_id, app, account.id)
    return next(
        event
        for event in wiring.storage().events.page(entity_id, "", 100)
        if event.connection_id == made and event.kind in {EventKind.CONNECTED, EventKind.RECONNECTED}
    )


def together[T](*work: Callable[[], T], times: int = 1) -> list[T]:
    """Everything at the same time, in threads; what failed in one fails here."""
    tasks = work * times
    start = threading.Barrier(len(tasks))

    def run(task: Callable[[], T]) -> T:
        start.wait()
        return task()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return [running.result() for running in [pool.submit(run, task) for task in tasks]]


def unhurried(patch: pytest.MonkeyPatch) -> None:
    """AWS clients try again at once: a test has no need to wait between their tries."""
    patch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _seconds: None))
