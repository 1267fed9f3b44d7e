"""A stand-in for whoever receives every event: checks each signature with the standard's own library, and keeps them."""

import json
import threading
from collections import deque
from typing import Any

from flask import Blueprint, Response, abort, jsonify, render_template, request
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

PATH = "/webhooks"
MOST = 200


def create(secret: str) -> Blueprint:
    """The address that events are posted to, and a page that lists them, newest first."""
    kept: deque[dict[str, Any]] = deque(maxlen=MOST)
    turn = threading.Lock()
    pages = Blueprint("receiver", __name__)

    @pages.post(PATH)
    def take() -> Response:
        body = request.get_data(as_text=True)
        try:
            event = Webhook(secret).verify(body, {name.lower(): value for name, value in request.headers.items()})
        except WebhookVerificationError:
            abort(401)
        with turn:
            # What is sent again is the same event.
            if all(one["id"] != event["id"] for one in kept):
                kept.appendleft(event)
        return Response(status=204)

    @pages.get(PATH)
    def index() -> str:
        return render_template("webhooks.html", events=[(one, json.dumps(one["data"])) for one in kept])

    @pages.get(f"{PATH}.json")
    def events() -> Response:
        return jsonify(list(kept))

    return pages
