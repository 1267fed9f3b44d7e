"""``python -m local.catalogue``: the rows as they are pass, and each rule finds what it is for."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.providers import reading, store_address
from chalicelib.providers.base import Provider
from chalicelib.providers.catalogue import PROVIDERS
from chalicelib.providers.parts import Endpoints, Mechanism, Renewal
from local.catalogue import addresses, check, page, rules
from local.catalogue.__main__ import main
from local.catalogue.facts import FILE, facts
from local.simulators.apps import ALL

SQUARE, SHOPIFY, WOO = PROVIDERS["square"], PROVIDERS["shopify"], PROVIDERS["woocommerce"]
RECURLY, CHARGEBEE, LIGHTSPEED_X = PROVIDERS["recurly"], PROVIDERS["chargebee"], PROVIDERS["lightspeed_x"]


def test_every_row_keeps_every_rule() -> None:
    assert check.complaints() == []


def test_every_app_that_is_known_has_a_row() -> None:
    assert check.missing() == []
    assert len(facts()) == 47


def test_the_page_is_up_to_date() -> None:
    """``python -m local.catalogue page`` writes it."""
    assert page.FILE.read_text("utf-8") == page.page()


def test_the_page_has_a_line_for_each_app() -> None:
    lines = page.page().splitlines()
    for row in PROVIDERS.values():
        (line,) = [line for line in lines if f"(`{row.slug}`)" in line]
        assert line.count(" | ") == next(other for other in lines if other.startswith("| App")).count(" | ")


@pytest.mark.parametrize(("arguments", "code"), [(["check"], 0), ([], 2), (["other"], 2), (["check", "page"], 2)])
def test_the_command(arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == code
    assert bool(capsys.readouterr().err) is (code != 0)


def test_the_command_fails_for_a_bad_row(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(check, "missing", lambda: ["acme: no row in the catalogue"])
    assert main(["check"]) == 1
    assert capsys.readouterr().err == "acme: no row in the catalogue\n"


def test_the_facts_are_in_order() -> None:
    raw = json.loads(FILE.read_text("utf-8"))
    assert {entry["confidence"] for entry in raw} == {"high", "medium", "low"}
    assert all(entry["name"] and entry["quirks"] is not None for entry in raw)


# What each rule finds


def at(row: Provider, **addresses: str) -> Provider:
    return replace(row, endpoints=replace(row.endpoints, **addresses))


def saying(row: Provider, **texts: object) -> Provider:
    return replace(row, owner=replace(row.owner, **texts))  # type: ignore[arg-type]


def typing(row: Provider, read: object) -> Provider:
    assert row.tenant
    return replace(row, tenant=replace(row.tenant, read=read))  # type: ignore[arg-type]


def _anything(typed: str) -> str:
    return typed


_END_ONLY = reading.matching("tenant", r"(?s:.*)\.myshopify\.com(?s:.*)", "No.")
_BEGIN_ONLY = reading.matching("tenant", r"[a-z-]+\.myshopify\.com(?s:.*)", "No.")

WRONG: list[tuple[Provider, str]] = [
    (replace(SQUARE, slug="nobody"), "facts.json says nothing"),
    # Addresses.
    (at(SQUARE, token_url="http://connect.squareup.com/oauth2/token"), "not a plain https address"),
    (at(SQUARE, token_url="https://u:p@connect.squareup.com/"), "not a plain https address"),
    (at(SQUARE, token_url="https://connect.squareup.com:8443/"), "not a plain https address"),
    (at(SQUARE, identity_url="https://connect.squareup.com/me?x=1"), "not a plain https address"),
    (at(SQUARE, identity_url="https://10.0.0.1/me"), "is no host"),
    (at(SQUARE, identity_url="https://localhost/me"), "is no host"),
    (at(SQUARE, identity_url="https://{account_id}.squareup.com/me"), "{account_id} in a host"),
    (at(SQUARE, identity_url="https://{client_id}.squareup.com/me"), "{client_id} in a host"),
    (at(SQUARE, identity_url="https://{region}.squareup.com/me"), "nothing declares {region}"),
    (replace(SQUARE, authorize_params={"shop": "{tenant}"}), "nothing declares {tenant}"),
    # What people type.
    (typing(SHOPIFY, _anything), "leads"),
    (typing(SHOPIFY, _END_ONLY), "leads"),
    (typing(SHOPIFY, _BEGIN_ONLY), "leads"),
    (typing(WOO, _anything), "leads"),
    (typing(WOO, str.strip), "leads"),
    (typing(WOO, lambda typed: typed.partition("?")[0].partition("#")[0].removeprefix("https://")), "leads"),
    (replace(CHARGEBEE, fields=tuple(replace(f, read=_anything) if f.name == "site" else f for f in CHARGEBEE.fields)), "leads"),
    (replace(LIGHTSPEED_X, tenant_of=lambda params: params.get("domain_prefix", "acme")), "tenant_of: "),
    (replace(RECURLY, hosts={"us": {"host": "v3.recurly.com"}}), "not those of the list"),
    (replace(RECURLY, hosts={"us": {"host": "v3.recurly.com"}, "eu": {"site": "v3.eu.recurly.com"}}), "not the same words"),
    (replace(RECURLY, hosts={"us": {"host": "v3.recurly.com/x"}, "eu": {"host": "v3.eu.recurly.com"}}), "hosts: no host"),
    # The mechanism.
    (replace(CHARGEBEE, scopes=("read",)), "scopes: key_form never uses it"),
    (replace(CHARGEBEE, pkce=True), "pkce: key_form never uses it"),
    (replace(SQUARE, fields=CHARGEBEE.fields), "fields: oauth2 never uses it"),
    (replace(WOO, renewal=Renewal()), "renewal: handover never uses it"),
    (replace(PROVIDERS["wix"], scopes=("read",)), "scopes: install never uses it"),
    (replace(PROVIDERS["doordash"], endpoints=Endpoints(token_url="https://x.example/")), "endpoints: request never uses it"),
    (replace(PROVIDERS["shopify_pos"], default_lifetime=timedelta(1)), "default_lifetime: oauth2 never uses it"),
    (replace(SQUARE, revoke=None), "revoke_url: without revoke"),
    (replace(PROVIDERS["clover"], renewal=None), "refresh_url: without renewal"),
    (replace(SQUARE, identify=None), "nothing says whose account"),
    (replace(CHARGEBEE, fields=CHARGEBEE.fields[:1]), "fields: no secret"),
    (replace(CHARGEBEE, fields=(replace(CHARGEBEE.fields[0], help=""), *CHARGEBEE.fields[1:])), "label and help"),
    # Scopes and texts.
    (replace(SQUARE, scopes=("PAYMENTS_WRITE",)), "scope PAYMENTS_WRITE"),
    (replace(SQUARE, scopes=("everything",)), "scope everything"),
    (replace(SQUARE, scopes=("read_write",)), "scope read_write"),
    (saying(SQUARE, role=""), "is no sentence"),
    (saying(SQUARE, lasts="For ever"), "is no sentence"),
    (saying(SQUARE, warning="Careful"), "is no sentence"),
    (saying(SQUARE, reads=()), "owner.reads"),
    (saying(SQUARE, reads=("Orders.",)), "owner.reads"),
    (saying(SQUARE, help_url="http://squareup.com/help"), "owner.help_url"),
    (saying(SQUARE, help_url=""), "owner.help_url"),
    (replace(PROVIDERS["doordash"], steps=()), "steps: who can only ask"),
    (replace(SQUARE, ask_owner=False), "ask_owner: no step"),
    # Marks and simulators.
    (replace(SQUARE, slug="toast"), "mark: "),
    (replace(PROVIDERS["toast"], slug="nobody"), "mark: "),
    (replace(PROVIDERS["doordash"], mechanism=Mechanism.OAUTH2), "simulator: none"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "complaint"), WRONG, ids=[complaint for _, complaint in WRONG])
def test_a_rule_finds(row: Provider, complaint: str) -> None:
    found = check.complaints([row])
    assert [line for line in found if complaint in line], found
    assert all(line.startswith(f"{row.slug}: ") for line in found)


def test_a_warned_owner_may_be_asked_for_more() -> None:
    row = saying(replace(SQUARE, scopes=("PAYMENTS_WRITE",)), warning="It can also pay.")
    assert list(rules.scopes(row)) == []


def test_an_app_without_a_row_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "PROVIDERS", {slug: row for slug, row in PROVIDERS.items() if slug != "toast"})
    assert check.missing() == ["toast: no row in the catalogue"]


def _left_over() -> Iterator[str]:
    sent = {scope for row in PROVIDERS.values() for scope in row.scopes}
    yield from set(rules.READS_ALL_THE_SAME) - sent
    yield from set(rules.INITIALS) - set(PROVIDERS)


def test_no_exception_is_left_over() -> None:
    assert list(_left_over()) == []


def test_no_simulator_is_left_over() -> None:
    assert {app.id for app in ALL} <= set(PROVIDERS)


def test_a_store_address_is_the_strictest_reader() -> None:
    """It may lead anywhere, so it is the one that the table of hostile values is for."""
    assert store_address.read("shop.example.com") == "shop.example.com"
    assert list(addresses.readers(WOO)) == []
