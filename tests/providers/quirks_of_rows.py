"""Each quirk's sign in a row: the slot that is filled, or what the row's own function is seen to do."""

import re
from collections.abc import Callable, Mapping
from importlib import import_module
from urllib.parse import urlsplit

from chalicelib.providers.base import Provider
from chalicelib.providers.parts import ClientAuth, Encoding, Mechanism
from local.catalogue.addresses import readers
from local.catalogue.addresses import words as words_of
from tests.providers import quirks_engine as engine
from tests.providers.seen import headers, identifying, minting, revoking

type Sign = Callable[[Provider], bool]

_ORDINARY = {"authorization", "accept", "content-type"}
_DATED = re.compile(r"v?[0-9]{4}-[0-9]{2}(-[0-9]{2})?(\.pre)?")


def _typed_or_chosen(row: Provider) -> bool:
    return row.tenant is not None or any(field.name == "tenant" or not field.secret for field in row.fields)


def _own_header(row: Provider) -> bool:
    return bool({name.lower() for name in headers(identifying(row))} - _ORDINARY)


def _authorization(row: Provider) -> str:
    return headers(identifying(row)).get("Authorization", "")


def _may_be_several(row: Provider) -> bool:
    if row.identify is None:
        return False
    module, _, name = row.identify.__qualname__.partition(".")
    own = row.identify.__module__ == "chalicelib.providers.later"
    identify = getattr(import_module(f"chalicelib.providers.{module}"), name) if own else row.identify
    return "tuple" in str(identify.__annotations__.get("return"))


def _revokes(row: Provider, method: str, sent: str) -> bool:
    """With this method, and with ``form``, ``body``, or neither."""
    requests = [request for request in revoking(row) if request["method"] == method]
    return any(sent == next((one for one in ("form", "body") if request.get(one)), "bearer") for request in requests)


def _no_end(row: Provider) -> bool:
    return row.default_lifetime is None and row.renewal is None


def _in_authorize(row: Provider) -> bool:
    return row.tenant is not None and "{" in row.endpoints.authorize_url + "".join(row.authorize_params.values())


def _renewed(row: Provider, **wanted: bool) -> bool:
    return row.renewal is not None and all(bool(getattr(row.renewal, name)) is value for name, value in wanted.items())


def _stays_home(row: Provider) -> bool:
    return (
        _typed_or_chosen(row)
        and not list(readers(row))
        and "." in urlsplit(row.endpoints.identity_url).netloc + words_of(row).get("tenant", "")
    )


