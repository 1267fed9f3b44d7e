"""Keys that an app's own server posts to us, before its owner's browser is back (WooCommerce).

Nothing is believed of such a post but that it knows a state that we gave out minutes ago. The keys wait, sealed under
that state; the browser that has it and the attempt's cookie makes a connection of them, and only if they work.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib import keys, logs
from chalicelib.errors import BadRequest, NotFound
from chalicelib.providers.base import Web
from chalicelib.providers.parts import Mechanism
from chalicelib.services.apps import Apps
from chalicelib.services.parking import Parked, Parking
from chalicelib.services.ports import Attempts


@dataclass(frozen=True, slots=True, kw_only=True)
class HandingOver:
    """Takes them in."""

    attempts: Attempts
    parking: Parking
    apps: Apps
    web: Web

    def receive(self, slug: str, posted: Mapping[str, object]) -> None:
        """Park what was posted for the attempt whose state it names.

        :raises NotFound: if the app posts no keys, or there is no such attempt, or it has keys already.
        :raises BadRequest: if what was posted is not what the app posts.
        """
        app = self.apps.providers.get(slug)
        if app is None or app.mechanism is not Mechanism.HANDOVER or app.handed_over is None:
            raise NotFound
        logs.bind(app=app.slug)
        state = posted.get(app.state_param)
        if not isinstance(state, str) or not state:
            raise BadRequest
        grant = app.handed_over(self.apps.call(app, self.web), posted)
        attempt_id = keys.digest(state)
        sealed = self.parking.sealed(state, attempt_id, Parked(grant=grant))
        if not self.attempts.hand_over(attempt_id, app.slug, sealed, keys.now()):
            raise NotFound
