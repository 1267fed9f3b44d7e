"""Connect links: guessed, tampered with, replaced, scanned, and leaked."""

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import keys, wiring
from local.simulators.people import approve, deny
from tests.conftest import Clock
from tests.support import dance
from tests.support.visitor import Answer
from tests.support.world import OWNER, PAT, World


@pytest.fixture
def link(world: World) -> str:
    world.entity()
    return world.link()


def looks(answer: Answer) -> tuple[int, dict[str, str], str]:
    return answer.status, dict(answer.headers), answer.body


def forged(world: World) -> dict[str, str]:
    """Links that are none, by what is wrong with them."""
    entity, secret = world.link().removeprefix("/c/").split("~")
    flipped = ("B" if secret[-1] == "A" else "A").join([secret[:-1], ""])
    nonce = wiring.storage().entities.get("acme").link.nonce  # type: ignore[union-attr]
    unsigned = keys.base64url(b"\x01" + nonce + bytes(16))
    other_key = keys.base64url(b"\x02" + nonce + keys.mac(bytes(32), "connect-link", "acme", nonce)[:16])
    made = {
        "unknown entity": f"nobody~{secret}",
        "another's secret": f"beta~{secret}",
        "one letter off": f"{entity}~{flipped}",
        "nonce without its MAC": f"{entity}~{unsigned}",
        "a key that is not ours": f"{entity}~{other_key}",
        "short": f"{entity}~{secret[:-4]}",
        "long": f"{entity}~{secret}AAAA",
        "very long": f"{entity}~{secret * 60}",
        "padded": f"{entity}~{secret}=",
        "other alphabet": f"{entity}~{secret[:-1]}%2B",
        "encoded twice": f"{entity}%257E{secret}",
        "a line break": f"{entity}~{secret}%0A",
        "a null": f"{entity}~{secret}%00",
        "broken UTF-8": f"{entity}~{secret}%FF",
        "not ASCII": f"{entity}~{secret}%E2%82%AC",
        "full-width digits": f"{entity}~%EF%BC%91{secret[1:]}",
        "a slash": f"{entity}~{secret}%2F",
        "no secret": entity,
        "empty secret": f"{entity}~",
        "empty entity": f"~{secret}",
        "two secrets": f"{entity}~{secret}~{secret}",
        "other case": f"{entity.upper()}~{secret}",
        "a space": f"{entity}~{secret}%20",
        "traversal": "..%2F..%2Fetc",
        "a UUID": "123e4567-e89b-12d3-a456-426614174000",
    }  # fmt: skip
    replaced = world.link()
    world.platform().post("/v1/entities/acme/link/regenerate")
    return {**made, "replaced": replaced.removeprefix("/c/")}


def test_links_that_do_not_work_all_look_the_same(world: World, link: str) -> None:
    """Threat 11. Unknown, malformed, replaced: same status, headers and bytes, with or without an app, to read or to
    post; nothing is begun, and nobody is told which."""
    world.entity("beta", "Beta Ltd")
    dead = forged(world)
    visitor = world.visitor()
    for tail in ("", "/square", "/chargebee", "/nonsense", "/shopify"):
        for method in ("GET", "HEAD", "POST")[: 3 if tail else 2]:
            seen = {}
            for name, segment in dead.items():
                path = f"/c/{segment}{tail}"
                answer = visitor.post(path) if method == "POST" else visitor.request(method, path)
                seen[name] = looks(answer)
            assert seen["replaced"][0] == 404
            assert {name for name, look in seen.items() if look != seen["replaced"]} == set(), (tail, method)
    assert world.ephemeral.items("attempt") == []
    assert visitor.cookies == {}


def test_a_forged_link_costs_no_read(world: World, link: str) -> None:
    """Threat 11. The MAC decides before DynamoDB is asked."""
    visitor = world.visitor()
    flipped = link[:-1] + ("B" if link[-1] == "A" else "A")
    before = len(world.aws.calls)
    for path in (flipped, "/c/acme~short", "/c/nobody"):
        visitor.get(path)
        visitor.post(f"{path}/square")
    assert world.aws.calls[before:] == []


