"""Who may call the API: bearer tokens, forged in every way that is known, and the keys that check them."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from unittest.mock import patch

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from jwt.algorithms import ECAlgorithm, HMACAlgorithm, RSAAlgorithm

from local.token import AUDIENCE, ISSUER, SCOPES
from tests.handlers.described import Api
from tests.support.world import API_SECRET, World, settings_with

RSA, RSA_NEXT = (rsa.generate_private_key(65537, 2048) for _ in range(2))
EC = ec.generate_private_key(ec.SECP256R1())


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    made = {"iss": ISSUER, "aud": AUDIENCE, "sub": "tests", "iat": now, "exp": now + 600, "scope": " ".join(SCOPES)}
    return {name: value for name, value in (made | changes).items() if value is not ...}


def signed(
    key: Any = API_SECRET, algorithm: str = "HS256", headers: dict[str, Any] | None = None, **changes: Any
) -> str:
    return jwt.encode(claims(**changes), key, algorithm=algorithm, headers=headers)


def status(world: World, token: str, path: str = "/v1/apps") -> int:
    """Through the door with this token."""
    platform = world.platform()
    platform.token = token
    return Api(platform).get(path).status


def part(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def by_hand(header: dict[str, Any], body: object, secret: bytes) -> str:
    """A token that no library would make."""
    head = f"{part(header)}.{part(body)}"
    return f"{head}.{part(hmac.new(secret, head.encode(), hashlib.sha256).digest())}"


def test_a_good_token(world: World) -> None:
    assert status(world, signed()) == 200


def test_tokens_that_are_not_good(world: World) -> None:
    """401 for each, without saying what was wrong, and without a read."""
    now = int(time.time())
    good = signed()
    head, body, signature = good.split(".")
    bad = {
        "wrong secret": signed("another-secret-0123456789abcdefghij"),
        "wrong issuer": signed(iss="https://evil.example"),
        "wrong audience": signed(aud="another-service"),
        "no issuer": signed(iss=...),
        "no audience": signed(aud=...),
        "no expiry": signed(exp=...),
        "expired": signed(exp=now - 31),
        "not yet": signed(nbf=now + 60),
        "from the future": signed(iat=now + 3600),
        "no algorithm": jwt.encode(claims(), None, algorithm="none"),  # type: ignore[arg-type]
        "none, in capitals": by_hand({"alg": "NONE", "typ": "JWT"}, claims(), b""),
        "none, with the signature": f"{part({'alg': 'none'})}.{body}.{signature}",
        "another algorithm": signed(algorithm="HS512", key=API_SECRET * 2),
        "HS384": signed(algorithm="HS384", key=API_SECRET * 2),
        "RS256": signed(RSA, "RS256"),
        "ES256": signed(EC, "ES256"),
        "changed body": f"{head}.{part(claims(sub='admin'))}.{signature}",
        "cut": good[:-1],
        "unsigned": f"{head}.{body}.",
        "two parts": f"{head}.{body}",
        "four parts": f"{good}.x",
        "no JSON": f"{head}.{part(b'{')}.{signature}",
        "scope is a list": signed(scope=list(SCOPES)),
        "entities is text": signed(entities="acme"),
        "entities are numbers": signed(entities=[1]),
        "expiry is text": by_hand({"alg": "HS256"}, claims(exp="soon"), API_SECRET.encode()),
        "critical header": by_hand({"alg": "HS256", "crit": ["x"], "x": 1}, claims(), API_SECRET.encode()),
        "claims are a list": by_hand({"alg": "HS256"}, [], API_SECRET.encode()),
        "nesting": f"{part(b'[' * 3000)}.{body}.{signature}",
        "nested header": f"{part(b'{' + b'"a":{' * 3000)}.{body}.{signature}",
        "empty": "",
        "space": " ",
        "letters": "é",
        "dots": "..",
        "NUL": "\x00",
    }
    before = len(world.aws.calls)
    statuses = {name: status(world, token) for name, token in bad.items()}
    assert {name: found for name, found in statuses.items() if found != 401} == {}
    assert world.aws.calls[before:] == []


def test_the_clocks_may_differ_a_little(world: World) -> None:
    assert status(world, signed(exp=int(time.time()) - 20)) == 200


def test_only_a_bearer_token_in_the_header(world: World) -> None:
    token = signed()
    for authorization in ("", "Bearer", "Bearer ", token, f"Basic {token}", f"bearer{token}", f"Token {token}"):
        assert world.platform().get("/v1/apps", authorization=authorization).status == 401
    assert world.platform().get(f"/v1/apps?access_token={token}", authorization="").status == 401
    assert world.platform().get("/v1/apps", authorization=f"bearer {token}").status == 200, "the scheme's case is free"


def test_every_refusal_looks_the_same(world: World) -> None:
    answers = [
        world.platform().get("/v1/apps", authorization=f"Bearer {token}")
        for token in ("x", signed("y" * 32), signed(exp=1))
    ]
    assert len({(answer.status, answer.body, str(answer.headers)) for answer in answers}) == 1


def test_a_token_without_the_scope(world: World) -> None:
    """403 says which; nothing is done."""
    world.entity()
    reading = world.platform("entities:read")
    assert reading.get("/v1/entities/acme").status == 200
    refused = reading.put("/v1/entities/acme", {"name": "New"})
    assert (refused.status, refused.json["detail"]) == (403, "The token lacks the scope entities:write.")
    for almost in (
        "entities:write2",
        "xentities:write",
        "entities",
        "entities:*",
        "ENTITIES:WRITE",
        "entities:write,links:read",
    ):
        assert world.platform(almost).put("/v1/entities/acme", {"name": "New"}).status == 403
    assert world.platform().get("/v1/entities/acme").json["name"] == "Acme Coffee LLC"


def test_a_token_may_be_narrowed_to_entities(world: World) -> None:
    """Threat 23. Beyond its reach an entity looks like one that does not exist: byte for byte."""
    world.entity()
    world.entity("other")
    narrow = world.platform(entities=["acme"])
    assert narrow.get("/v1/entities/acme").status == 200
    assert narrow.get("/v1/apps").status == 200
    for suffix in ("", "/link", "/invitations", "/connections", "/events"):
        beyond, unknown = (narrow.get(f"/v1/entities/{entity}{suffix}") for entity in ("other", "nobody"))
        missing = world.platform().get(f"/v1/entities/nobody{suffix}")
        assert beyond == unknown == missing
        assert beyond.status == 404
    assert narrow.put("/v1/entities/new", {"name": "New"}).status == 404
    assert narrow.post("/v1/entities/other/link/regenerate").status == 404
    assert world.platform().get("/v1/entities/other/link").json["generation"] == 1
    assert world.platform(entities=[]).get("/v1/entities/acme").status == 404


# Keys from the issuer


class Issuer:
    """The issuer's key set, over HTTP, as it is at the moment; it counts who asks."""

    def __init__(self) -> None:
        self.keys: list[dict[str, Any]] = []
        self.asked = 0
        self.broken = False
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked += 1
                body = b"<html>" if issuer.broken else json.dumps({"keys": issuer.keys}).encode()
                self.send_response(503 if issuer.broken else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/keys"
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def public(key: Any, kid: str, **more: str) -> dict[str, Any]:
    to_jwk = ECAlgorithm.to_jwk if isinstance(key, ec.EllipticCurvePrivateKey) else RSAAlgorithm.to_jwk
    found: dict[str, Any] = json.loads(to_jwk(key.public_key()))
    return found | {"kid": kid, "use": "sig", **more}


@pytest.fixture
def issuer(world: World) -> Iterator[Issuer]:
    running = Issuer()
    running.keys = [public(RSA, "rsa", alg="RS256"), public(EC, "ec", alg="ES256")]
    settings_with(API_SECRET="", API_JWKS_URL=running.url)
    yield running
    running.stop()


def test_tokens_of_an_issuer_with_keys(world: World, issuer: Issuer) -> None:
    assert status(world, signed(RSA, "RS256", {"kid": "rsa"})) == 200
    assert status(world, signed(EC, "ES256", {"kid": "ec"})) == 200
    assert issuer.asked == 1, "kept for a while"


def test_the_key_fixes_the_algorithm(world: World, issuer: Issuer) -> None:
    """The classic: a public key, which everybody has, taken for a shared secret."""
    der = RSA.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pem = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for secret in (der, pem, pem.strip(), RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), b""):
        assert status(world, by_hand({"alg": "HS256", "kid": "rsa"}, claims(), secret)) == 401
    assert status(world, signed(API_SECRET, headers={"kid": "rsa"})) == 401
    assert status(world, signed(API_SECRET)) == 401
    assert status(world, signed(RSA, "PS256", {"kid": "rsa"})) == 401
    assert status(world, signed(EC, "ES256", {"kid": "rsa"})) == 401
    assert status(world, signed(RSA, "RS256", {"kid": "ec"})) == 401
    assert status(world, jwt.encode(claims(), None, algorithm="none", headers={"kid": "rsa"})) == 401  # type: ignore[arg-type]


