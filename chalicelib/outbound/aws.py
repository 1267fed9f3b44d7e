"""AWS clients other than DynamoDB's: made when first used, from one session."""

from functools import cache
from typing import Any

CONNECT_SECONDS = 2
READ_SECONDS = 5


@cache
def _session() -> Any:
    import boto3

    return boto3.session.Session()


@cache
def client(service: str, *, attempts: int) -> Any:
    """A boto3 client. ``attempts`` counts all tries of a call, the first included."""
    from botocore.config import Config

    retries = {"total_max_attempts": attempts, "mode": "standard"}
    config = Config(connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS, retries=retries)
    return _session().client(service, config=config)
