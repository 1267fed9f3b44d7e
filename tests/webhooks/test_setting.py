"""The platform sets where an entity's events go, and nobody else; the secret is told once."""

import json
import socket
from datetime import timedelta
from unittest.mock import Mock

import pytest
from standardwebhooks.webhooks import WebhookVerificationError

from chalicelib import wiring
from chalicelib.errors import Conflict, NotKept
from chalicelib.outbound.sealing import Sealer
from tests.conftest import Clock
from tests.handlers.described import api
from tests.support.aws import error
from tests.support.happening import connected, together, unhurried
from tests.support.webhooks import HOST, PATH, URL, Receiver, deliver, internet
from tests.support.world import World, forget
from tests.webhooks.conftest import Hooked

OTHER = "https://other.acme.example/hooks"


def test_the_secret_is_told_once(hooked: Hooked) -> None:
    """Threat 45. Made by us, in the one answer that makes it; what is kept of it is sealed."""
    assert hooked.secret.startswith("whsec_")
    shown = hooked.api.get(PATH)
    assert (shown.status, shown.json["url"], shown.json["state"]) == (200, URL, "enabled")
    again = hooked.api.put(PATH, {"url": URL})
    assert (again.status, again.json) == (200, shown.json)
    assert "secret" not in shown.json
    stored = json.dumps([*hooked.world.core.items(), *hooked.world.ephemeral.items()], default=repr)
    assert hooked.secret.removeprefix("whsec_") not in stored


def test_the_history_says_so_with_the_host_only(hooked: Hooked) -> None:
    """Threat 45. An address may hold a secret of the receiver's."""
    hooked.api.put(PATH, {"url": OTHER})
    hooked.api.post(f"{PATH}/rotate")
    hooked.api.request("DELETE", PATH)
    told = [(one["kind"], one.get("detail")) for one in hooked.api.get("/v1/entities/acme/events").json["items"]]
    assert told[:4] == [
        ("webhook_removed", None),
        ("webhook_rotated", None),
        ("webhook_set", "other.acme.example"),
        ("webhook_set", HOST),
    ]
    page = hooked.world.admin().get("/entities/acme/history")
    assert "hears of this history at other.acme.example" in page.text
    assert "not told of this history any more" in page.text
    assert "events?of" not in page.body


def test_a_new_address_keeps_the_secret(hooked: Hooked) -> None:
    changed = hooked.api.put(PATH, {"url": OTHER})
    assert (changed.status, changed.json["url"]) == (200, OTHER)
    connected()
    deliver(hooked.world)
    assert hooked.receiver.posted[-1].path == "/hooks"
    hooked.receiver.posted[-1].verified(hooked.secret)


def test_removed_it_has_gone_and_what_waited_with_it(hooked: Hooked) -> None:
    connected()
    hooked.world.deliver()
    assert hooked.api.request("DELETE", PATH).json == {"removed": True}
    assert hooked.api.request("DELETE", PATH).status == hooked.api.get(PATH).status == 404
    assert hooked.api.post(f"{PATH}/rotate").status == 404
    assert all(done for done, _ in deliver(hooked.world))
    assert hooked.receiver.posted == []
    made = hooked.api.put(PATH, {"url": URL})
    assert (made.status, made.json["secret"] == hooked.secret) == (201, False)


def test_what_is_not_there(world: World, receiver: Receiver) -> None:
    with internet(receiver):
        assert api(world).put(PATH, {"url": URL}).status == 404
    assert api(world).get(PATH).status == 404
    assert world.core.items() == []


def test_another_entity_has_its_own(hooked: Hooked) -> None:
    """Threat 23. Neither its address nor its secret is another's."""
    hooked.world.entity("other", "Other LLC")
    assert api(hooked.world, entities=["other"]).get(PATH).status == 404
    connected(entity_id="other")
    deliver(hooked.world)
    assert hooked.receiver.posted == []
    [item] = hooked.world.core.items("webhook")
    hooked.world.core.put({**item, "pk": "E#other"})
    connected(entity_id="other", name="Other")
    with pytest.raises(NotKept):
        wiring.webhook_sealer().open(bytes(item["sealed"]), "other")
    assert not any(done for done, _ in deliver(hooked.world))


