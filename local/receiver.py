"""A stand-in for whoever receives every event: checks each signature, and keeps them."""

import json
import threading
from collections import deque
from typing import Any

from flask import Blueprint, Response, abort, jsonify, render_template, request

from chalicelib import keys
from chalicelib.services import webhook_signatures

PATH = "/webhooks"
MOST = 200
FRESH = 300
"""Seconds."""


def create(secret: str) -> Blueprint:
    """The address that events are posted to, and a page that lists them, newest first."""
    kept: deque[dict[str, Any]] = deque(maxlen=MOST)
    turn = threading.Lock()
    pages = Blueprint("receiver", __name__)

    @pages.post(PATH)
    def take() -> Response:
        if not _signed(secret):
            abort(401)
        event = request.get_json(force=True)
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


def _signed(secret: str) -> bool:
    """Whether one of the request's signatures is by this secret, and not five minutes old."""
    told, at = request.headers.get("webhook-id", ""), request.headers.get("webhook-timestamp", "")
    if not at.isdecimal() or abs(keys.now().timestamp() - int(at)) > FRESH:
        return False
    wanted = webhook_signatures.headers([secret], told, int(at), request.get_data())["webhook-signature"]
    return any(keys.same(wanted, one) for one in request.headers.get("webhook-signature", "").split())
