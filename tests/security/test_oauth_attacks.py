"""Attacks on the flow between our start page and our callback: A attacks, V is the victim."""

from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

import pytest

from chalicelib import keys
from local.simulators.people import approve, deny
from tests.conftest import Clock
from tests.support import dance
from tests.support.visitor import Answer, Visitor
from tests.support.world import World


@pytest.fixture
def link(world: World) -> str:
    world.entity()
    return world.link()


def bring(visitor: Visitor, url: str) -> Answer:
    """The first answer to a callback, as the app's redirect brings it."""
    return visitor.get(dance.path_of(url), **{"sec-fetch-site": "cross-site"})


def nothing_happened(world: World, app: str = "square") -> bool:
    return world.apps.count(app, "token") == 0 and world.connections() == [] and world.vault.items() == []


def with_values(url: str, **values: str | None) -> str:
    """The callback with some values changed, or left out."""
    from urllib.parse import urlencode

    kept = {**dance.query_of(url), **values}
    return f"{url.partition('?')[0]}?{urlencode({name: value for name, value in kept.items() if value is not None})}"


# 1: somebody else's callback


@pytest.mark.parametrize("app", dance.OAUTH_APPS)
def test_a_browser_without_the_cookie_is_refused(world: World, link: str, app: str) -> None:
    """Threat 1. V has no cookie at all."""
    attacker, victim = world.visitor(), world.visitor()
    callback = approve(dance.start(attacker, link, app, **dance.filled(app, {})))
    answer = bring(victim, callback)
    assert answer.status == 400
    assert "one browser" in answer.text
    assert nothing_happened(world, app)
    assert victim.cookies == {}


def test_a_victim_s_own_cookie_does_not_open_the_attacker_s_state(world: World, link: str) -> None:
    """Threat 1. V is in the middle of a flow of their own, and gets A's callback. A can still finish."""
    attacker, victim = world.visitor(), world.visitor()
    theirs, own = (approve(dance.start(one, link, "square")) for one in (attacker, victim))
    assert bring(victim, theirs).status == 400
    assert nothing_happened(world)
    assert bring(victim, with_values(own, state=dance.state_of(theirs))).status == 400
    assert nothing_happened(world)
    assert dance.come_back(attacker, theirs).status == 200
    assert len(world.connections()) == 1


def mutated(state: str) -> str:
    return ("B" if state[0] == "A" else "A") + state[1:]


@pytest.mark.parametrize(
    "change",
    [
        lambda _: None,
        lambda _: "",
        mutated,
        lambda state: state[:-1],
        lambda state: f"{state} ",
        lambda state: state.swapcase(),
        keys.digest,
    ],
    ids=["missing", "empty", "mutated", "short", "padded", "other case", "its digest"],
)
def test_a_state_that_is_not_the_one_is_refused(world: World, link: str, change: object) -> None:
    """Threat 1. And the attempt is still there for the real callback."""
    owner = world.visitor()
    callback = approve(dance.start(owner, link, "square"))
    state = change(dance.state_of(callback))  # type: ignore[operator]
    assert bring(owner, with_values(callback, state=state)).status == 400
    assert nothing_happened(world)
    assert dance.come_back(owner, callback).status == 200
    assert len(world.connections()) == 1


def test_only_a_digest_of_the_state_is_kept(world: World, link: str) -> None:
    """Threat 1."""
    owner = world.visitor()
    state = dance.state_of(dance.start(owner, link, "square"))
    (attempt,) = world.ephemeral.items("attempt")
    assert attempt["pk"] == f"ATTEMPT#{keys.digest(state)}"
    assert state not in str(attempt)
    assert owner.cookies["__Host-browser"] not in str(attempt)


def test_another_browser_does_not_see_the_outcome(world: World, link: str) -> None:
    """Threat 1. Neither while it is open nor when it is done."""
    owner, stranger = world.visitor(), world.visitor()
    callback = approve(dance.start(owner, link, "square"))
    dance.start(stranger, link, "square")
    path = f"/attempts/{keys.digest(dance.state_of(callback))}"
    unknown = stranger.get(f"/attempts/{'0' * 64}")
    assert stranger.get(path).status == 404
    dance.come_back(owner, callback)
    assert owner.get(path).status == 200
    for other in (stranger, world.visitor(), world.admin()):
        answer = other.get(path)
        assert (answer.status, answer.body) == (404, unknown.body)


# 2: a flow that somebody else began