def test_a_webhooks_secret_is_no_grant(hooked: Hooked) -> None:
    """Threats 23, 45. Whoever may open secrets of webhooks opens no grant, nor the other way."""
    from chalicelib.domain import Account, Connection, Grant, SealedGrant
    from tests.storage.making import AT

    books = {"entity_id": "acme", "app": "square", "account": Account(id="a", name="A"), "status": "active"}
    when = {"connected_at": AT, "connected_by": "x", "first_connected_at": AT}
    connection = Connection(id="c", **books, **when)  # type: ignore[arg-type]
    sealer: Sealer = wiring.sealer()
    sealed = sealer.seal(Grant(secrets={"access_token": "sentinel-token"}), connection)
    with pytest.raises(NotKept):
        wiring.webhook_sealer().open(sealed.ciphertext, "acme")
    [item] = hooked.world.core.items("webhook")
    with pytest.raises(NotKept):
        sealer.open(SealedGrant(ciphertext=bytes(item["sealed"])), connection)


# Rotating


def test_for_a_day_both_secrets_are_good(hooked: Hooked, clock: Clock) -> None:
    """Threat 45. A receiver changes when it likes; then the old one signs nothing."""
    rotated = hooked.api.post(f"{PATH}/rotate").json
    assert rotated["secret"] != hooked.secret
    assert hooked.api.get(PATH).json["previous_secret_until"] == rotated["previous_secret_until"]
    connected()
    deliver(hooked.world)
    for posted in hooked.receiver.posted:
        posted.verified(rotated["secret"])
        posted.verified(hooked.secret)
    clock.forward(hours=24, seconds=1)
    assert hooked.api.get(PATH).json["previous_secret_until"] is None
    hooked.receiver.posted.clear()
    connected(name="Another")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("standardwebhooks.webhooks.datetime", _Turned(clock))
        deliver(hooked.world)
        for posted in hooked.receiver.posted:
            posted.verified(rotated["secret"])
            with pytest.raises(WebhookVerificationError):
                posted.verified(hooked.secret)


class _Turned:
    """The library's own clock, turned with ours."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self, tz: object = None) -> object:
        return self._clock.now

    def __getattr__(self, name: str) -> object:
        import datetime as dt

        return getattr(dt.datetime, name)


def test_rotated_twice_two_secrets_are_good_and_not_three(hooked: Hooked) -> None:
    first = hooked.api.post(f"{PATH}/rotate").json["secret"]
    second = hooked.api.post(f"{PATH}/rotate").json["secret"]
    connected()
    deliver(hooked.world)
    posted = hooked.receiver.posted[-1]
    posted.verified(first)
    posted.verified(second)
    with pytest.raises(WebhookVerificationError):
        posted.verified(hooked.secret)


def test_of_two_rotations_at_once_none_is_lost(hooked: Hooked) -> None:
    """Whoever was told a secret can use it."""
    answers = together(lambda: hooked.world.platform().post(f"{PATH}/rotate"), times=4)
    won = [answer.json["secret"] for answer in answers if answer.status == 200]
    assert {answer.status for answer in answers} <= {200, 409}
    connected()
    deliver(hooked.world)
    hooked.receiver.posted[-1].verified(won[-1] if len(won) == 1 else _newest(hooked, won))


def _newest(hooked: Hooked, won: list[str]) -> str:
    webhook = wiring.storage().webhooks.get("acme")
    assert webhook
    newest = wiring.webhook_sealer().open(webhook.sealed, "acme")
    assert newest in won
    return newest


def test_a_rotation_can_be_asked_for_again(hooked: Hooked) -> None:
    """A lost answer is no lost secret: Idempotency-Key repeats it."""
    answers = [hooked.api.post(f"{PATH}/rotate", idempotency_key="once").json for _ in range(2)]
    assert answers[0] == answers[1]
    assert hooked.world.events().count("webhook_rotated") == 1


def test_two_at_once_make_one(world: World, receiver: Receiver) -> None:
    world.entity()
    with internet(receiver):
        answers = together(lambda: world.platform().put(PATH, {"url": URL}), times=3)
    assert sorted(answer.status for answer in answers).count(201) == 1
    assert {answer.status for answer in answers} <= {200, 201, 409}
    assert len(world.core.items("webhook")) == 1


def test_without_kms_nothing_is_kept(world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threat 33."""
    unhurried(monkeypatch)
    world.entity()
    forget()
    world.aws.fail("GenerateDataKey", error("KMSInternalException", 500), times=9)
    with internet(receiver):
        assert api(world).put(PATH, {"url": URL}).status == 503
    assert world.core.items("webhook") == []


