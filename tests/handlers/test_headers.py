"""Every answer carries the security headers, whoever gave it: our view, our errors, or Chalice by itself."""

import base64
import hashlib
import re
from collections.abc import Iterator
from unittest.mock import patch

import app
from tests.support.aws import error
from tests.support.visitor import Answer
from tests.support.world import OWNER, PAT, World

HEADERS = {
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}
POLICY = re.compile(
    r"default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]{44}'; script-src 'sha256-[A-Za-z0-9+/=]{44}'; "
    r"img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
COOKIE = re.compile(r"__Host-[a-z]+=[A-Za-z0-9_-]*; Path=/; Secure; HttpOnly; SameSite=Lax(; Max-Age=\d+)?")
JSON = {"content-type": "application/json"}


def check(answer: Answer) -> None:
    for name, value in HEADERS.items():
        assert answer.headers.get(name) == value, (answer.status, name)
    assert POLICY.fullmatch(answer.headers["Content-Security-Policy"])
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
    kind = answer.headers["Content-Type"]
    assert kind == "application/problem+json" or kind.endswith("; charset=utf-8"), kind
    for cookie in answer.cookies:
        assert COOKIE.fullmatch(cookie), cookie


def pages(world: World) -> Iterator[tuple[int, Answer]]:
    """A page of every status, with the status that it should have."""
    visitor, link = world.visitor(), world.link()
    yield 200, visitor.get(link)
    yield 200, visitor.get(f"{link}/square")
    yield 200, visitor.get("/sign-in")
    yield 200, visitor.post("/sign-in", {"email": OWNER})
    yield 200, visitor.post(f"{link}/square")
    yield 303, visitor.get("/")
    yield 400, visitor.post("/sign-in", {"email": "nobody"})
    yield 400, visitor.get(f"{link}?i=1&i=2")
    yield 400, visitor.post("/sign-in", "email=%FF")
    yield 400, visitor.get("/callback/square?state=x&code=y")
    yield 401, visitor.get("/entities")
    yield 403, visitor.post("/sign-in", {"email": OWNER}, sec_fetch_site="cross-site")
    yield 404, visitor.get("/c/nothing")
    yield 404, visitor.get(f"{link}/revel")
    yield 404, visitor.get("/sign-in/unknown")
    yield 404, visitor.get("/logo")
    yield 405, visitor.request("PUT", link)
    yield 405, visitor.post("/entities")
    yield 413, visitor.post("/sign-in", {"email": "x" * 70_000})
    yield 415, visitor.request("POST", "/sign-in", headers=JSON, body="{}")
    yield 415, visitor.request("POST", f"{link}/square", headers=JSON, body="{}")
    for _ in range(6):
        visitor.post("/sign-in", {"email": OWNER})
    yield 429, visitor.page


def test_pages(world: World) -> None:
    """Threat 13. Framing is forbidden on every page, errors included."""
    world.entity()
    for status, answer in pages(world):
        assert answer.status == status
        check(answer)
        assert status == 303 or answer.headers["Content-Type"] == "text/html; charset=utf-8"


def test_console(world: World) -> None:
    """Threat 13."""
    world.entity()
    admin = world.admin()
    tabs = ("", "/available", "/apps/square", "/client-connect", "/client-connect/regenerate", "/history", "/members")
    for path in ("/entities", *(f"/entities/acme{tab}" for tab in tabs)):
        answer = admin.get(path)
        assert answer.status == 200
        check(answer)
    check(admin.get("/entities/nobody"))
    check(admin.post("/entities/acme/members", {"csrf": "x"}))
    admin.get("/entities/acme/members")
    admin.post("/entities/acme/members/remove", admin.page.forms[-1].fields | {"email": "kim@x.example"})
    check(admin.page)
    assert admin.page.status == 404


def api(world: World) -> Iterator[tuple[int, Answer]]:
    platform, path = world.platform(), "/v1/entities/acme"
    yield 200, platform.get(path)
    yield 200, platform.get("/v1/openapi.json")
    yield 201, platform.post(f"{path}/console-sessions", {"email": PAT})
    yield 400, platform.request("PUT", path, raw="{")
    yield 401, platform.get(path, authorization="")
    yield 403, world.platform("apps:read").get(path)
    yield 404, platform.get("/v1/entities/nobody")
    yield 405, platform.request("PATCH", path)
    yield 413, platform.put(path, {"name": "x" * 70_000})
    yield 415, platform.request("PUT", path, raw="name=x", content_type="application/x-www-form-urlencoded")
    yield 422, platform.put(path, {})
    asked = {"app": "square", "email": OWNER, "requested_by": PAT}
    yield 429, [platform.post(f"{path}/invitations", asked) for _ in range(11)][-1]


def test_api(world: World) -> None:
    """Threat 13."""
    world.entity()
    for status, answer in api(world):
        assert answer.status == status
        check(answer)
        kind = "application/problem+json" if status >= 400 else "application/json; charset=utf-8"
        assert answer.headers["Content-Type"] == kind
        assert answer.cookies == ()


def test_when_something_breaks(world: World) -> None:
    """Threats 13, 25. A mistake of ours, in a page, in the API, and outside every guard: 500, and not a word of it."""
    world.entity()
    link = world.link()
    with patch("chalicelib.services.links.Links.open", side_effect=RuntimeError("sentinel in a message")):
        page = world.visitor().get(link)
    with patch("chalicelib.services.administering.Administering.history", side_effect=RuntimeError("sentinel")):
        problem = world.platform().get("/v1/entities/acme/events")
    with patch("chalicelib.handlers.api.wiring.settings", side_effect=RuntimeError("sentinel")):
        unguarded = world.platform().get("/v1/openapi.json")
    for answer in (page, problem, unguarded):
        assert answer.status == 500
        check(answer)
        assert "sentinel" not in answer.body
        assert "Traceback" not in answer.body
    assert "Something went wrong on our side" in page.text
    assert problem.json["type"] == unguarded.json["type"] == "urn:client-connect:problem:crashed"


def test_when_aws_breaks(world: World) -> None:
    """Threats 13, 33, 34."""
    world.entity()
    link = world.link()
    world.aws.fail("Query", error("InternalServerError", 500), times=99)
    page, problem = world.visitor().get(link), world.platform().get("/v1/entities/acme")
    for answer in (page, problem):
        assert answer.status == 503
        check(answer)


def test_no_other_origin_reads_anything(world: World) -> None:
    """No CORS on any route. (A preflight never reaches us: API Gateway has no OPTIONS method to route it to.)"""
    world.entity()
    routes = [entry for methods in app.app.routes.values() for entry in methods.values()]
    assert not [entry.uri_pattern for entry in routes if entry.cors not in {None, False}]
    for origin in ("https://evil.example", "null"):
        check(world.platform().get("/v1/apps", origin=origin))
        check(world.visitor().get(world.link(), origin=origin))


def test_cookies(world: World) -> None:
    """Threats 1, 21. Ours alone, over TLS alone, out of scripts' reach, and back from the app by a link."""
    world.entity()
    visitor = world.visitor()
    visitor.post(f"{world.link()}/square")
    (browser,) = visitor.page.cookies
    assert browser.startswith("__Host-browser=")
    url = world.platform().post("/v1/entities/acme/console-sessions", {"email": PAT}).json["url"]
    visitor.post(url)
    (session,) = visitor.page.cookies
    assert session.startswith("__Host-session=")
    visitor.follow()
    out = next(form for form in visitor.page.forms if form.action.endswith("/sign-out"))
    visitor.post(out.action, out.fields)
    (ended,) = visitor.page.cookies
    assert ended == "__Host-session=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"
    for cookie in (browser, session, ended):
        assert COOKIE.fullmatch(cookie)
        assert "domain" not in cookie.lower()


def test_a_neighbours_cookies_sign_nobody_out(world: World) -> None:
    """A parent domain's cookies come too, and not all are well-formed."""
    world.entity()
    admin = world.admin()
    secret = admin.cookies["__Host-session"]
    admin.cookies = {}
    for neighbour in ('prefs={"a":"b c"}', "a[]=1", "=x", "flag", "x=\xe9", 'q="un closed', ";;"):
        for cookie in (f"{neighbour}; __Host-session={secret}", f"__Host-session={secret}; {neighbour}"):
            assert admin.get("/entities", cookie=cookie).status == 200, cookie
    for cookie in (
        f"__host-session={secret}",
        f"session={secret}",
        f"__Host-session=x{secret}",
        f'__Host-session="{secret}"',
    ):
        assert admin.get("/entities", cookie=cookie).status == 401, cookie


def test_the_policy_names_what_the_page_holds(world: World) -> None:
    """Threat 13. The hashes are of the very style and script inside."""
    world.entity()
    page = world.visitor().get(world.link())
    policy = page.headers["Content-Security-Policy"]
    for tag in ("style", "script"):
        (inside,) = re.findall(rf"<{tag}[^>]*>(.*?)</{tag}>", page.body, re.DOTALL)
        assert f"'sha256-{base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()}'" in policy
    assert "style=" not in page.body
    assert not re.search(r"\son[a-z]+=", page.body)
