"""What of the packages that pip brought a function ever runs, and what it only carries."""

import gzip
import json
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from typing import Any

SERVICES = ("dynamodb", "events", "kms", "secretsmanager", "sesv2", "sqs", "sts")
"""The AWS services that the functions call (and STS, by which some credential sources work)."""

_DROPPED = (
    # Never imported here: address checks by DNS, the C parser that only builds cffi modules.
    *(
        "dns/*",
        "pycparser/*",
        "boto3/examples/*",
        "boto3/data/*",
        "cryptography/hazmat/bindings/_rust/*",
    ),
    # What installers, type checkers and compilers read.
    *("*.dist-info/*", "*.data/*", "*/py.typed", "*.pyi", "*.c", "*.h", "*.js.map", "*/README.md", "*.pot"),
    # What earlier runs and people leave lying about.
    *("*__pycache__*", "*.pyc", "*.env", "*.env.*", "tests/*", "*/tests/*"),
)
_DATA = "botocore/data/"
_DATA_FILES = ("_retry.json", "endpoints.json", "partitions.json", "sdk-default-configuration.json")
_MODELS = ("service-2.json.gz", "endpoint-rule-set-1.json.gz")


def pruned(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files that a function needs, by their path in the zip."""
    kept = {name: body for name, body in files.items() if not any(fnmatch(name, pattern) for pattern in _DROPPED)}
    data = {name: kept.pop(name) for name in list(kept) if name.startswith(_DATA)}
    return kept | dict(_botocore_data(data))


def _botocore_data(data: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """The models of our services, without their documentation, which is most of them and is parsed at every cold start."""
    for name in _DATA_FILES:
        body = data[f"{_DATA}{name}"]
        yield f"{_DATA}{name}", _endpoints(body) if name == "endpoints.json" else _compact(json.loads(body))
    for service in SERVICES:
        version = max(
            found[1] for name in data if (found := re.fullmatch(rf"{_DATA}{service}/([^/]+)/{_MODELS[0]}", name))
        )
        for model in _MODELS:
            name = f"{_DATA}{service}/{version}/{model}"
            yield name.removesuffix(".gz"), _compact(_undocumented(json.loads(gzip.decompress(data[name]))))


def _endpoints(body: bytes) -> bytes:
    endpoints = json.loads(body)
    for partition in endpoints["partitions"]:
        services = {_prefix(service) for service in SERVICES}
        partition["services"] = {name: found for name, found in partition["services"].items() if name in services}
    return _compact(endpoints)


def _prefix(service: str) -> str:
    """SES's addresses are filed under another name than its API."""
    return "email" if service == "sesv2" else service


def _undocumented(model: Any) -> Any:
    """A member named ``documentation`` is a shape's; the text is a string."""
    if isinstance(model, dict):
        return {
            name: _undocumented(value)
            for name, value in model.items()
            if not (name == "documentation" and isinstance(value, str))
        }
    return [_undocumented(value) for value in model] if isinstance(model, list) else model


def _compact(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
