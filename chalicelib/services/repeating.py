"""Idempotency-Key (IETF draft-ietf-httpapi-idempotency-key-header): the same key, the same answer, for a day.

Answers can hold links, so they are kept sealed, under a key made of ours and of the caller's own Idempotency-Key:
neither the table alone nor our key alone opens them.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from chalicelib import keys
from chalicelib.errors import BadRequest, Conflict, InvalidField
from chalicelib.services.boxes import Boxes
from chalicelib.services.ports import Answers

KEEP = timedelta(hours=24)
LEASE = timedelta(minutes=1)
"""How long a request may be served; whoever broke off does not hold the key for longer."""
LONGEST = 255

type Answer = tuple[int, object]
"""Status and JSON body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeating:
    """Each answer stands in a box that only its own Idempotency-Key opens."""

    answers: Answers
    boxes: Boxes

    def once(self, header: str, request: tuple[str, ...], serve: Callable[[], Answer]) -> Answer:
        """Serve the request, or give the answer that the same key got before.

        ``request`` is who calls what with which body.

        :raises InvalidField: if the key was used for another request.
        :raises Conflict: while the first request is still being served, or if its answer cannot be opened any more.
        :raises BadRequest: if the key is no key.
        """
        if not header:
            return serve()
        if len(header) > LONGEST or not header.isascii() or not header.isprintable():
            raise BadRequest("Idempotency-Key: up to 255 printable ASCII characters.")
        name, request_hash = keys.name_of(request[0], header), keys.name_of(*request)
        if not self.answers.claim(name, request_hash, keys.random_secret(), keys.now(), LEASE):
            return self._before(name, header, request_hash)
        try:
            answer = serve()
        except Exception:
            self.answers.release(name)
            raise
        self.answers.answer(name, self.boxes.seal(header, name, json.dumps(answer).encode()), keys.now() + KEEP)
        return answer

    def _before(self, name: str, header: str, request_hash: str) -> Answer:
        found = self.answers.get(name)
        if found is None:
            raise Conflict("A request with this Idempotency-Key has just failed. Try again.")
        before, sealed = found
        if before != request_hash:
            raise InvalidField("Idempotency-Key", "This key was used for another request.")
        if sealed is None:
            raise Conflict("A request with this Idempotency-Key is being served.")
        return self._opened(header, name, sealed)

    def _opened(self, header: str, name: str, sealed: bytes) -> Answer:
        raw = self.boxes.open(header, name, sealed)
        if raw is None:
            raise Conflict("The request was served, but its answer cannot be repeated any more. Read what it made.")
        status, body = json.loads(raw)
        return status, body
