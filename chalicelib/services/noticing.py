"""What an app's own server tells us: that it was uninstalled, or that somebody asks about their data.

Verified by the row; believed for two days; obeyed once, and only by what was connected before it happened.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from chalicelib import keys, logs
from chalicelib.domain import EventKind, Notice, NoticeKind
from chalicelib.errors import NotFound
from chalicelib.providers.base import Web
from chalicelib.services.apps import Apps
from chalicelib.services.disconnecting import THE_APP, Disconnecting
from chalicelib.services.ending_ports import Accounts, Disconnections
from chalicelib.services.events import event
from chalicelib.services.ports import Connections

OLDEST = timedelta(days=2)
"""The apps try for hours, the slowest for a day."""
AHEAD = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticing:
    """For every entity that has the account, or had."""

    accounts: Accounts
    connections: Connections
    disconnections: Disconnections
    disconnecting: Disconnecting
    apps: Apps
    web: Web

    def receive(self, slug: str, params: Mapping[str, str], headers: Mapping[str, str], raw: bytes) -> None:
        """Do what a notice asks for. One that is too old, or was obeyed before, changes nothing.

        :raises NotFound: if the app sends none, or is not configured here.
        :raises Forged: if it is not the app's own.
        """
        app = self.apps.providers.get(slug)
        if app is None or app.notice is None or slug not in self.apps.clients:
            raise NotFound
        logs.bind(app=slug)
        call = replace(self.apps.call(app, self.web), params=params)
        notice = app.notice(call, headers, raw)
        if notice is None or not keys.now() - OLDEST <= notice.at <= keys.now() + AHEAD:
            logs.event("notice", outcome="none of ours" if notice is None else "too old")
            return
        logs.event("notice", kind=notice.kind.value, topic=notice.topic, outcome="heard")
        for entity_id, connection_id, _ in self.accounts.of(app.slug, notice.account_id):
            name = keys.name_of(app.slug, notice.delivery_id, entity_id, connection_id)
            if notice.kind is NoticeKind.UNINSTALLED:
                self._end(entity_id, app.slug, connection_id, notice, name)
            else:
                self._record(entity_id, app.slug, connection_id, notice, name)

    def _end(self, entity_id: str, slug: str, connection_id: str, notice: Notice, name: str) -> None:
        connection = self.connections.get(entity_id, slug, connection_id)
        if connection is not None:
            self.disconnecting.end(connection, THE_APP, not_after=notice.at, notice=name)

    def _record(self, entity_id: str, slug: str, connection_id: str, notice: Notice, name: str) -> None:
        said = event(entity_id, EventKind.PRIVACY_NOTICE, THE_APP, app=slug, detail=notice.topic)
        said = replace(said, connection_id=connection_id, account_id=notice.account_id)
        self.disconnections.note(said, name)
