"""Every operation, made ready and then done once; the budgets of the design."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks import preparing
from benchmarks.preparing import Prepare
from benchmarks.stage import Stage, email


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """``prepare`` makes everything ready, uncounted; what it returns is what is counted."""

    name: str
    prepare: Prepare
    most: int | None = None
    """Sequential DynamoDB calls; ``None``: only shown."""
    all: int | None = None
    """AWS's calls of whatever kind."""
    apps: int | None = None
    """What the app is asked."""
    budget: str = ""
    status: int = 200

    def ready(self, stage: Stage) -> Callable[[], object]:
        """The act; it complains if it did not come to what it should."""
        act = self.prepare(stage)
        return lambda: self._checked(act())

    def _checked(self, answer: object) -> None:
        status = getattr(answer, "status", self.status)
        assert status == self.status, f"{self.name}: {status}, not {self.status}"


def operations() -> tuple[Operation, ...]:
    """In the order of the main job."""
    return (*_owner(), *_console(), *_signing_in(), *_stream(), *_api(), *_grants())


def _owner() -> tuple[Operation, ...]:
    return (
        Operation(name="Landing page", prepare=preparing.landing, most=1, budget="1"),
        Operation(name="Consent page", prepare=preparing.consent, most=1, budget="1"),
        Operation(name="Start", prepare=lambda stage: stage.start(stage.entity())[1], most=2, budget="1–2"),
        Operation(name="Start, by an invitation", prepare=preparing.start_invited, most=2, budget="1–2"),
        Operation(name="Start, by it once more", prepare=preparing.start_again, most=2, budget="1–2"),
        Operation(
            name="Callback", prepare=lambda stage: stage.callback(stage.entity())[1], most=3, budget="2–3", status=303
        ),
        Operation(name="Callback, reconnect", prepare=preparing.reconnect, most=3, budget="2–3", status=303),
        Operation(name="Result page", prepare=preparing.result),
    )


PAGES = {
    "My apps": "",
    "Available apps": "/available",
    "App panel": "/apps/square",
    "Client Connect": "/client-connect",
    "Regenerate?": "/client-connect/regenerate",
    "Members": "/members",
    "History": "/history",
}
"""The console's pages of an entity."""


def _console() -> tuple[Operation, ...]:
    return (
        *(
            Operation(name=name, prepare=preparing.console_page(path), most=most, budget=str(most))
            for name, path in PAGES.items()
            for most in [3 if name == "History" else 2]
        ),
        Operation(name="Entities", prepare=preparing.entities),
        Operation(
            name="Ask owner",
            prepare=preparing.console_form("/apps/square", "/ask", email="olive@coffee.example"),
            status=303,
        ),
        Operation(name="Connect now", prepare=preparing.console_form("/apps/square", "/connect")),
        Operation(
            name="Regenerate", prepare=preparing.console_form("/client-connect/regenerate", "/regenerate"), status=303
        ),
        Operation(
            name="Add an admin", prepare=preparing.console_form("/members", "/members", email=email(50)), status=303
        ),
    )


def _signing_in() -> tuple[Operation, ...]:
    return (
        Operation(name="Sign-in, asked for", prepare=preparing.ask_to_sign_in),
        Operation(name="Sign-in, confirmation", prepare=lambda stage: preparing.sign_in(stage, "get")),
        Operation(name="Sign-in, used", prepare=lambda stage: preparing.sign_in(stage, "post"), status=303),
    )


def _stream() -> tuple[Operation, ...]:
    alerts = (
        Operation(
            name=f"Connected, {admins} admin{'s' * (admins > 1)}",
            prepare=preparing.alert(admins),
            # One is for the batch, whatever is in it: which of its entities have a webhook.
            most=3 + 2 * admins,
            budget=f"{3 + 2 * admins}",
        )
        for admins in (1, 2, 10)
    )
    return (
        *alerts,
        Operation(name="Invitation's letter", prepare=preparing.invitation_letter),
        Operation(name="Sign-in letter", prepare=preparing.sign_in_letter),
    )


def _api() -> tuple[Operation, ...]:
    invitation = {"app": "square", "email": "olive@coffee.example", "requested_by": email(0)}
    return (
        Operation(name="PUT entity, new", prepare=preparing.put_new, status=201),
        Operation(name="PUT entity, unchanged", prepare=preparing.put_same),
        Operation(name="GET entity", prepare=preparing.api_call("get", "")),
        Operation(name="GET link", prepare=preparing.api_call("get", "/link")),
        Operation(name="POST regenerate", prepare=preparing.api_call("post", "/link/regenerate"), most=2, budget="1–2"),
        Operation(name="POST invitation", prepare=preparing.api_call("post", "/invitations", invitation), status=201),
        Operation(name="GET invitations", prepare=preparing.api_call("get", "/invitations")),
        Operation(name="GET connections", prepare=preparing.api_call("get", "/connections")),
        Operation(name="GET events", prepare=preparing.api_call("get", "/events")),
    )


def _grants() -> tuple[Operation, ...]:
    """A reading: one call and one key, or no key where it is at hand. A renewal adds lease, old and next key, writing."""
    read = preparing.credentials
    return (
        Operation(name="GET credentials", prepare=read(), most=1, all=1, apps=0, budget="1, all 1"),
        Operation(
            name="GET credentials, key from KMS", prepare=read(at_hand=False), most=1, all=2, apps=0, budget="1, all 2"
        ),
        Operation(name="GET credentials, a day's first", prepare=read(noted=False), most=2, all=2, apps=0, budget="2"),
        Operation(
            name="GET credentials, renewed",
            prepare=read(ended=True, at_hand=False),
            most=3,
            all=5,
            apps=1,
            budget="3, all 5, app 1",
        ),
    )