def test_a_link_that_is_only_opened_begins_nothing(world: World, link: str) -> None:
    """Threat 2. A GET never redirects, begins nothing, sets no cookie; the page names who receives the access."""
    visitor = world.visitor()
    for _ in range(10):
        for path in (link, f"{link}/square"):
            answer = visitor.get(path)
            assert answer.status == 200
            assert answer.refresh == ""
            assert "Acme Coffee LLC" in answer.text
    assert world.ephemeral.items("attempt") == []
    assert visitor.cookies == {}


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_another_site_cannot_begin_a_flow(world: World, link: str, site: str) -> None:
    """Threat 2. A form on A's page posts itself from V's browser to A's link."""
    victim = world.visitor()
    answer = victim.post(f"{link}/square", sec_fetch_site=site, origin="https://evil.example")
    assert answer.status == 403
    assert answer.cookies == ()
    assert world.ephemeral.items("attempt") == []


def test_an_authorize_address_sent_to_somebody_else_leads_nowhere(world: World, link: str) -> None:
    """Threat 2. A begins; V approves at the app and comes back."""
    attacker, victim = world.visitor(), world.visitor()
    address = dance.start(attacker, link, "square")
    assert bring(victim, approve(address)).status == 400
    assert nothing_happened(world)


def test_the_start_is_a_page_and_no_redirect(world: World, link: str) -> None:
    """Threat 2 and 10. The link is in the address bar until the app's own page is; only our origin may see it."""
    owner = world.visitor()
    owner.get(f"{link}/square")
    owner.submit("/square")
    assert owner.page.status == 200
    assert owner.page.headers["Referrer-Policy"] == "same-origin"


# 3: two apps' answers mixed up


@pytest.mark.parametrize("other", ["ebay", "etsy", "chargebee", "unknown", "Square", "square%20"])
def test_a_state_belongs_to_one_app(world: World, link: str, other: str) -> None:
    """Threat 3. Another app's callback, with a good state: neither token endpoint is asked."""
    owner = world.visitor()
    callback = approve(dance.start(owner, link, "square"))
    assert bring(owner, callback.replace("/callback/square", f"/callback/{other}")).status == 400
    assert all(world.apps.count(app, "token") == 0 for app in dance.OAUTH_APPS)
    assert dance.come_back(owner, callback).status == 200
    assert len(world.connections()) == 1


@pytest.mark.parametrize("app", dance.OAUTH_APPS)
@pytest.mark.parametrize("issuer", ["https://evil.example", "", "HTTPS://CONNECT", "null"])
def test_another_issuer_is_refused(world: World, link: str, app: str, issuer: str) -> None:
    """Threat 3. RFC 9207."""
    owner = world.visitor()
    callback = approve(dance.start(owner, link, app, **dance.filled(app, {})))
    answer = bring(owner, with_values(callback, iss=issuer))
    assert answer.status == 400
    assert "not the answer we waited for" in answer.text
    assert nothing_happened(world, app)
    assert bring(owner, callback).status == 303, "the state is used up"
    assert nothing_happened(world, app)


def test_the_right_issuer_is_welcome(world: World, link: str) -> None:
    """Threat 3. The simulators stand in for the real origins, so theirs is the issuer here."""
    owner = world.visitor()
    callback = approve(dance.start(owner, link, "square"))
    assert dance.come_back(owner, with_values(callback, iss=world.apps.url)).status == 200
    assert len(world.connections()) == 1


# 4: somebody else's code


def test_a_code_from_another_flow_does_not_fit_the_verifier(world: World, link: str) -> None:
    """Threat 4. A's code in V's callback: the app compares challenge and verifier."""
    attacker, victim = world.visitor(), world.visitor()
    theirs = approve(dance.start(attacker, link, "etsy"), account="40100102")
    own = approve(dance.start(victim, link, "etsy"))
    page = dance.come_back(victim, with_values(own, code=dance.query_of(theirs)["code"]))
    assert "said no" in page.text
    assert world.connections() == []
    assert world.vault.items() == []


def test_without_a_challenge_the_browser_is_still_checked(world: World, link: str) -> None:
    """Threat 4. A strips the challenge, and V comes back: the state's binding is there whatever PKCE does."""
    attacker, victim = world.visitor(), world.visitor()
    address = dance.start(attacker, link, "etsy")
    with pytest.raises(ValueError, match="PKCE"):
        approve(with_values(address, code_challenge=None, code_challenge_method=None))
    stripped = f"/callback/etsy?code=stolen&state={dance.state_of(address)}"
    assert victim.get(stripped).status == 400
    assert nothing_happened(world, "etsy")


def test_a_made_up_code_gets_nothing(world: World, link: str) -> None:
    """Threat 4."""
    owner = world.visitor()
    callback = approve(dance.start(owner, link, "square"))
    assert "said no" in dance.come_back(owner, with_values(callback, code="made-up")).text
    assert world.connections() == []


@pytest.mark.parametrize("code", [None, ""])
def test_a_callback_without_a_code_asks_nobody(world: World, link: str, code: str | None) -> None:
    owner = world.visitor()
    callback = approve(dance.start(owner, link, "square"))
    assert "said no" in dance.come_back(owner, with_values(callback, code=code)).text
    assert nothing_happened(world)


