"""What should not be sent: a clear error, nothing written, nothing lost of what was typed, and never a 500."""

import json
import re
from html import escape
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.handlers.described import api, check
from tests.support.happening import connected
from tests.support.visitor import FORM, Answer, Visitor
from tests.support.world import OWNER, PAT, SAM, World

ACME = "/v1/entities/acme"
ASK = {"app": "square", "email": OWNER, "requested_by": PAT}
EVIL = "<img src=x onerror=alert(1)>\"'&{{7*7}}"
BREAKS = ("\r\nBcc: x@evil.example", "\nx", "\rx", "\x00", "\x1b[31m", "\x85x", "\u2028x", "\u202ex", "\x7f")


def kept(world: World) -> list[dict[str, object]]:
    """All that is stored, but for sessions, whose time moves."""
    return sorted([*world.core.items(), *world.vault.items()], key=repr)


# The API


MALFORMED = [
    b"", b" ", b"{", b"{}x", b"nul", b"[]", b'"text"', b"1", b"null", b"true", b"{'name': 'Acme'}", b'{"name": "Acme",}',
    b'{"name": "Acme", "name": "Twice"}', b'{"name": "Acme", "x": {"a": 1, "a": 2}}', b'{"name": NaN}', b'{"name": Infinity}',
    b'{"name": -Infinity}', b'{"x": ' + b"9" * 5000 + b"}", b'{"name": "\xff"}', b'{"name": "\x00"}', b'{"name": "a\nb"}',
    b'{"x": ' + b"[" * 20_000, b'{"x": ' + b"[" * 20_000 + b"]" * 20_000 + b"}", b'{"a":' * 10_000, b"name=Acme",
]  # fmt: skip


def test_malformed_json(world: World) -> None:
    """400, and nothing is written."""
    world.entity()
    before = kept(world)
    for raw in MALFORMED:
        for method, path in (("PUT", ACME), ("POST", f"{ACME}/invitations"), ("POST", f"{ACME}/console-sessions")):
            answer = world.platform().request(method, path, raw=raw)
            check(method, path, answer)
            assert (answer.status, raw[:40]) == (400, raw[:40])
    assert kept(world) == before


NAMES: list[object] = [
    *(None, 1, 1.5, True, [], {}, ["Acme"], "", " ", "\n", "x" * 121, "é" * 121, "\ud800", "Acme\ud800", "\udfff"),
    *(f"Acme{broken}" + "x" for broken in BREAKS),
]


def test_names_that_will_not_do(world: World) -> None:
    """Threat 17. 422, and the field is named."""
    for name in NAMES:
        refused = api(world).put(ACME, {"name": name})
        assert (refused.status, refused.json["field"], name) == (422, "name", name)
    assert api(world).put(ACME, {}).json["field"] == "name"
    assert kept(world) == []


def test_names_that_will_do(world: World) -> None:
    for name in (
        "x",
        "x" * 120,
        "é" * 120,
        EVIL,
        "珈琲店 ☕",
        'O\'Hara & Söhne, "Café"',
        "=cmd()",
        "../../etc",
        "null",
    ):
        assert api(world).put(ACME, {"name": f" {name} "}).json["name"] == name
        assert api(world).get(ACME).json["name"] == name


def test_breaks_reach_no_header(world: World) -> None:
    """Threat 17. Names, notes and addresses; and the letter that is sent has one recipient and its own subject."""
    world.entity()
    for field in ("email", "requested_by", "note"):
        for broken in BREAKS:
            value = f"{ASK.get(field, 'note')}{broken}"
            answer = api(world).post(f"{ACME}/invitations", ASK | {field: value})
            allowed = field == "note" and broken in {"\r\nBcc: x@evil.example", "\nx"}
            assert (answer.status, field, broken) == (201 if allowed else 422, field, broken)
    letters = world.deliver()
    assert len(letters) == 2
    for letter in letters:
        assert (letter["to"], letter["cc"], letter["reply_to"]) == ([OWNER], [PAT], PAT)
        assert "evil" not in letter["subject"]


