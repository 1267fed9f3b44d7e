"""A function in a process of its own, under ``awslambdaric``, and the Runtime API that it asks for work.

The Runtime API is three calls (next, response, error; Lambda's developer guide, *Using the Lambda runtime API*). What
the function used is read off its own process's clock when its answer arrives, so nothing that serves it counts.
"""

import json
import queue
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks.runtime.loopback import Asked, Loopback, Said

SECONDS = 60
_START = "import sys; sys.path[:0] = sys.argv[2:]; from awslambdaric.__main__ import main; main(['awslambdaric', sys.argv[1]])"
_PATH = re.compile(r"/2018-06-01/runtime/(?:invocation/(next|[\w-]+/response|[\w-]+/error)|init/error)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A function's code: the folder where its zip was unpacked, Lambda's own folder, and what is called."""

    task: Path
    runtime: Path
    handler: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What the function answered, and what its process had used by then since it was started, in seconds."""

    answer: dict[str, Any]
    cpu: float
    wall: float


class Broken(Exception):
    """The function failed; Lambda is told class and message."""


class Function:
    """One process, which serves one event after another."""

    def __init__(self) -> None:
        self._events: queue.Queue[bytes] = queue.Queue()
        self._answers: queue.Queue[Answered | Broken] = queue.Queue()
        self._numbers = count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._began = 0.0

    def start(self, command: list[str | Path], folder: Path, variables: Mapping[str, str]) -> None:
        """Begin; the clocks run from here."""
        self._began = time.perf_counter()
        self._process = subprocess.Popen(
            command, cwd=folder, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def invoke(self, event: Mapping[str, Any]) -> Answered:
        """Hand an event over and wait for its answer.

        :raises Broken: if there is none.
        """
        self._events.put(json.dumps(event).encode())
        try:
            answered = self._answers.get(timeout=SECONDS)
        except queue.Empty:
            raise Broken("no answer") from None
        if isinstance(answered, Broken):
            raise answered
        return answered

    def serve(self, asked: Asked) -> Said:
        """The Runtime API."""
        path = _PATH.fullmatch(asked.path)
        if path is None:
            return Said(status=404)
        if path[1] == "next":
            return Said(headers=self._head(), body=self._events.get())
        if path[1] and path[1].endswith("/response"):
            used = self.cpu(), time.perf_counter() - self._began
            self._answers.put(Answered(answer=json.loads(asked.body), cpu=used[0], wall=used[1]))
        else:
            self._answers.put(Broken(asked.body.decode()))
        return Said(status=202)

    def _head(self) -> dict[str, str]:
        return {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": f"00000000-0000-4000-8000-{next(self._numbers):012d}",
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + SECONDS) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:client-connect",
            "Lambda-Runtime-Trace-Id": "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1",
        }

    def cpu(self) -> float:
        """The process's own CPU time, all threads, to the nanosecond (Linux: clock_getcpuclockid(3))."""
        return time.clock_gettime((~self._pid << 3) | 2)

    @property
    def _pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def peak(self) -> int:
        """The most memory that it ever held, in kilobytes."""
        status = Path(f"/proc/{self._pid}/status").read_text()
        found = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
        assert found
        return int(found[1])

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@contextmanager
def running(code: Code, outside: Mapping[str, str]) -> Iterator[Function]:
    """The function, started now: with its own packages, Python's library and nothing else to import from."""
    function = Function()
    with Loopback(function.serve) as api:
        function.start(
            [sys.executable, "-I", "-S", "-c", _START, code.handler, code.task, code.runtime],
            code.task,
            {**environment(code, api.address), **outside},
        )
        try:
            yield function
        finally:
            function.stop()


def environment(code: Code, address: str) -> dict[str, str]:
    """What Lambda itself puts there."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "AWS_LAMBDA_RUNTIME_API": address,
        "AWS_LAMBDA_FUNCTION_NAME": "client-connect",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python{version}",
        "LAMBDA_TASK_ROOT": str(code.task),
        "LAMBDA_RUNTIME_DIR": str(code.runtime),
    }
