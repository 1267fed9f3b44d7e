import hashlib
import hmac
import json
import os
from pathlib import Path
from typing import Any

import botocore.session
from botocore.config import Config

HERE = Path(__file__).parent
READY = json.loads((HERE / "ready.json").read_text("utf-8"))

_session = botocore.session.get_session()
_made: dict[str, Any] = {}


def client(service: str) -> Any:
    """Made when it is first used."""
    if service not in _made:
        config = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 3, "mode": "standard"})
        _made[service] = _session.create_client(service, config=config)
    return _made[service]


def secret() -> dict[str, Any]:
    """Read once; ``keys`` are those of the links, by their ids."""
    if "secret" not in _made:
        answer = client("secretsmanager").get_secret_value(SecretId=os.environ["SECRET_ID"])
        found = json.loads(answer["SecretString"])
        keys = dict(entry.split(":") for entry in found["SIGNING_KEYS"].split(","))
        found["keys"] = {int(number): _derived(bytes.fromhex(key)) for number, key in keys.items()}
        _made["secret"] = found
    return dict(_made["secret"])


def name_of(*parts: str) -> str:
    """One name for all of them."""
    joined = b"".join(len(part).to_bytes(4, "big") + part.encode() for part in parts)
    return hashlib.sha256(joined).hexdigest()[:32]


def _derived(key: bytes) -> bytes:
    return hmac.digest(key, b"connect-link\x01", "sha256")