BEFORE: Mapping[str, Sign] = {
    "tenant_host_in_authorize": _in_authorize,
    "region_hosts": lambda row: len(row.hosts) > 1,
    "environment_in_host": lambda row: (
        row.tenant is not None and bool(row.tenant.options) and "{tenant}" in row.endpoints.token_url
    ),
    "sandbox_other_host": engine.sandbox_by_setting,
    "draft_flag": lambda row: row.mechanism is Mechanism.OAUTH2 and engine.registered("authorize_params"),
    "ssrf_user_url": _stays_home,
    "renamed_authorize_params": lambda row: any(row.authorize_names.values()),
    "extra_authorize_params": lambda row: bool(row.authorize_params) or row.nonce,
    "redirect_uri_alias": lambda row: row.mechanism is Mechanism.OAUTH2 and engine.registered("redirect_alias"),
    "no_redirect_uri_in_authorize": lambda row: row.authorize_names.get("redirect_uri") == "",
    "hybrid_response_type": lambda row: row.nonce and row.authorize_params.get("response_type") == "code id_token",
    "offline_scope": lambda row: "offline_access" in row.scopes,
    "scope_comma": lambda row: row.scope_separator == ",",
    "scope_repeated": lambda row: row.scope_separator == "&" and len(row.scopes) > 1,
    "dashboard_scopes": lambda row: row.scopes == (),
    "scope_generation": lambda row: all(scope.endswith(".read") or scope == "offline_access" for scope in row.scopes),
    "auth_server_generation": lambda row: "auth.lsk-prod.app/realms/" in row.endpoints.authorize_url,
    "pkce_required": lambda row: row.pkce,
    "pkce_must_not_be_sent": lambda row: not row.pkce,
}
CALLBACK: Mapping[str, Sign] = {
    "provider_initiated_install": lambda row: row.arrive is not None,
    "state_missing": lambda row: (
        not row.echoes_state or (row.mechanism is Mechanism.INSTALL and row.arrive is not None)
    ),
    "state_param_renamed": lambda row: row.state_param != "state",
    "state_min_length": engine.state_is_long,
    "signed_callback_hmac": lambda row: row.check_callback is not None,
    "post_callback": lambda row: (
        row.mechanism is Mechanism.HANDOVER or row.authorize_params.get("response_mode") == "form_post"
    ),
    "key_handover": lambda row: row.handed_over is not None,
    "uninstall_notice": lambda row: row.notice is not None,
    "iframe_callback": lambda row: bool(row.frames),
    "renamed_code_param": lambda row: row.code_param != "code",
    "extra_callback_params": lambda row: bool(row.check_callback or row.tenant_of),
    "account_id_only_in_callback": lambda row: row.check_callback is not None and identifying(row) != [],
}
TOKEN: Mapping[str, Sign] = {
    "tenant_host_in_token_url_from_callback": lambda row: row.tenant_of is not None and not list(readers(row)),
    "basic_client_auth": lambda row: (
        row.client_auth is ClientAuth.BASIC or any(request.get("auth") for request in minting(row))
    ),
    "secret_as_bearer_at_token_endpoint": lambda row: row.client_auth is ClientAuth.SECRET_AS_BEARER,
    "public_client_token_request": lambda row: row.client_auth is ClientAuth.NONE,
    "token_json_body": lambda row: (
        row.token_encoding is Encoding.JSON or any(request.get("body") for request in minting(row))
    ),
    "token_get_query": lambda row: row.token_encoding is Encoding.QUERY,
    "renamed_token_params": lambda row: any(row.token_names.values()),
    "extra_token_params": lambda row: bool(row.token_params or row.token_fields),
    "scope_in_token_request": lambda row: row.token_fields is not None and bool(row.scopes),
    "extra_token_headers": lambda row: row.token_headers is not None,
    "client_credentials_per_install": lambda row: row.arrive is not None and minting(row) != [],
    "client_credentials_per_tenant": lambda row: bool(row.fields) and minting(row) != [],
    "two_token_model": lambda row: row.mint is not None and row.settle is not None,
    "oauth1_signing": lambda row: (
        _authorization(row).startswith("OAuth ") or (row.handed_over is not None and engine.plain_http_is_refused(row))
    ),
    "response_envelope": lambda row: row.standard is not None,
    "nested_token_response": lambda row: row.mint is not None and row.standard is None,
    "nonstandard_token_type": engine.any_bearer_is_taken,
    "token_missing_fields": engine.any_bearer_is_taken,
    "absolute_epoch_expiry": engine.epoch_is_read,
    "iso_expiry": engine.date_time_is_read,
    "non_expiring_token": _no_end,
    "account_id_in_token_response": lambda row: row.identify is not None,
    "partial_scope_grant": engine.scopes_are_those_granted,
    "one_active_token_per_tenant": engine.connecting_again_replaces,
}
LIFE: Mapping[str, Sign] = {
    "rotating_refresh": lambda row: _renewed(row, rotates=True),
    "refresh_keep_old": lambda row: _renewed(row, rotates=False),
    "refresh_expiry_tracked": engine.refresh_end_is_kept,
    "idle_keepalive_refresh": lambda row: _renewed(row, every=True, lifetime=True),
    "proactive_refresh": lambda row: _renewed(row, every=True),
    "short_lived_access_token": lambda row: row.renewal is not None and row.default_lifetime is not None,
    "separate_refresh_url": lambda row: row.endpoints.refresh_url not in {"", row.endpoints.token_url},
    "refresh_without_secret": lambda row: _renewed(row, without_secret=True),
    "scope_on_refresh": lambda row: row.renewal is not None and "scope" in row.renewal.params,
    "periodic_reauthorization": lambda row: row.consent_lasts is not None,
    "revoke_delete_bearer": lambda row: _revokes(row, "DELETE", "bearer"),
    "revoke_delete_body": lambda row: _revokes(row, "DELETE", "form"),
    "revoke_form_custom": lambda row: _revokes(row, "POST", "form"),
    "revoke_json_custom": lambda row: _revokes(row, "POST", "body"),
    "revoke_custom_auth_header": lambda row: headers(revoking(row)).get("Authorization", "").startswith("Client "),
}
AFTER: Mapping[str, Sign] = {
    "post_connect_discovery": _may_be_several,
    "no_identity_endpoint": lambda row: any(field.name == "label" and not field.required for field in row.fields),
    "tenant_claim_proof": engine.another_place_is_refused,
    "out_of_band_enablement": lambda row: row.waits,
    "user_supplied_credentials": lambda row: (
        any(field.secret for field in row.fields) and identifying(row) + minting(row) != []
    ),
    "custom_api_header": _own_header,
    "api_basic_auth": lambda row: any(request.get("auth") for request in identifying(row)),
    "raw_authorization_header": lambda row: _authorization(row) == "kept",
    "per_request_signing": lambda row: any("sign=" in str(request["url"]) for request in identifying(row)),
    "required_user_agent": engine.agent_is_sent,
    "versioned_api_header": lambda row: any(_DATED.fullmatch(value) for value in headers(identifying(row)).values()),
    "versioned_accept_header": lambda row: ".v2" in headers(identifying(row)).get("Accept", ""),
}
SIGNS: Mapping[str, Sign] = {**BEFORE, **CALLBACK, **TOKEN, **LIFE, **AFTER}