def test_a_token_cannot_bring_its_own_key(world: World, issuer: Issuer) -> None:
    own = public(RSA_NEXT, "rsa", alg="RS256")
    for header in (
        {"jwk": own},
        {"jku": "https://evil.example/keys"},
        {"x5u": "https://evil.example"},
        {"kid": "../../etc"},
    ):
        assert status(world, signed(RSA_NEXT, "RS256", {"kid": "rsa", **header})) == 401


def test_a_token_must_name_its_key(world: World, issuer: Issuer) -> None:
    assert status(world, signed(RSA, "RS256")) == 401
    assert status(world, by_hand({"alg": "RS256", "kid": ["rsa"]}, claims(), b"x")) == 401


def test_a_shared_secret_in_the_key_set_is_none(world: World, issuer: Issuer) -> None:
    """Whoever can read the key set could sign with it."""
    secret: dict[str, Any] = json.loads(HMACAlgorithm.to_jwk(API_SECRET))
    issuer.keys = [secret | {"kid": "oct", "alg": "HS256"}, public(RSA, "rsa", alg="RS256")]
    assert status(world, signed(API_SECRET, headers={"kid": "oct"})) == 401
    assert status(world, signed(RSA, "RS256", {"kid": "rsa"})) == 200


def test_a_key_without_an_id_is_none(world: World, issuer: Issuer) -> None:
    issuer.keys = [
        {name: value for name, value in public(RSA, "").items() if name != "kid"},
        public(EC, "ec", alg="ES256"),
    ]
    assert status(world, signed(RSA, "RS256")) == 401
    assert status(world, signed(RSA, "RS256", {"kid": "None"})) == 401


