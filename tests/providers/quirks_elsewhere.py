"""Quirks that a connection does not meet, and why: of a way in that we do not take, or of what comes after it."""

from collections.abc import Mapping

_LATER = "It is the later calls that are signed: those are the accounting platform's."
_PASTED = "It belongs to the OAuth way in, which is closed; the keys are pasted."
_NO_ACTIVATION = "It belongs to the activation that the shop begins; the integration's four keys are pasted instead."
_NO_WAY_IN = "There is no way in for owners; the app is by file or request."

ELSEWHERE: Mapping[str, Mapping[str, str]] = {
    "assertion_grant": {"zettle": "It is for keys that a merchant makes; owners sign in instead."},
    "audience_param": {"revel": "It belongs to Revel's tokens; the API key needs none."},
    "self_signed_jwt": {"doordash": _NO_WAY_IN},
    "urlencoded_token_response": {"adobe_commerce": _NO_ACTIVATION},
    "xml_token_endpoint": {"braintree": _PASTED},
    "per_request_signing": {"ebay": _LATER},
    "post_callback": {"adobe_commerce": _NO_ACTIVATION},
    "key_handover": {"adobe_commerce": _NO_ACTIVATION},
    "custom_api_header": {
        "shipstation": "It is for V2 keys; those of V1 go as HTTP Basic.",
        "xero": "It is the later calls that name the organisation in a header; the grant keeps its id for them.",
    },
    "revoke_form_custom": {
        "xero": "It would end all that the person ever connected; the one organisation's connection is ended."
    },
    "state_missing": {"adobe_commerce": _NO_ACTIVATION},
    "provider_initiated_install": {"adobe_commerce": _NO_ACTIVATION},
    "account_id_only_in_callback": {"braintree": _PASTED},
    "extra_callback_params": {
        "braintree": _PASTED,
    },
    "basic_client_auth": {"braintree": _PASTED},
    "response_envelope": {"braintree": _PASTED},
    "rotating_refresh": {"braintree": _PASTED},
    "scope_comma": {"braintree": _PASTED},
    "client_credentials_per_install": {
        "toast": "It is for partners' accounts; the restaurant's own credentials are pasted."
    },
    "client_credentials_per_tenant": {"revel": "It belongs to Revel's tokens; the API key needs none."},
    "offline_scope": {"uber_eats": "Of the merchant's login nothing is kept, so nothing is asked to outlast it."},
    "out_of_band_enablement": {"toast": "The restaurant makes its credentials itself; nobody has to let us in."},
    "post_connect_discovery": {
        "toast": "The credentials are of one restaurant, whose GUID is typed and proven.",
        "gusto": "The owner chooses the company at Gusto, and a token is for that one.",
    },
    "user_supplied_credentials": {
        "mindbody": "Owners sign in; a staff login would hand over a password.",
        "adyen": "Owners sign in; an API key would be able to do more.",
        "doordash": _NO_WAY_IN,
    },
}