def test_a_link_has_128_random_bits_and_128_of_a_mac(world: World, link: str) -> None:
    """Threat 11. Two entities' links, and two of one entity, have nothing in common."""
    world.entity("beta", "Beta Ltd")
    found = [link, world.link("beta")]
    world.platform().post("/v1/entities/acme/link/regenerate")
    found.append(world.link())
    raws = [keys.from_base64url(one.partition("~")[2]) for one in found]
    assert {len(raw) for raw in raws} == {1 + 16 + 16}
    assert len({raw[1:17] for raw in raws}) == 3
    assert len({raw[17:] for raw in raws}) == 3


@given(st.text(alphabet=st.characters(codec="ascii", exclude_characters="/?#"), max_size=120))
def test_no_text_is_a_link_by_chance(text: str) -> None:
    """Threat 11."""
    from chalicelib.errors import DeadLink
    from chalicelib.services.links import Links

    links = Links(entities=None, signing_keys={1: bytes(32)}, base_url="")  # type: ignore[arg-type]
    with pytest.raises(DeadLink):
        links.read(text)


def test_a_link_is_the_same_bytes_until_it_is_regenerated(world: World, link: str) -> None:
    assert {world.link() for _ in range(3)} == {link}
    assert world.platform().put("/v1/entities/acme", {"name": "Acme Roasters"}).status == 200
    assert world.link() == link


def test_a_link_percent_encoded_once_is_still_the_link(world: World, link: str) -> None:
    assert world.visitor().get(link.replace("~", "%7E")).status == 200


def test_a_leaked_table_gives_no_link(world: World, link: str) -> None:
    """Threat 11. What is stored of a link is not the link: the MAC is kept nowhere."""
    secret = link.partition("~")[2]
    raw = keys.from_base64url(secret)
    (item,) = world.core.items("entity")
    held = b"".join(bytes(getattr(value, "value", b"")) for value in item.values())
    assert raw[1:17] in held
    assert raw[17:] not in held
    assert secret not in str(item)


# 14: whoever opens links by profession


def test_scanners_change_nothing(world: World, link: str) -> None:
    """Threat 14. HEAD and GET×20 on landing and consent, by strangers: no attempt, no letter, and the link works."""
    body = {"app": "square", "email": OWNER, "requested_by": PAT}
    invitation = world.platform().post("/v1/entities/acme/invitations", body).json["id"]
    sent = len(world.deliver())
    before = stored(world)
    scanner = world.visitor()
    for path in (
        link,
        f"{link}/square",
        f"{link}?i={invitation}",
        f"{link}/square?i={invitation}",
        f"{link}/chargebee",
    ):
        assert scanner.request("HEAD", path).status in {200, 404}
        for _ in range(20):
            scanner.get(path)
    assert stored(world) == before
    assert len(world.deliver()) == sent
    assert scanner.cookies == {}
    dance.connect(world, world.visitor(), link, "square")
    assert len(world.connections()) == 1


def test_a_scanner_that_presses_the_button_only_begins_an_attempt_that_expires(
    world: World, link: str, clock: Clock
) -> None:
    """Threat 14. The link stays good for the owner, during and after."""
    scanner = world.visitor()
    for _ in range(3):
        dance.start(scanner, link, "square")
    assert len(world.ephemeral.items("attempt")) == 3
    assert world.deliver() == []
    assert world.events()[0] == "admin_added"
    dance.connect(world, world.visitor(), link, "square")
    assert len(world.connections()) == 1
    clock.forward(minutes=11)
    assert all(int(item["expires_at"]) <= clock.now.timestamp() for item in world.ephemeral.items("attempt"))


def stored(world: World) -> list[object]:
    return [table.items() for table in (world.core, world.vault, world.ephemeral)]


def test_no_page_s_get_writes_anything(world: World, link: str) -> None:
    """Threat 22. Every address that can be read, by a signed-in admin: the tables stay as they were."""
    dance.connect(world, world.visitor(), link, "square")
    admin, platform = world.admin(), world.platform()
    world.deliver()
    before = stored(world)
    filled = {
        "entity_id": "acme",
        "app": "square",
        "link": link.removeprefix("/c/"),
        "token": "x" * 43,
        "attempt": "0" * 64,
        "connection_id": "0" * 32,
        "erasure_id": "0" * 32,
        "receipt": link.removeprefix("/c/"),
    }
    paths = [route.format(**filled) for route, methods in world.app.routes.items() if "GET" in methods]
    assert len(paths) > 15
    for path in paths:
        admin.get(path)
        platform.get(path)
    assert stored(world) == before


