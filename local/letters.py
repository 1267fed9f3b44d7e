"""The letters that moto's SES was given, read back out of their MIME form."""

from datetime import UTC
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import getaddresses, parsedate_to_datetime
from functools import lru_cache
from typing import TypedDict

from moto.backends import get_backend
from moto.core.models import DEFAULT_ACCOUNT_ID

Letter = TypedDict(
    "Letter",
    {
        "from": str,
        "to": list[str],
        "cc": list[str],
        "reply_to": str,
        "subject": str,
        "text": str,
        "html": str,
        "sent_at": str,
    },
)


def fetch(region: str = "us-east-1") -> list[Letter]:
    """All letters sent so far, oldest first, from the moto in this process.

    Not by its /moto-api/data.json: that writes out every table for each look at the inbox, and all else waits.
    """
    sent = list(get_backend("ses")[DEFAULT_ACCOUNT_ID][region].sent_messages)
    return [parse(message.raw_data) for message in sent]


@lru_cache(maxsize=1000)
def parse(raw: str) -> Letter:
    """One letter. Addresses are plain, except the sender's, whose display name is part of what a reader sees."""
    message = message_from_bytes(raw.encode("utf-8", "surrogateescape"), policy=default)
    return {
        "from": str(message.get("From", "")),
        "to": _addresses(message, "To"),
        "cc": _addresses(message, "Cc"),
        "reply_to": ", ".join(_addresses(message, "Reply-To")),
        "subject": str(message.get("Subject", "")),
        "text": _part(message, "plain"),
        "html": _part(message, "html"),
        "sent_at": _sent_at(message),
    }


def _addresses(message: EmailMessage, header: str) -> list[str]:
    return [address for _, address in getaddresses([str(value) for value in message.get_all(header, [])]) if address]


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part else ""


def _sent_at(message: EmailMessage) -> str:
    try:
        return parsedate_to_datetime(str(message["Date"])).astimezone(UTC).isoformat()
    except (TypeError, ValueError):
        return ""
