"""What can go wrong, in the domain's words. Imports nothing; the edge gives each its status and page."""


class ClientConnectError(Exception):
    """Base of every error below. ``args`` never hold a secret or a person's input."""


class InvalidField(ClientConnectError):
    """A person or a program sent a value we cannot take. ``hint`` is for them to read."""

    def __init__(self, name: str, hint: str) -> None:
        super().__init__(name)
        self.name = name
        self.hint = hint


class BadRequest(ClientConnectError):
    """The request itself is malformed: a doubled parameter, broken JSON, a missing state."""

    def __init__(self, hint: str = "") -> None:
        super().__init__(hint)
        self.hint = hint


class TooLarge(ClientConnectError):
    """The body is over 64 KB."""


class NotSignedIn(ClientConnectError):
    """No session, or one that has ended."""


class Unauthorized(ClientConnectError):
    """The API's bearer token is missing or not good."""


class Forged(ClientConnectError):
    """A notice that is not the app's own: its signature is missing or wrong, or what it signs is no notice."""


class Forbidden(ClientConnectError):
    """Known, but not allowed: a cross-site form, a token without the scope."""

    def __init__(self, hint: str = "") -> None:
        super().__init__(hint)
        self.hint = hint


class NotFound(ClientConnectError):
    """No such thing, or none that the caller may know of; the two look the same."""


class Conflict(ClientConnectError):
    """The thing changed under the caller's hands, or a rule forbids the change."""

    def __init__(self, hint: str = "") -> None:
        super().__init__(hint)
        self.hint = hint


class LastAdmin(Conflict):
    """An entity keeps at least one admin."""


class BeingErased(Conflict):
    """The entity is being erased; one of its id can be made when that is over."""


class Suppressed(Conflict):
    """The address is not written to: its letters came back, or it complained of one. ``email`` is that address."""

    def __init__(self, email: str, hint: str) -> None:
        super().__init__(hint)
        self.email = email


class NeedsAttention(ClientConnectError):
    """A connection's grant is of no use any more. ``reason`` names why, ``hint`` says it."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


class AppWaits(ClientConnectError):
    """The app is not asked just now: it failed a moment ago. ``retry_after`` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class LimitReached(ClientConnectError):
    """Too many, too fast. ``retry_after`` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class Unavailable(ClientConnectError):
    """A part of ours (DynamoDB, KMS) does not answer; trying again later may help."""


class NotKept(Unavailable):
    """The same, and surely nothing was written."""


class DeadLink(ClientConnectError):
    """Unknown, malformed and replaced connect links: one error, one page."""


class DeadReceipt(ClientConnectError):
    """The link of an owner's receipt that is none of ours, too old, or about a grant that another has replaced."""


class SignInExpired(ClientConnectError):
    """A sign-in link that was used, is too old, or never was."""


class NotEligible(ClientConnectError):
    """The app cannot be connected from a link (or is not configured here)."""


class AttemptProblem(ClientConnectError):
    """A callback that leads nowhere. ``cause`` names the page that explains it."""

    def __init__(self, cause: str, app: str = "") -> None:
        super().__init__(cause)
        self.cause = cause
        self.app = app


class MixedUp(AttemptProblem):
    """A callback with a good state that is not the app's own answer: another issuer, another shop, no signature."""

    def __init__(self, app: str) -> None:
        super().__init__("mixed_up", app)


class StillComing(ClientConnectError):
    """The browser is back, but the app's own server has yet to post the keys. ``app`` is its slug."""

    def __init__(self, app: str) -> None:
        super().__init__(app)
        self.app = app


class AppProblem(ClientConnectError):
    """The app's own servers did not give what is needed. Base of those below."""

    cause = "app_down"

    def __init__(self, why: str = "", code: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.code = code
        """The app's own name for what is wrong, as RFC 6749 §5.2 has them, or another short word."""


class AppDown(AppProblem):
    """Timed out, answered 5xx or 429, or with something that is no answer."""

    retry_after: float | None = None
    """In how many seconds the app wants to be asked again, where it said so."""


class AppRefused(AppProblem):
    """The app said no to this code, key or login."""

    cause = "app_refused"


class GrantDead(AppRefused):
    """The app said that the grant is over, in so many words. Asking again is of no use."""


class NotEnabled(AppRefused):
    """The app, or the owner inside it, must switch us on first; the row's ``steps`` say how."""

    cause = "not_enabled"


class AppRejectedUs(AppProblem):
    """The app does not know our client credentials: the operator's to mend."""

    cause = "app_down"


class MailRetry(ClientConnectError):
    """The letter was surely not taken; the same letter can be sent later."""


class MailRejected(ClientConnectError):
    """The letter was refused for good."""


class MailUnknown(ClientConnectError):
    """The letter may or may not have been taken."""
