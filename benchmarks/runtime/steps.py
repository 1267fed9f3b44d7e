"""One cold start in steps: ``python -I -S steps.py ours|floor TASK RUNTIME EVENT`` prints the CPU seconds of each.

Not under the runtime's client but in its place: the same imports in the same order for both, then what each makes of
them. Whatever a step needs that an earlier one loaded is on the earlier one's bill.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

BOTOCORE = (
    "botocore.session",
    "botocore.client",
    "botocore.config",
    "botocore.httpsession",
    "botocore.retries.standard",
)
JINJA2 = ("jinja2.ext", "jinja2.loaders")

type Step = tuple[str, Callable[[], object]]


def main() -> None:
    """The clock is the process's own: the first step is Python's start."""
    kind, task, runtime, event = sys.argv[1:]
    sys.path[:0] = [task, runtime]
    marks = {"Python": time.process_time()}
    for name, step in _ours(event) if kind == "ours" else _floor(event):
        began = time.process_time()
        step()
        marks[name] = time.process_time() - began
    print("\n" + json.dumps(marks))


def _imports() -> Iterator[Step]:
    yield "Lambda's runtime client", lambda: _loaded("awslambdaric.bootstrap", "awslambdaric.lambda_runtime_client")
    yield "import botocore", lambda: _loaded(*BOTOCORE)
    yield "import Jinja2", lambda: _loaded(*JINJA2)


def _ours(event: str) -> Iterator[Step]:
    import chalicelib

    assert chalicelib.__doc__
    yield from _imports()
    yield "import Chalice", lambda: _loaded("chalice.app")
    yield "import PynamoDB", lambda: _loaded("pynamodb.models", "pynamodb.transactions")
    yield "our modules, the routes", lambda: _loaded("app")
    yield "our models", lambda: _loaded("chalicelib.storage")
    from chalicelib import wiring
    from chalicelib.outbound import aws

    yield "the session, a client each", lambda: [aws.client("secretsmanager", attempts=2), _dynamodb(aws)]
    yield "the secret, the settings", wiring.renew_settings
    yield "the renderer", wiring.renderer
    from app import app

    yield "the request: Query and page", lambda: app(json.loads(event), _context())


def _dynamodb(aws: Any) -> object:
    from chalicelib.storage.models import ATTEMPTS

    return aws.client("dynamodb", attempts=ATTEMPTS)


def _floor(event: str) -> Iterator[Step]:
    yield from _imports()
    yield "our modules, the routes", lambda: _loaded("floor.handler")
    handler, shared = (importlib.import_module(f"floor.{name}") for name in ("handler", "shared"))
    yield "the session, a client each", lambda: [shared.client("secretsmanager"), shared.client("dynamodb")]
    yield "the secret, the settings", shared.secret
    yield "the request: Query and page", lambda: handler.handler(json.loads(event), _context())


def _loaded(*modules: str) -> None:
    for module in modules:
        importlib.import_module(module)


def _context() -> object:
    return SimpleNamespace(function_name="client-connect", aws_request_id="none")


if __name__ == "__main__":
    main()