# 6: the same callback again


def test_a_second_click_is_no_error(world: World, link: str) -> None:
    """Threat 6. One exchange, one connection, one event, one letter to each admin; the same page each time."""
    owner = world.visitor()
    callback = approve(dance.start(owner, link, "square"))
    pages = [dance.come_back(owner, callback) for _ in range(3)]
    assert {page.status for page in pages} == {200}
    assert len({page.body for page in pages}) == 1
    assert world.apps.count("square", "token") == 1
    assert len(world.connections()) == 1
    assert world.events().count("connected") == 1
    assert "reconnected" not in world.events()
    assert len(world.deliver()) == 2


def test_eight_at_once_are_one(world: World, link: str) -> None:
    """Threat 6. After one callback, and before any."""
    owner = world.visitor()
    callback = approve(dance.start(owner, link, "square"))
    twins = [twin(world, owner) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda one: bring(one, callback), twins))
    assert {answer.status for answer in answers} == {303}
    assert len({answer.location for answer in answers}) == 1
    assert world.apps.count("square", "token") == 1
    assert len(world.connections()) == 1
    assert world.events().count("connected") == 1
    assert {one.follow().status for one in twins} == {200}


def twin(world: World, visitor: Visitor) -> Visitor:
    """The same browser in another tab."""
    other = world.visitor()
    other.cookies = dict(visitor.cookies)
    return other


def test_a_used_state_takes_no_new_code(world: World, link: str) -> None:
    """Threat 6."""
    owner = world.visitor()
    first = approve(dance.start(owner, link, "square"))
    dance.come_back(owner, first)
    fresh = approve(dance.start(owner, link, "square"))
    dance.come_back(owner, with_values(first, code=dance.query_of(fresh)["code"]))
    assert world.apps.count("square", "token") == 1


def test_a_claimed_code_is_never_redeemed_again(world: World, link: str) -> None:
    """Threats 6 and 37. The process died half-way: whoever comes back starts again."""
    owner = world.visitor()
    callback = approve(dance.start(owner, link, "square"))
    with patch("chalicelib.services.ending.Ending.keep", side_effect=SystemExit), pytest.raises(SystemExit):
        bring(owner, callback)
    again = dance.come_back(owner, callback)
    assert "Connecting Square" in again.text
    assert world.apps.count("square", "token") == 1
    assert world.connections() == []


def test_a_broken_off_attempt_says_so_later(world: World, link: str, clock: Clock) -> None:
    """Threat 37."""
    owner = world.visitor()
    callback = approve(dance.start(owner, link, "square"))
    with patch("chalicelib.services.ending.Ending.keep", side_effect=SystemExit), pytest.raises(SystemExit):
        bring(owner, callback)
    clock.forward(minutes=1)
    page = dance.come_back(owner, callback)
    assert "did not finish" in page.text
    assert f"{link}/square" in page.links
    assert world.apps.count("square", "token") == 1


# 7: too late


def test_an_old_attempt_is_refused_though_it_is_still_there(world: World, link: str, clock: Clock) -> None:
    """Threat 7. DynamoDB deletes late."""
    owner = world.visitor()
    callback = approve(dance.start(owner, link, "square"))
    clock.forward(minutes=11)
    answer = bring(owner, callback)
    assert answer.status == 400
    assert "too long" in answer.text
    assert len(world.ephemeral.items("attempt")) == 1
    assert nothing_happened(world)


def test_nine_minutes_are_not_too_long(world: World, link: str, clock: Clock) -> None:
    """Threat 7."""
    owner = world.visitor()
    callback = approve(dance.start(owner, link, "square"))
    clock.forward(minutes=9)
    assert dance.come_back(owner, callback).status == 200
    assert len(world.connections()) == 1


def test_a_cookie_set_long_ago_still_lasts_for_a_new_start(world: World, link: str) -> None:
    """The browser's cookie lives a day from the latest start, not from the first."""
    owner = world.visitor()
    dance.start(owner, link, "square")
    held = dict(owner.cookies)
    dance.start(owner, link, "ebay")
    assert owner.page.cookies
    assert "Max-Age=86400" in owner.page.cookies[0]
    assert owner.cookies == held


# 8: two values for one name


@pytest.mark.parametrize("doubled", ["state", "code", "iss"])
def test_a_value_sent_twice_is_refused(world: World, link: str, doubled: str) -> None:
    """Threat 8. Even the same value twice; the attempt stays for the real callback."""
    owner = world.visitor()
    callback = approve(dance.start(owner, link, "square"))
    value = dance.query_of(callback).get(doubled, "x")
    for twice in (f"&{doubled}={value}&{doubled}={value}", f"&{doubled}=evil&{doubled}={value}"):
        bare = with_values(callback, **{doubled: None})
        assert bring(owner, bare + twice).status == 400
    assert nothing_happened(world)
    assert dance.come_back(owner, callback).status == 200
    assert len(world.connections()) == 1


