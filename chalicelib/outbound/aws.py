"""AWS clients, made when first used, all from one session: each session reads AWS's data files anew.

botocore's session, not boto3's: boto3 adds resources and file transfers to it, which nothing here uses and which cost
a cold start a tenth of its time (`make bench`).
"""

from functools import cache
from typing import Any

CONNECT_SECONDS = 2
READ_SECONDS = 5


@cache
def session() -> Any:
    """The one that all clients are made from, PynamoDB's too."""
    from botocore.session import get_session

    return get_session()


@cache
def client(service: str, *, attempts: int) -> Any:
    """A client. ``attempts`` counts all tries of a call, the first included."""
    from botocore.config import Config

    retries = {"total_max_attempts": attempts, "mode": "standard"}
    config = Config(connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS, retries=retries)
    return session().create_client(service, config=config)