def test_new_keys_are_fetched_when_a_token_names_one(world: World, issuer: Issuer) -> None:
    """Rotation: at most once a minute, whoever asks with whatever name."""
    moment = time.monotonic()
    with patch("chalicelib.services.callers.time.monotonic", lambda: moment):
        assert status(world, signed(RSA, "RS256", {"kid": "rsa"})) == 200
        issuer.keys = [public(RSA_NEXT, "next", alg="RS256")]
        assert status(world, signed(RSA_NEXT, "RS256", {"kid": "next"})) == 401
        assert issuer.asked == 1
    moment += 61
    with patch("chalicelib.services.callers.time.monotonic", lambda: moment):
        assert status(world, signed(RSA_NEXT, "RS256", {"kid": "next"})) == 200
        assert status(world, signed(RSA, "RS256", {"kid": "rsa"})) == 401, "withdrawn"
        for number in range(20):
            assert status(world, signed(RSA, "RS256", {"kid": f"guess-{number}"})) == 401
        assert issuer.asked == 2


def test_an_issuer_that_does_not_answer(world: World, issuer: Issuer) -> None:
    """503 while nothing is known; what is known serves on."""
    issuer.broken = True
    assert status(world, signed(RSA, "RS256", {"kid": "rsa"})) == 503
    issuer.broken = False
    assert status(world, signed(RSA, "RS256", {"kid": "rsa"})) == 200
    issuer.broken = True
    later = time.monotonic() + 700
    with patch("chalicelib.services.callers.time.monotonic", lambda: later):
        assert status(world, signed(RSA, "RS256", {"kid": "rsa"})) == 200


def test_an_issuer_that_stays_away_is_asked_once_a_minute(world: World, issuer: Issuer) -> None:
    """What is known serves on, and nobody waits for the issuer at each call."""
    assert status(world, signed(RSA, "RS256", {"kid": "rsa"})) == 200
    issuer.broken = True
    later = time.monotonic() + 601
    with patch("chalicelib.services.callers.time.monotonic", lambda: later):
        for _ in range(5):
            assert status(world, signed(RSA, "RS256", {"kid": "rsa"})) == 200
    assert issuer.asked == 2