def test_bodies_over_64_kb(world: World) -> None:
    """413 on each call that takes a body, before it is read as JSON; 64 KB to the byte is taken."""
    world.entity()
    before = kept(world)
    for method, path in (
        ("PUT", ACME),
        ("POST", f"{ACME}/invitations"),
        ("POST", f"{ACME}/console-sessions"),
        ("POST", f"{ACME}/link/regenerate"),
    ):
        answer = world.platform().request(method, path, raw=b"x" * 65_537)
        check(method, path, answer)
        assert answer.status == 413
    assert kept(world) == before
    head = b'{"name":"Acme","x":"'
    exactly = head + b"x" * (65_536 - len(head) - 2) + b'"}'
    assert world.platform().request("PUT", ACME, raw=exactly).status == 200
    assert world.platform().request("PUT", ACME, raw=exactly + b" ").status == 413
    assert world.platform().request("PUT", ACME, raw=json.dumps({"name": "é" * 22_000}, ensure_ascii=False)).status in {
        413,
        422,
    }


def test_bodies_that_are_not_json(world: World) -> None:
    world.entity()
    for kind in (
        FORM,
        "text/plain",
        "text/html",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/jsonp",
    ):
        answer = world.platform().request("PUT", ACME, {"name": "New"}, content_type=kind)
        check("PUT", ACME, answer)
        assert (answer.status, kind) == (415, kind)
    assert (
        world.platform().request("PUT", ACME, {"name": "New"}, content_type="application/json; charset=utf-8").status
        == 200
    )


IDS = [
    *("x" * 65, "a b", "a%20b", "é", "%C3%A9", "%FF", "%00", "a%00", "a%0A", "a%0D%0ASet-Cookie:x", "a%2Fb", "..%2Fx", "%2e%2e"),
    *("a~b", "a.b", "a:b", "a@b", "a*", "a|b", "E%23acme", "acme%23", "%61cme%20", "acme%09", "'", '"', "<b>", "%25", "%", "%zz", "%1"),
    *("x" * 3000, "acme;x", "acme%3Fx", "acme%E2%80%AE"),
]  # fmt: skip


def test_ids_that_are_none_look_like_unknown_ones(world: World) -> None:
    """Threat 11. 404 in every way, with a body or without."""
    world.entity()
    unknown = world.platform().get("/v1/entities/nobody")
    for entity_id in IDS:
        for method, suffix, body in (
            ("GET", "", None),
            ("GET", "/link", None),
            ("PUT", "", {"name": "x"}),
            ("POST", "/invitations", ASK),
        ):
            answer = world.platform().request(method, f"/v1/entities/{quote(entity_id, safe='%')}{suffix}", body)
            assert (answer.status, answer.body, entity_id) == (404, unknown.body, entity_id)
    assert {item["pk"] for item in world.core.items("entity")} == {"E#acme"}


def test_an_id_is_decoded_once(world: World) -> None:
    world.entity()
    assert world.platform().get("/v1/entities/%61cme").status == 200
    assert world.platform().get("/v1/entities/%2561cme").status == 404


def test_another_entitys_ids_are_unknown_ones(world: World) -> None:
    """Threat 23. For an admin of one entity the other does not exist: byte for byte, page and header."""
    world.entity()
    world.entity("other", admins=("kim@other.example",))
    admin = world.admin()
    tabs = ("", "/available", "/apps/square", "/client-connect", "/client-connect/regenerate", "/history", "/members")
    for tab in tabs:
        theirs, nobodys = (admin.get(f"/entities/{entity_id}{tab}") for entity_id in ("other", "nobody"))
        assert theirs == nobodys
        assert theirs.status == 404
    admin.get("/entities/acme/members")
    csrf = admin.page.forms[-1].fields["csrf"]
    before = kept(world)
    for path in (
        "/members",
        "/members/remove",
        "/client-connect/regenerate",
        "/apps/square/connect",
        "/apps/square/ask",
    ):
        fields = {"csrf": csrf, "email": "kim@other.example"}
        theirs, nobodys = (admin.post(f"/entities/{entity_id}{path}", fields) for entity_id in ("other", "nobody"))
        assert theirs == nobodys
        assert theirs.status == 404
    assert kept(world) == before


def test_another_entitys_invitation_attributes_nothing(world: World) -> None:
    """Threat 23. Its id with our link: the page and the attempt are as if it had not been there."""
    world.entity()
    world.entity("other")
    theirs = world.platform().post("/v1/entities/other/invitations", ASK).json["id"]
    visitor = world.visitor()
    for invitation in (theirs, "0" * 32):
        assert visitor.get(f"{world.link()}/square?i={invitation}").status == 200
        assert visitor.post(f"{world.link()}/square", {"i": invitation}).status == 200
    assert {item["invited"] for item in world.ephemeral.items("attempt")} == {""}
    (listed,) = world.platform().get("/v1/entities/other/invitations").json["items"]
    assert listed["status"] == "queued"


