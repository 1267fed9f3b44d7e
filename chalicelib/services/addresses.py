"""Email addresses and other text that people and programs hand in."""

import unicodedata

from chalicelib.errors import InvalidField
from chalicelib.i18n import N_

LONGEST_NAME = 120
LONGEST_NOTE = 500
LONGEST_ADDRESS = 254


def email(typed: str, name: str = "email") -> str:
    """A valid address, lower-cased: that is how we compare them.

    :raises InvalidField: if it is none.
    """
    from email_validator import EmailNotValidError, validate_email

    try:
        # Not checked against DNS: that would be a network call for a stranger's asking.
        checked = validate_email(typed.strip()[: LONGEST_ADDRESS + 1], check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        raise InvalidField(name, N_("Enter an email address like pat@example.com.")) from None
    address = (checked.ascii_email or checked.normalized).lower()
    # A header would show what an encoded word (RFC 2047) stands for: another address, or a line break.
    if "=?" in address:
        raise InvalidField(name, N_("Enter an email address like pat@example.com."))
    return address


def one_line(typed: str, name: str, longest: int = LONGEST_NAME) -> str:
    """One non-empty line without control characters: what may stand in a header.

    :raises InvalidField: otherwise.
    """
    text = typed.strip()
    if not text or len(text) > longest or any(_control(char) for char in text):
        raise InvalidField(name, N_("Enter one line of text, not too long."))
    return text


def note(typed: str, name: str = "note") -> str:
    """A short text; line breaks are fine, other control characters are not.

    :raises InvalidField: otherwise.
    """
    text = typed.replace("\r\n", "\n").strip()
    if len(text) > LONGEST_NOTE or any(_control(char) for char in text if char != "\n"):
        raise InvalidField(name, N_("Keep the note under 500 characters, in plain text."))
    return text


def _control(char: str) -> bool:
    """Also what breaks lines or reverses text (categories Cc, Zl, Zp, and the bidi controls)."""
    return (
        unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}
        or char in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    )
