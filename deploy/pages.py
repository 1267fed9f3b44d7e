"""What API Gateway answers by itself, when a request never reaches a function: our words, our headers.

Rendered when the package is made, by the product's own templates. The brand stands in it as the stack's parameters,
which CloudFormation fills in; only the colour is the neutral one, because the policy holds the hash of the style.
"""

import json
from collections.abc import Mapping
from typing import Any

from chalicelib.handlers.edge import SECURITY_HEADERS
from chalicelib.rendering import Renderer
from chalicelib.settings import Brand

# Words that no page has, and the parameters they become.
_PARAMETERS = {
    "ProductNameParameter": "ProductName",
    "https://base-url-parameter.example": "BaseUrl",
    "support-address@parameter.example": "SupportAddress",
    "https://privacy-url-parameter.example": "PrivacyUrl",
    "https://terms-url-parameter.example": "TermsUrl",
}
_NAME, _BASE, _SUPPORT, _PRIVACY, _TERMS = _PARAMETERS

_ANSWERS = {
    # An address that no route has: API Gateway calls it a missing token and would say 403.
    "MISSING_AUTHENTICATION_TOKEN": (404, "not_found"),
    "RESOURCE_NOT_FOUND": (404, "not_found"),
    "REQUEST_TOO_LARGE": (413, "too_large"),
    "UNSUPPORTED_MEDIA_TYPE": (415, "unsupported"),
    "THROTTLED": (429, "limit"),
    "QUOTA_EXCEEDED": (429, "limit"),
    "INTEGRATION_TIMEOUT": (504, "unavailable"),
    "INTEGRATION_FAILURE": (502, "unavailable"),
    "DEFAULT_4XX": (None, "bad_request"),
    "DEFAULT_5XX": (None, "crashed"),
}


def renderer() -> Renderer:
    """The product's renderer with the brand left open."""
    brand = Brand(
        product_name=_NAME,
        support_address=_SUPPORT,
        privacy_url=_PRIVACY,
        terms_url=_TERMS,
        colour="#1f5fbf",
        logo="",
    )
    return Renderer(brand, _BASE)


def gateway_responses() -> dict[str, Any]:
    """``x-amazon-apigateway-gateway-responses``, for the API's definition."""
    made = renderer()
    headers = {**SECURITY_HEADERS, "Content-Security-Policy": made.content_security_policy}
    return {kind: _response(made, headers, status, cause) for kind, (status, cause) in _ANSWERS.items()}


def _response(made: Renderer, headers: Mapping[str, str], status: int | None, cause: str) -> dict[str, Any]:
    page = made.page("problem", cause=cause, app=None, back="", hint="", retry_after=0)
    problem = {"type": f"urn:client-connect:problem:{cause}", "title": cause.replace("_", " ").capitalize()}
    answer: dict[str, Any] = {
        "responseParameters": {f"gatewayresponse.header.{name}": f"'{value}'" for name, value in headers.items()},
        # By the request's Accept header: a browser asks for HTML; who asks for nothing gets the first.
        "responseTemplates": {"application/json": json.dumps(problem), "text/html": _with_parameters(page)},
    }
    return answer | ({"statusCode": status} if status else {})


def _with_parameters(page: str) -> dict[str, Any]:
    """CloudFormation puts the brand in. API Gateway would take any other ``$`` for a variable of its own."""
    assert "$" not in page
    for word, parameter in _PARAMETERS.items():
        page = page.replace(word, f"${{{parameter}}}")
    return {"Fn::Sub": page}