def test_a_doubled_state_with_the_good_one_last_is_refused(world: World, link: str) -> None:
    """Threat 8. ``state=a&state=b``: Chalice's own ``.get`` takes the last."""
    owner = world.visitor()
    callback = approve(dance.start(owner, link, "square"))
    path = dance.path_of(callback).replace("?", "?state=a&", 1)
    assert owner.get(path).status == 400
    assert nothing_happened(world)


# 9: errors


def test_an_error_needs_a_state_too(world: World, link: str) -> None:
    """Threat 9. Nobody else can close an attempt."""
    owner = world.visitor()
    address = dance.start(owner, link, "square")
    stranger = world.visitor()
    for path in ("/callback/square?error=access_denied", f"/callback/square?error=access_denied&state={'x' * 43}"):
        assert owner.get(path).status == 400
    assert stranger.get(f"/callback/square?error=access_denied&state={dance.state_of(address)}").status == 400
    assert dance.come_back(owner, approve(address)).status == 200
    assert len(world.connections()) == 1


def test_what_an_error_says_is_never_shown(world: World, link: str) -> None:
    """Threat 9. The attempt is closed by it, and a code that comes after it is not redeemed."""
    owner = world.visitor()
    address = dance.start(owner, link, "square")
    denial = deny(address)
    evil = "<script>alert(1)</script>"
    page = dance.come_back(owner, with_values(denial, error_description=evil, error_uri="https://evil.example"))
    assert "You cancelled" in page.text
    assert "alert(1)" not in page.body
    assert "evil.example" not in page.body
    (attempt,) = world.ephemeral.items("attempt")
    assert (attempt["state"], attempt["failure"]) == ("failed", "cancelled")
    dance.come_back(owner, approve(address))
    assert nothing_happened(world)


@pytest.mark.parametrize("error", ["server_error", "<script>alert(1)</script>", "", "x" * 5000])
def test_any_other_error_is_a_refusal(world: World, link: str, error: str) -> None:
    """Threat 9. Even beside a code."""
    owner = world.visitor()
    callback = approve(dance.start(owner, link, "square"))
    page = dance.come_back(owner, with_values(callback, error=error))
    assert "said no" in page.text
    assert "alert(1)" not in page.body
    assert nothing_happened(world)


def test_a_hostile_name_is_shown_as_text_only(world: World, link: str) -> None:
    """Threat 18."""
    from local.simulators import Misbehaviour

    world.apps.misbehave("square", "identity", Misbehaviour.HOSTILE_NAME)
    page = dance.connect(world, world.visitor(), link, "square")
    console = world.admin().get("/entities/acme")
    letters = world.deliver()
    assert page.status == 200
    for body in (page.body, console.body, *(letter["html"] for letter in letters)):
        assert "<img src=x" not in body
    assert "&lt;img src=x" in page.body


# Shopify signs what it sends back


@pytest.mark.parametrize(
    "change",
    [
        {"hmac": None},
        {"hmac": ""},
        {"hmac": "0" * 64},
        {"hmac": "é"},
        {"shop": "evil.myshopify.com"},
        {"shop": None},
        {"timestamp": "1"},
        {"timestamp": "9" * 5000},
        {"timestamp": "٣"},
        {"timestamp": None},
        {"code": "swapped"},
        {"host": "evil"},
        {"extra": "1"},
    ],
    ids=str,
)
def test_a_callback_that_shopify_did_not_sign_is_refused(
    world: World, link: str, change: dict[str, str | None]
) -> None:
    """Threats 3 and 15. Signature, shop and time."""
    owner = world.visitor()
    callback = approve(dance.start(owner, link, "shopify", tenant=dance.SHOP))
    assert bring(owner, with_values(callback, **change)).status == 400
    assert nothing_happened(world, "shopify")


def test_another_shop_s_own_callback_is_refused(world: World, link: str) -> None:
    """Threat 15. Well signed, but for a shop that this attempt is not about."""
    owner = world.visitor()
    address = dance.start(owner, link, "shopify", tenant=dance.SHOP)
    other = approve(address.replace("acme-coffee.myshopify.com", "evil-shop.myshopify.com"))
    assert dance.query_of(other)["shop"] == "evil-shop.myshopify.com"
    assert bring(owner, other).status == 400
    assert nothing_happened(world, "shopify")


def test_yesterday_s_signature_is_too_old(world: World, link: str) -> None:
    """Threat 15. A signature of the day before, whatever else is right."""
    owner = world.visitor()
    address = dance.start(owner, link, "shopify", tenant=dance.SHOP)
    world.apps.pass_time(-86_500)
    assert bring(owner, approve(address)).status == 400
    assert nothing_happened(world, "shopify")
