"""One letter, one SES call, one attempt: botocore would send a second letter after a time-out, a reset or a 500."""

import re
from collections.abc import Mapping
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr
from pathlib import Path
from typing import Any

from chalicelib.domain import Letter
from chalicelib.errors import MailRejected, MailRetry, MailUnknown
from chalicelib.outbound import aws

_LATER = frozenset(
    {"TooManyRequestsException", "LimitExceededException", "SendingPausedException", "ThrottlingException"}
)
_LATER_HTTP = frozenset({401, 403, 404, 429, 503})
"""Refused at the door: our rights, and a missing configuration set, are the operator's to mend and no letter's fault."""
_SERVER_ERROR = 500


class Post:
    """SES v2, raw MIME. ``logo`` is the file that letters show as ``cid:logo``, if any.

    ``configuration_sets`` and the letter's kind make the name of its configuration set, by which SES says what becomes
    of it; its tags come back with what is said, so that the outbox's row is found without a search.
    """

    def __init__(self, mail_from: str, product_name: str, logo: Path | None, configuration_sets: str) -> None:
        self._from = mail_from if parseaddr(mail_from)[0] else f"{_display(product_name)} <{mail_from}>"
        self._logo = logo
        self._configuration_sets = configuration_sets

    def send(self, letter: Letter) -> str:
        """Send the letter and return SES's MessageId, which says that SES took it, not that it arrived.

        :raises MailRetry: SES surely did not take it, and may later.
        :raises MailRejected: SES will never take it.
        :raises MailUnknown: SES may have taken it.
        """
        from botocore import exceptions

        raw = self._raw(letter)
        destination = {"ToAddresses": [letter.to], "CcAddresses": list(letter.cc)}
        configuration_set = f"{self._configuration_sets}-{letter.kind.value}"
        try:
            answer = aws.client("sesv2", attempts=1).send_email(
                FromEmailAddress=self._from,
                Destination=destination,
                Content={"Raw": {"Data": raw}},
                EmailTags=_tags(letter),
                **({"ConfigurationSetName": configuration_set} if self._configuration_sets else {}),
            )
        except exceptions.ClientError as error:
            raise _verdict(dict(error.response)) from error
        except (
            exceptions.ConnectTimeoutError,
            exceptions.EndpointConnectionError,
            exceptions.NoCredentialsError,
            exceptions.CredentialRetrievalError,
        ) as error:
            raise MailRetry from error
        except exceptions.BotoCoreError as error:
            raise MailUnknown from error
        return str(answer["MessageId"])

    def _raw(self, letter: Letter) -> bytes:
        try:
            return self.mime(letter).as_bytes()
        except (ValueError, MessageError) as error:
            raise MailRejected from error

    def mime(self, letter: Letter) -> EmailMessage:
        """Plain text first, HTML beside it, the logo inside the HTML's part. Refuses CR and LF in any header."""
        message = EmailMessage()
        message["From"] = self._from
        message["To"] = letter.to
        if letter.cc:
            message["Cc"] = ", ".join(letter.cc)
        if letter.reply_to:
            message["Reply-To"] = letter.reply_to
        message["Subject"] = letter.subject
        message["Date"] = formatdate(usegmt=True)
        message["Message-ID"] = make_msgid(domain=parseaddr(self._from)[1].rpartition("@")[2])
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        message.add_alternative(letter.html, subtype="html")
        if self._logo:
            self._attach_logo(message, self._logo)
        return message

    def _attach_logo(self, message: EmailMessage, logo: Path) -> None:
        subtype = "svg+xml" if logo.suffix == ".svg" else "png"
        html = message.get_payload()[1]  # type: ignore[index]
        html.add_related(logo.read_bytes(), "image", subtype, cid="<logo>", disposition="inline")  # type: ignore[union-attr]


def _tags(letter: Letter) -> list[dict[str, str]]:
    """SES takes letters, digits, hyphens and underscores, as our ids have, and nothing empty."""
    tags = {"outbox": letter.id, "entity": letter.entity_id, "kind": letter.kind.value}
    return [{"Name": name, "Value": value} for name, value in tags.items() if value]


def _display(name: str) -> str:
    """A display name that needs no quoting."""
    return re.sub(r"[^\w &.'-]", "", name)


def _verdict(response: Mapping[str, Any]) -> MailRetry | MailRejected | MailUnknown:
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", _SERVER_ERROR)
    if response.get("Error", {}).get("Code") in _LATER or status in _LATER_HTTP:
        return MailRetry()
    return MailUnknown() if status >= _SERVER_ERROR else MailRejected()
