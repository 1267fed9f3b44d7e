"""AWS clients, made when first used, all from one session: each session reads AWS's data files anew.

botocore's session, not boto3's: boto3 adds resources and file transfers to it, which nothing here uses and which cost
a cold start a tenth of its time (`make bench`).
"""

from functools import cache
from typing import Any

CONNECT_SECONDS = 2
READ_SECONDS = 5
USER_AGENT = "client-connect"
"""Our own: botocore would put its long one together twice for each call, a twentieth of what a call costs."""


@cache
def _session() -> Any:
    from botocore.session import get_session

    return get_session()


@cache
def client(service: str, *, attempts: int) -> Any:
    """A client. ``attempts`` counts all tries of a call, the first included."""
    from botocore.config import Config

    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": attempts, "mode": "standard"},
        user_agent=USER_AGENT,
        # AWS looks at what it is sent, and the tests at what we send.
        parameter_validation=False,
    )
    return _session().create_client(service, config=config)
