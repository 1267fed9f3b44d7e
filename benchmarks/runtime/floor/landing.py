import base64
import hmac
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, FileSystemLoader, ModuleLoader
from markupsafe import Markup

from .shared import HERE, READY, client, secret

APPS = {app["slug"]: app for app in READY["apps"]}
SEGMENT = re.compile(r"([A-Za-z0-9_-]{1,64})~([A-Za-z0-9_-]{44})")

type Answer = tuple[int, dict[str, str], str]


def _made() -> Environment:
    compiled = HERE / "compiled"
    environment = Environment(
        loader=ModuleLoader(compiled) if compiled.is_dir() else FileSystemLoader(HERE / "templates"),
        autoescape=True,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["translated"] = str
    environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    environment.globals |= READY["globals"]
    for name in ("style", "script"):
        environment.globals[name] = Markup(READY["globals"][name])  # noqa: S704 - our own files
    environment.globals |= {"url": str, "icon": lambda app: Markup(app["icon"])}  # noqa: S704 - as above
    return environment


environment = _made()


def landing(event: Mapping[str, Any]) -> Answer:
    """One Query, one page."""
    segment = event["pathParameters"]["link"]
    entity_id, nonce = _link(segment)
    found = client("dynamodb").query(
        TableName=os.environ["CORE_TABLE"],
        ConsistentRead=True,
        KeyConditionExpression="pk = :pk AND sk < :end",
        ExpressionAttributeValues={":pk": {"S": f"E#{entity_id}"}, ":end": {"S": "3#"}},
    )
    entity, *connections = found["Items"]
    assert hmac.compare_digest(entity["nonce"]["B"], nonce)
    asked = {app: {"by": row["M"]["by"]["S"]} for app, row in entity["asked"]["M"].items()}
    connected = {item["app"]["S"] for item in connections}
    page = environment.get_template("pages/landing.html").render(
        entity={"name": entity["name"]["S"]},
        link=segment,
        cards=_cards(connections, asked),
        invitation_id="",
        connected=len(connected) if asked else 0,
        wanted=len(connected | set(asked)) if asked else 0,
    )
    return 200, {"Content-Type": "text/html; charset=utf-8"}, page


def _link(segment: str) -> tuple[str, bytes]:
    match = SEGMENT.fullmatch(segment)
    assert match
    raw = base64.urlsafe_b64decode(match[2])
    entity_id, nonce = match[1].encode(), raw[1:17]
    parts = b"".join(len(part).to_bytes(4, "big") + part for part in (entity_id, nonce))
    assert hmac.compare_digest(raw[17:], hmac.digest(secret()["keys"][raw[0]], parts, "sha256")[:16])
    return match[1], nonce


def _cards(connections: Sequence[Mapping[str, Any]], asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    cards = [
        {
            "app": app,
            "asked": asked.get(slug),
            "connections": [
                {"account": {"name": item["account_name"]["S"]}} for item in connections if item["app"]["S"] == slug
            ],
        }
        for slug, app in APPS.items()
    ]
    return sorted(cards, key=lambda card: 2 if card["connections"] else not card["asked"])