def test_doubled_parameters(world: World) -> None:
    """Threat 8. In the API, on pages, in forms, in the callback: two readers could take two different values."""
    world.entity()
    link, admin = world.link(), world.admin()
    for query in ("limit=1&limit=2", "cursor=a&cursor=a", "x=1&x=1", "limit=1&limit=", "limit=1&%6cimit=2"):
        for listing in ("invitations", "events"):
            assert api(world).get(f"{ACME}/{listing}?{query}").status == 400
    for path in (
        f"{link}?i=1&i=2",
        f"{link}/square?i=1&i=1",
        "/callback/square?state=a&state=b&code=c",
        "/callback/square?state=a&code=b&code=c",
    ):
        assert world.visitor().get(path).status == 400
    for path in (
        "/entities?after=a&after=b",
        "/entities/acme/available?q=a&q=b",
        "/entities/acme/history?cursor=a&cursor=b",
    ):
        assert admin.get(path).status == 400
    assert world.visitor().post("/sign-in", f"email={PAT}&email={SAM}").status == 400
    assert world.visitor().post(f"{link}/shopify", "tenant=a&tenant=b").status == 400
    assert world.ephemeral.items("attempt") == world.core.items("outbox") == []


# Forms


FORMS = ["email=%FF", "email=%C3", "%00=x", "email=a%00b", "\xff", "&".join(f"a{n}=x" for n in range(41)), "email=é"]


def test_forms_that_cannot_be_read(world: World) -> None:
    world.entity()
    link = world.link()
    for body in FORMS:
        for path in ("/sign-in", f"{link}/square"):
            answer = world.visitor().post(path, body)
            assert (answer.status, body) == (400, body)
            assert "Nothing was changed." in answer.text
    assert world.visitor().post(f"/sign-in?email={PAT}", {"email": PAT}).status == 400, (
        "nothing of a form in an address"
    )
    assert world.core.items("outbox") == []


def test_forms_over_64_kb(world: World) -> None:
    world.entity()
    admin, link = world.admin(), world.link()
    admin.get("/entities/acme/members")
    for path in ("/sign-in", f"{link}/square", "/entities/acme/members", "/entities/acme/apps/square/ask"):
        answer = admin.post(
            path, admin.page.forms[-1].fields | {"note": "x" * 66_000} if admin.page.forms else {"note": "x" * 66_000}
        )
        assert (answer.status, path) == (413, path)
        assert "larger than we take" in answer.text


def refused(visitor: Visitor, action: str, **fields: str) -> Answer:
    answer = visitor.submit(action, **fields)
    assert answer.status == 400, answer.text[:300]
    assert "Nothing was stored." in answer.text
    return answer


def typed(answer: Answer, action: str) -> dict[str, str]:
    return next(form.fields for form in answer.forms if form.action.endswith(action))


def test_a_refused_form_keeps_what_was_typed(world: World) -> None:
    """Nothing is lost: each field comes back, the faulty one and those that were fine."""
    world.entity()
    admin = world.admin()
    admin.get("/entities/acme/apps/square")
    note = f"Dear Olive,\nplease connect {EVIL}."
    again = typed(refused(admin, "/ask", email=f"olive{EVIL}", note=note), "/ask")
    assert (again["email"], again["note"].strip()) == (f"olive{EVIL}", note)
    again = typed(refused(admin, "/ask", email=OWNER, note="x" * 501), "/ask")
    assert (again["email"], again["note"].strip()) == (OWNER, "x" * 501)
    admin.get("/entities/acme/members")
    assert typed(refused(admin, "/members", email="kim@"), "/members")["email"] == "kim@"
    assert typed(refused(admin, "/members", email=SAM), "/members")["email"] == SAM, "an admin already"
    visitor = world.visitor()
    visitor.get("/sign-in")
    visitor.submit("/sign-in", email="nobody")
    assert (visitor.page.status, typed(visitor.page, "/sign-in")["email"]) == (400, "nobody")
    visitor.get(f"{world.link()}/shopify")
    assert typed(refused(visitor, "/shopify", tenant="evil.example"), "/shopify")["tenant"] == "evil.example"


def test_a_secret_does_not_come_back(world: World) -> None:
    """Threat 42. The site does, so that only the key has to be pasted again."""
    world.entity()
    admin = world.admin()
    admin.get("/entities/acme/apps/chargebee")
    answer = refused(admin, "/connect", site="acme", api_key="sentinel key with spaces")
    assert typed(answer, "/connect") | {"csrf": ""} == {"csrf": "", "site": "acme", "api_key": ""}
    assert "sentinel" not in answer.body


