"""An AWS on this machine: API Gateway, Lambda, DynamoDB, CloudFormation and the rest, with IAM enforced.

What it cannot be trusted with (partial batch responses, gateway responses, TTL, SES's own events) is tested elsewhere.
"""

import hashlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import boto3

from local import ports

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / ".venv-rehearsal" / "bin" / "ministack"
REGION = "us-east-1"
SECONDS = 60
# Linux's PR_SET_PDEATHSIG with SIGTERM, then the program itself in the same process.
_END_WITH_PARENT = "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 15); os.execv(sys.argv[1], sys.argv[1:])"


class Emulator:
    """A running one."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    @property
    def environment(self) -> dict[str, str]:
        """What makes an AWS client talk to it, and to nothing else."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @cache  # noqa: B019 - one emulator in a process, as long as the process
    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def letters(self) -> list[dict[str, Any]]:
        """Every letter that SES took, oldest first."""
        with urllib.request.urlopen(f"{self.url}/_ministack/ses/messages", timeout=SECONDS) as answer:
            accounts: dict[str, list[dict[str, Any]]] = json.load(answer)["messages"]
        return [letter for letters in accounts.values() for letter in letters]

    def calls(self, access_key: str, name: str) -> list[dict[str, Any]]:
        """The latest calls of one name under one key, as CloudTrail has them (it gives 50 at most)."""
        wanted = {"AccessKeyId": access_key, "EventName": name}
        attributes = [{"AttributeKey": key, "AttributeValue": value} for key, value in wanted.items()]
        events = self.client("cloudtrail").lookup_events(LookupAttributes=attributes)["Events"]
        return [json.loads(event["CloudTrailEvent"]) for event in events]

    def logs(self) -> str:
        """Everything in every log group."""
        logs = self.client("logs")
        groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
        pages = (
            page for group in groups for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        )
        return "\n".join(event["message"] for page in pages for event in page["events"])


def access_key(function_arn: str, role_arn: str) -> str:
    """The key under which the emulator runs a function; it is made of the two."""
    return f"ASIA{hashlib.sha256(f'{function_arn}:{role_arn}'.encode()).hexdigest()[:16].upper()}"


@contextmanager
def running(folder: Path) -> Iterator[Emulator]:
    """An empty one, from when it is ready until the block ends. It ends with this process, however that ends."""
    emulator = Emulator(ports.free().aws)
    environment = {
        **emulator.environment,
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "GATEWAY_PORT": str(emulator.port),
        # It would listen on every interface otherwise, and on ports of its own.
        "BIND_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # Roles may do what their policies say, and every call is written down.
        "AUTH": "true",
        "CLOUDTRAIL_RECORDING": "1",
    }
    del environment["AWS_ENDPOINT_URL"]
    log = folder / "log"
    with log.open("wb") as output:
        command = (sys.executable, "-c", _END_WITH_PARENT, PROGRAM)
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        _wait(process, emulator, log)
        yield emulator
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], emulator: Emulator, log: Path) -> None:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(f"{emulator.url}/_ministack/ready", timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(log.read_text())
