"""Where things may lead: hosts that people type, hosts that headers claim, and addresses that answers send people to."""

from collections.abc import Mapping
from unittest.mock import patch
from urllib.parse import quote, urlencode, urljoin, urlsplit

import pytest

from chalicelib import wiring
from chalicelib.outbound.web import Web
from local.simulators.people import approve
from tests.support import dance
from tests.support.visitor import Answer
from tests.support.world import BASE_URL, OWNER, PAT, World, settings_with

EVIL = {
    "host": "evil.example",
    "x-forwarded-host": "evil.example",
    "x-forwarded-proto": "http",
    "x-forwarded-prefix": "/evil",
    "x-original-host": "evil.example",
    "x-rewrite-url": "/evil",
    "forwarded": "for=1.2.3.4;host=evil.example;proto=http",
    "x-host": "evil.example",
}
EVIL_ADDRESSES = (
    *("https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "///evil.example"),
    *("\\\\evil.example", "https:evil.example", "http:///evil.example", "javascript:alert(1)", "/%09/evil.example"),
    *(
        "@evil.example",
        ".evil.example",
        " //evil.example",
        "/\n/evil.example",
        "https://connect.bookkeep.example@evil.example",
    ),
)
OURS = urlsplit(BASE_URL).netloc


@pytest.fixture
def link(world: World) -> str:
    world.entity()
    return world.link()


# 15: hosts that are typed

NO_SHOPS = (
    *("x.myshopify.com\n", "\nx.myshopify.com", "x.myshopify.com\r\nHost: evil", "x.myshopify.com\t", "x.myshopify.com\x00"),
    *("x.myshopify.com.evil", "x.myshopify.com@evil", "evil@x.myshopify.com", "x.myshopify.com:8080", "x.myshopify.com#"),
    *("x.myshopify.com?y", "x.myshopify.com/../..", "x.myshopify.com\\evil", "evil.example/x.myshopify.com", "evil.example#.myshopify.com"),
    *("127.0.0.1", "localhost.", "[::1]", "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "169.254.169.254", "0x7f.1"),
    *("https://169.254.169.254/latest/meta-data", "http://x.myshopify.com", "file:///etc/passwd", "https://https://x.myshopify.com"),
    *("-x.myshopify.com", ".myshopify.com", "a.b.myshopify.com", "x..myshopify.com", "xmyshopify.com.", "x.myshopify.com."),
    *("ｘ.myshopify.com", "х.myshopify.com", "x。myshopify。com", "x%2emyshopify.com", "{tenant}", "x{0}.myshopify.com"),
    *("", " ", "a" * 61, "a" * 5000, "<script>alert(1)</script>", "admin.shopify.com/store/", "admin.shopify.com/store/../x"),
    *("admin.shopify.com@evil/store/x", "admin.shopify.com/store/x.evil.example", "x_y.myshopify.com", "rebind.evil.example"),
)  # fmt: skip


def test_a_host_that_is_no_shop_is_refused(world: World, link: str) -> None:
    """Threat 15. By an owner and by an admin: 400, no attempt, nothing asked of anybody."""
    admin, owner = world.admin(), world.visitor()
    for shop in NO_SHOPS:
        with patch.object(Web, "json", side_effect=AssertionError("an outbound call")):
            owner.get(f"{link}/shopify")
            assert owner.submit("/shopify", tenant=shop).status == 400, shop
            admin.get("/entities/acme/apps/shopify")
            assert admin.submit("/connect", tenant=shop).status == 400, shop
        assert "alert(1)</script>" not in owner.page.body + admin.page.body
        assert world.ephemeral.items("attempt") == []
        assert world.apps.hits == []
        assert owner.cookies == {}


@pytest.mark.parametrize(
    ("typed", "host"),
    [
        ("acme-store", "acme-store.myshopify.com"),
        ("ACME-Store.MyShopify.com", "acme-store.myshopify.com"),
        ("https://acme-store.myshopify.com/admin", "acme-store.myshopify.com"),
        ("https://admin.shopify.com/store/acme-store/orders", "acme-store.myshopify.com"),
    ],
)
def test_a_shop_may_be_typed_as_people_do(world: World, link: str, typed: str, host: str) -> None:
    """Threat 15. What comes out is always one host, under myshopify.com."""
    assert f"/{host}/admin/oauth/authorize" in dance.start(world.visitor(), link, "shopify", tenant=typed)
    (attempt,) = world.ephemeral.items("attempt")
    assert attempt["tenant"] == host


def test_the_shop_that_was_typed_is_the_only_one_that_is_asked(world: World, link: str) -> None:
    """Threat 15. Token and identity calls go to the attempt's own shop, whatever the callback says."""
    dance.connect(world, world.visitor(), link, "shopify")
    assert {hit.path.split("/")[1] for hit in world.apps.hits} == {dance.SHOP}


@pytest.mark.parametrize("how", ["REDIRECT_302", "REDIRECT_307"])
@pytest.mark.parametrize("endpoint", ["token", "identity"])
def test_no_redirect_is_followed(world: World, link: str, endpoint: str, how: str) -> None:
    """Threats 15 and 36. Code and secret do not travel on."""
    from local.simulators import Misbehaviour

    elsewhere = f"{world.apps.url}/connect.squareup.com/v2/merchants/me?elsewhere=1"
    world.apps.misbehave("square", endpoint, Misbehaviour[how], to=elsewhere)
    assert "does not answer" in dance.connect(world, world.visitor(), link, "square").text
    assert [hit for hit in world.apps.hits if "elsewhere" in hit.query] == []
    assert world.connections() == []


# 5: addresses that answers lead to


def leads_home(answer: Answer) -> bool:
    """A redirect, if it is one, stays with us however a browser reads it."""
    if answer.status != 303:
        return "Location" not in answer.headers
    seen = answer.location.replace("\\", "/").replace("\t", "").replace("\n", "")
    return seen.startswith("/") and not seen.startswith("//") and urlsplit(urljoin(BASE_URL, seen)).netloc == OURS


def test_no_parameter_leads_elsewhere(world: World, link: str) -> None:
    """Threat 5. There is no such parameter; whatever is sent is ignored or refused, and shown nowhere."""
    for evil in EVIL_ADDRESSES:
        fields = dict.fromkeys(("next", "return_to", "redirect_uri", "url"), evil)
        tail = f"?{urlencode(fields)}"
        owner, admin = world.visitor(), world.admin()
        answers = [owner.get(path + tail) for path in ("/", "/sign-in", link, f"{link}/square")]
        answers += [admin.get(path + tail) for path in ("/entities", "/entities/acme", "/entities/acme/apps/square")]
        owner.get(f"{link}/square")
        started = owner.post(f"{link}/square", fields)
        answers += [owner.post(f"/sign-in{tail}", {"email": PAT}), owner.post("/sign-in", {"email": PAT, **fields})]
        assert all(leads_home(answer) for answer in answers)
        assert started.status == 200
        assert urlsplit(started.refresh).netloc == urlsplit(world.apps.url).netloc
        assert dance.query_of(started.refresh)["redirect_uri"] == f"{BASE_URL}/callback/square"
        assert all("evil" not in answer.body for answer in [*answers, started])


def test_a_callback_leads_home(world: World, link: str) -> None:
    """Threat 5. With a good state and with none."""
    for evil in EVIL_ADDRESSES:
        owner = world.visitor()
        callback = dance.path_of(approve(dance.start(owner, link, "square")))
        assert leads_home(owner.get(f"/callback/square?next={quote(evil)}"))
        answer = owner.get(f"{callback}&next={quote(evil)}&redirect_uri={quote(evil)}")
        assert answer.status == 303
        assert leads_home(answer)


def test_a_path_that_looks_like_a_host_leads_nowhere(world: World, link: str) -> None:
    """Threat 5. In the place of an id or a link."""
    for evil in EVIL_ADDRESSES:
        admin = world.admin()
        for path in (
            f"/entities/{quote(evil, safe='')}",
            f"/c/{quote(evil, safe='')}",
            f"/attempts/{quote(evil, safe='')}",
        ):
            answer = admin.get(path)
            assert answer.status == 404
            assert leads_home(answer)
            assert "evil" not in answer.body


def test_every_redirect_of_the_console_stays_with_us(world: World, link: str) -> None:
    """Threat 5."""
    admin = world.admin()
    csrf = next(form.fields["csrf"] for form in admin.get("/entities/acme/members").forms)
    for path, fields in {
        "/entities/acme/members": {"email": "//evil.example@evil.example"},
        "/entities/acme/client-connect/regenerate": {"next": "//evil.example"},
        "/entities/acme/apps/square/ask": {"email": OWNER, "next": "//evil.example"},
        "/sign-out": {"next": "//evil.example"},
    }.items():
        assert leads_home(admin.post(path, {**fields, "csrf": csrf}))


# 16: hosts that headers claim


def without_chance(body: str, *secrets: str) -> str:
    for secret in secrets:
        body = body.replace(secret, "•")
    return body


@pytest.mark.parametrize("name", EVIL)
def test_no_header_changes_an_address(world: World, link: str, name: str) -> None:
    """Threat 16. Pages, authorize and redirect addresses, the API's links, with each header alone and all at once."""
    for headers in ({name: EVIL[name]}, EVIL):
        owner, admin = world.visitor(), world.admin()
        clean = world.visitor().get(link).body
        assert owner.get(link, **headers).body == clean
        started = owner.post(f"{link}/square", **headers)
        assert started.status == 200
        assert dance.query_of(started.refresh)["redirect_uri"] == f"{BASE_URL}/callback/square"
        bodies = [started.body, owner.get("/sign-in", **headers).body]
        bodies += [
            admin.get(f"/entities/acme{tail}", **headers).body for tail in ("", "/client-connect", "/apps/square")
        ]
        assert f"{BASE_URL}{link}" in bodies[3]
        answered = [
            raw(world, "GET", "/v1/entities/acme/link", headers),
            raw(world, "POST", "/v1/entities/acme/console-sessions", headers, {"email": PAT}),
            raw(world, "GET", "/v1/openapi.json", headers),
            raw(
                world,
                "POST",
                "/v1/entities/acme/invitations",
                headers,
                {"app": "square", "email": OWNER, "requested_by": PAT},
            ),
        ]
        assert [answer.status for answer in answered] == [200, 201, 200, 201]
        assert all(BASE_URL in answer.body for answer in answered)
        assert all("evil" not in body for body in [*bodies, *(answer.body for answer in answered)])


def raw(world: World, method: str, path: str, headers: Mapping[str, str], body: object = None) -> Answer:
    return world.platform().request(method, path, body, **headers)


def test_no_header_changes_a_letter(world: World, link: str) -> None:
    """Threat 16. Sign-in, invitation and alert, all asked for with every evil header there is."""
    owner = world.visitor()
    assert owner.post("/sign-in", {"email": PAT}, **EVIL).status == 200
    body = {"app": "square", "email": OWNER, "requested_by": PAT}
    assert raw(world, "POST", "/v1/entities/acme/invitations", EVIL, body).status == 201
    started = owner.post(f"{link}/square", **EVIL)
    owner.get(dance.path_of(approve(started.refresh)), **EVIL)
    letters = world.deliver()
    assert len(letters) == 4
    for letter in letters:
        assert BASE_URL in letter["text"]
        assert BASE_URL in letter["html"]
        assert "evil" not in str(letter)


def test_a_redirect_is_a_path_whatever_the_host(world: World, link: str) -> None:
    """Threat 16."""
    owner = world.visitor()
    callback = approve(dance.start(owner, link, "square"))
    answer = owner.get(dance.path_of(callback), **EVIL)
    assert answer.status == 303
    assert leads_home(answer)


def test_under_a_stage_every_address_has_its_path(world: World, link: str) -> None:
    """Threat 16. The path comes from BASE_URL too, never from the request."""
    settings_with(BASE_URL=f"{BASE_URL}/stage")
    assert wiring.settings().base_path == "/stage"
    visitor = world.visitor()
    assert visitor.get("/", **EVIL).location == "/stage/entities"
    body = visitor.get(link, **EVIL).body
    assert f'href="/stage{link}/square"' in body
    assert f'href="{link}/square"' not in body


# 13: framed, and the other headers

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


def answers(world: World, link: str) -> dict[int, list[Answer]]:
    """Answers of every status that there is, from pages and from the API."""
    visitor, platform = world.visitor(), world.platform()
    with patch("chalicelib.services.links.Links.open", side_effect=RuntimeError("boom")):
        crashed = visitor.get(link)
    with patch("chalicelib.services.apps.Apps.all", side_effect=RuntimeError("boom")):
        crashed_api = platform.get("/v1/apps")
    with patch("chalicelib.wiring.renderer", side_effect=[RuntimeError("boom"), *[wiring.renderer()] * 9]):
        unguarded = visitor.get("/sign-in")
    return {
        200: [visitor.get(link), visitor.get("/sign-in"), platform.get("/v1/apps"), visitor.request("HEAD", link)],
        303: [visitor.get("/")],
        400: [visitor.get("/callback/square"), visitor.get(f"{link}?i=a&i=b"), platform.put("/v1/entities/x", [])],
        401: [visitor.get("/entities"), platform.get("/v1/apps", authorization="Bearer x")],
        403: [visitor.post("/sign-in", sec_fetch_site="cross-site"), world.platform("apps:read").get("/v1/entities/a")],
        404: [visitor.get("/c/x"), visitor.get("/attempts/x"), platform.get("/v1/entities/none")],
        405: [visitor.request("PUT", "/sign-in"), visitor.request("HEAD", "/callback/square")],
        413: [visitor.post("/sign-in", "a" * 70_000)],
        415: [visitor.post("/sign-in", "{}", content_type="application/json")],
        422: [platform.put("/v1/entities/x", {"name": ""})],
        500: [crashed, crashed_api, unguarded],
    }


def test_every_answer_has_every_header(world: World, link: str) -> None:
    """Threat 13. On every status; our own pages may not be framed, by anybody."""
    for status, found in answers(world, link).items():
        for answer in found:
            assert answer.status == status, (status, answer.status, answer.body[:300])
            assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS, status
            policy = answer.headers["Content-Security-Policy"]
            for part in ("default-src 'none'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"):
                assert part in policy
            assert "unsafe" not in policy
            assert "Access-Control-Allow-Origin" not in answer.headers
            assert "boom" not in answer.body
            kind = answer.headers.get("Content-Type", "")
            assert "charset=utf-8" in kind or kind == "application/problem+json", (status, answer)


def test_every_cookie_is_ours_alone(world: World, link: str) -> None:
    """Threat 21. ``__Host-``, Secure, HttpOnly, Lax, the whole site, no domain."""
    owner = world.visitor()
    dance.start(owner, link, "square")
    cookies = list(owner.page.cookies)
    url = world.platform().post("/v1/entities/acme/console-sessions", {"email": PAT}).json["url"]
    cookies += owner.post(url.removeprefix(BASE_URL)).cookies
    csrf = next(form.fields["csrf"] for form in owner.get("/entities").forms if "csrf" in form.fields)
    cookies += owner.post("/sign-out", {"csrf": csrf}).cookies
    assert len(cookies) == 3
    for cookie in cookies:
        name, *attributes = cookie.split("; ")
        assert name.startswith(("__Host-browser=", "__Host-session="))
        assert {"Path=/", "Secure", "HttpOnly", "SameSite=Lax"} <= set(attributes)
        assert not any(attribute.lower().startswith("domain") for attribute in attributes)