def test_over_long_keys_are_not_found_and_no_outage(world: World) -> None:
    """DynamoDB refuses keys over 1 and 2 KB; a stranger's long address is no failure of ours."""
    world.entity()
    admin = world.admin()
    for path in (f"/entities/{'x' * 3000}", f"/attempts/{'x' * 3000}", f"/sign-in/{'x' * 3000}", f"/c/{'x' * 3000}"):
        before = len(world.aws.calls)
        assert admin.get(path).status == 404
        assert not [body for body in world.aws.bodies[before:] if "x" * 1000 in body], path
    before = len(world.aws.calls)
    assert admin.get(f"/entities?after={'x' * 3000}").status in {200, 400, 404}
    admin.get("/entities/acme/members")
    admin.post("/entities/acme/members/remove", admin.page.forms[-1].fields | {"email": "x" * 3000})
    assert admin.page.status == 404
    assert not [body for body in world.aws.bodies[before:] if "x" * 1000 in body]


# What people are called


def test_markup_in_names_is_shown_and_not_obeyed(world: World) -> None:
    """Threat 18. An entity's name, an account's name, a note and a search: in every page and every letter."""
    world.entity(name=EVIL)
    connected(name=EVIL)
    assert api(world).post(f"{ACME}/invitations", ASK | {"note": EVIL}).status == 201
    admin, visitor, link = world.admin(), world.visitor(), world.link()
    tabs = ("", "/available", "/apps/square", "/client-connect", "/client-connect/regenerate", "/history", "/members")
    pages = [admin.get(path).body for path in ("/entities", *(f"/entities/acme{tab}" for tab in tabs))]
    pages += [visitor.get(path).body for path in (link, f"{link}/square", f"{link}/shopify")]
    pages += [admin.get(f"/entities/acme/available?q={quote(EVIL)}").body]
    pages += [letter["html"] for letter in world.deliver()]
    assert len(pages) == 15
    for page in pages:
        assert "<img src=x" not in page
        assert "onerror=alert(1)>" not in page.replace(escape(EVIL), "").replace("&gt;", "")
        assert "49" not in re.sub(r"[^{}]*<title>|\d{2}:\d{2}|#[0-9a-f]+", "", page) or "{{7*7}}" in page
    assert all(EVIL in letter["text"] for letter in world.letters(OWNER))


def test_what_comes_with_a_callback_is_not_repeated(world: World) -> None:
    """Threat 9."""
    query = urlencode({"state": EVIL, "error": EVIL, "error_description": EVIL, "code": EVIL})
    page = world.visitor().get(f"/callback/square?{query}")
    assert page.status == 400
    assert "onerror" not in page.body


# Anything at all


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("name", "admins", "app", "email", "requested_by", "note"), ANYTHING | st.sampled_from([PAT, "square", [PAT]])
    ),
)


@settings(max_examples=40, derandomize=True)
@given(body=FIELDS | ANYTHING)
def test_no_body_breaks_the_api(world: World, body: object) -> None:
    world.entity()
    for method, path in (("PUT", ACME), ("POST", f"{ACME}/invitations"), ("POST", f"{ACME}/console-sessions")):
        answer = world.platform().request(method, path, body if body is not None else {})
        check(method, path, answer)
        assert answer.status < 500


@settings(max_examples=40, derandomize=True)
@given(
    body=st.binary(max_size=60)
    | st.text(max_size=30).map(lambda text: f"email={quote(text)}&i={quote(text)}&tenant={quote(text)}".encode())
)
def test_no_form_breaks_a_page(world: World, body: bytes) -> None:
    world.entity()
    for path in ("/sign-in", f"{world.link()}/shopify", f"{world.link()}/square"):
        answer = world.visitor().request(
            "POST", path, headers={"content-type": FORM, "sec-fetch-site": "same-origin"}, body=body
        )
        assert answer.status < 500


@pytest.mark.parametrize(
    "path", ["/c/{}", "/c/{}/square", "/sign-in/{}", "/attempts/{}", "/callback/{}", "/entities/{}"]
)
def test_no_address_breaks_a_page(world: World, path: str) -> None:
    world.entity()
    admin = world.admin()
    for part in (*IDS, "acme", "square", "0" * 64, "-", "_" * 200):
        assert admin.get(path.format(quote(part, safe="%"))).status < 500, part