# 10: what leaks


def test_pages_tell_nobody_where_they_were(world: World, link: str) -> None:
    """Threat 10. The referrer stays with us, and no page loads anything from elsewhere."""
    visitor = world.visitor()
    for path in (link, f"{link}/square", f"{link}x", "/sign-in"):
        answer = visitor.get(path)
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "http" not in answer.headers["Content-Security-Policy"]
        for loaded in (' src="http', "url(http", "@import", '<link rel="stylesheet', "<iframe", "<object"):
            assert loaded not in answer.body
    assert 'name="robots" content="noindex"' in visitor.get(link).body


def test_the_result_s_address_is_clean(world: World, link: str) -> None:
    """Threat 10. Neither code nor state nor the link stays in the address bar."""
    owner = world.visitor()
    callback = approve(dance.start(owner, link, "square"))
    answer = owner.get(dance.path_of(callback))
    assert answer.status == 303
    for secret in (dance.query_of(callback)["code"], dance.state_of(callback), link.partition("~")[2]):
        assert secret not in answer.location
    assert "?" not in answer.location


def test_no_secret_is_ever_logged(
    world: World, link: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Threats 10 and 25. A broad flow with failures: links, states, codes, tokens, cookies, sign-in links, keys."""
    caplog.set_level(logging.INFO)
    secrets = {link.partition("~")[2]}
    visitors = []
    for app in dance.OAUTH_APPS:
        owner = world.visitor()
        visitors.append(owner)
        callback = approve(dance.start(owner, link, app, **dance.filled(app, {})))
        secrets |= {dance.state_of(callback), dance.query_of(callback)["code"]}
        dance.come_back(owner, callback)
        dance.come_back(world.visitor(), callback)
        dance.come_back(owner, deny(dance.start(owner, link, app, **dance.filled(app, {}))))
        secrets |= {part for token in world.apps.tokens(app) for part in (token.access_token, token.refresh_token)}
    admin = world.admin()
    visitors.append(admin)
    admin.get("/entities/acme/apps/chargebee")
    admin.submit("/connect", site="acme", api_key="test_SentinelThatIsNoGoodKey")
    secrets.add("test_SentinelThatIsNoGoodKey")
    visitor = world.visitor()
    visitor.get("/sign-in")
    visitor.submit("/sign-in", email=PAT)
    (letter,) = [one for one in world.deliver() if "Sign in" in one["subject"]]
    token = letter["text"].partition("/sign-in/")[2].split()[0]
    visitor.get(f"/sign-in/{token}")
    visitor.submit(token)
    visitors.append(visitor)
    world.platform(secret="another-secret-0123456789-0123456789").get("/v1/apps")
    crash(world, link)
    secrets |= {token, world.platform().token, "SENTINEL"}
    secrets |= {client.client_secret for client in wiring.settings().clients.values()}
    secrets |= {*wiring.settings().api_secrets, *(cookie for one in visitors for cookie in one.cookies.values())}
    logs = caplog.text + "".join(capfd.readouterr())
    assert "crash" in logs, "what is logged was caught"
    assert len(secrets) > 30
    assert [secret for secret in secrets if secret in logs] == []


def crash(world: World, link: str) -> None:
    from unittest.mock import patch

    with patch("chalicelib.services.links.Links.open", side_effect=RuntimeError("SENTINEL")):
        answer = world.visitor().get(link)
    assert answer.status == 500
    assert "SENTINEL" not in answer.body


def test_the_api_shows_no_secret_of_a_link_but_the_link(world: World, link: str) -> None:
    """Threat 10. Only where the link is asked for."""
    secret = link.partition("~")[2]
    platform = world.platform()
    dance.connect(world, world.visitor(), link, "square")
    for path in ("", "/connections", "/events", "/invitations"):
        assert secret not in json.dumps(platform.get(f"/v1/entities/acme{path}").json)