def test_who_is_second_changes_nothing(hooked: Hooked) -> None:
    """What was read is not what stands there any more."""
    stored = wiring.storage().webhooks
    found = stored.get("acme")
    assert found
    from chalicelib.domain import EventKind
    from chalicelib.services.events import event

    noted = event("acme", EventKind.WEBHOOK_ROTATED, "tests")
    stored.rotate(found, b"other", noted.at + timedelta(days=1), noted)
    with pytest.raises(Conflict):
        stored.rotate(found, b"third", noted.at, noted)
    with pytest.raises(Conflict):
        stored.create(found, noted)
    with pytest.raises(Conflict):
        stored.remove("nobody", noted)


# Addresses

HOSTILE = (
    *("http://hooks.acme.example/", "HTTPS://hooks.acme.example", "ftp://hooks.acme.example", "//hooks.acme.example", ""),
    *("https://127.0.0.1/", "https://[::1]/", "https://[::ffff:7f00:1]/", "https://2130706433/", "https://0x7f.1/", "https://127.1"),
    *("https://0x7f000001", "https://017700000001", "https://169.254.169.254/latest/meta-data", "https://1.1.1.1"),
    *("https://localhost", "https://localhost.", "https://hooks", "https://hooks.acme.example.", "https://hooks..example"),
    *("https://user@hooks.acme.example", "https://user:pass@hooks.acme.example", "https://hooks.acme.example:22/"),
    *("https://hooks.acme.example:80", "https://hooks.acme.example:0443", "https://hooks.acme.example:", "https://:443/"),
    *("https://hooks.acme.example#x", "https://hooks.acme.example/#x", "https://hooks.acme.example\\@evil.example/"),
    *("https://hooks.acme.example/\r\nHost: evil", "https://hooks.acme.example/ x", "https://hooks.acme.example/\x00"),
    *("https://hooks.acme.example\n", " https://hooks.acme.example", "https://ho\u043eks.acme.example", "https://hooks\u3002acme.example"),
    *("https://-hooks.acme.example", "https://hooks-.acme.example", "https://hooks_.acme.example", "https://%68ooks.acme.example"),
    *("https://hooks.acme.example/" + "a" * 1000, "https://" + "a" * 64 + ".example", "javascript:alert(1)", "https:hooks.acme.example"),
    *("https://hooks.acme.example@evil.example", "https://evil.example;hooks.acme.example", "https://hooks.acme.example/<script>"),
)  # fmt: skip


def test_addresses_that_will_not_do(world: World, receiver: Receiver) -> None:
    """Threat 45. https, a name, no other port, no user, nothing that two readers could read differently."""
    world.entity()
    platform = api(world)
    with internet(receiver):
        for url in (*HOSTILE, None, 5, ["https://hooks.acme.example"], "https://\ud800.example"):
            refused = platform.put(PATH, {"url": url})
            assert (refused.status, refused.json["field"], url) == (422, "url", url)
        for url in (
            "https://hooks.acme.example",
            "https://HOOKS.acme.example:443/a?b=c&d=%20",
            "https://xn--bcher-kva.example/",
        ):
            assert platform.put(PATH, {"url": url}).status in {200, 201}
    assert len(world.core.items("webhook")) == 1


PRIVATE = (
    *("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
    *("::1", "fe80::1", "fd00:ec2::254", "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::"),
)


@pytest.mark.parametrize("address", PRIVATE)
def test_a_host_of_a_private_network_is_refused(world: World, receiver: Receiver, address: str) -> None:
    """Threat 45. One such address among public ones is one too many."""
    world.entity()
    with internet(receiver, "93.184.215.14", address):
        assert api(world).put(PATH, {"url": URL}).json["field"] == "url"
    assert world.core.items("webhook") == []


def test_a_host_that_nobody_knows_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.entity()

    monkeypatch.setattr("socket.getaddrinfo", Mock(side_effect=socket.gaierror))
    assert api(world).put(PATH, {"url": URL}).json["field"] == "url"
    assert world.core.items("webhook") == []
