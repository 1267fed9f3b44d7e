"""A cold start loads without the garbage collector. Only on Lambda: elsewhere processes have other things in them."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REQUEST = """
import app
event = {"requestContext": {"resourcePath": "/sign-in", "httpMethod": "GET", "path": "/sign-in", "identity": {}},
    "headers": {}, "multiValueQueryStringParameters": None, "pathParameters": {}, "body": None,
    "isBase64Encoded": False, "stageVariables": None}
def invoke(): return app.app(event, None)["statusCode"]
"""
TRIGGER = """
from chalicelib.handlers.streams import on_core_change
def invoke():
    try: on_core_change({"Records": []}, None)
    except Exception: pass
"""
TOLD = """
import gc
loading, frozen = gc.isenabled(), gc.get_freeze_count()
invoke()
print("\\n" + str((loading, gc.isenabled(), gc.get_freeze_count() > frozen)))
"""


@pytest.mark.parametrize("invocation", [REQUEST, TRIGGER], ids=["a request", "a trigger without settings"])
@pytest.mark.parametrize(
    ("environment", "collector"),
    [({"AWS_LAMBDA_FUNCTION_NAME": "client-connect"}, (False, True, True)), ({}, (True, True, False))],
    ids=["on Lambda", "elsewhere"],
)
def test_the_collector_is_off_until_the_first_invocation_is_over(
    invocation: str, environment: dict[str, str], collector: tuple[bool, ...]
) -> None:
    """Whatever comes of it."""
    variables = {"AWS_DEFAULT_REGION": "us-east-1", "BASE_URL": "https://connect.bookkeep.example", **environment}
    done = subprocess.run(
        [sys.executable, "-c", invocation + TOLD], cwd=ROOT, env=variables, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == str(collector)
