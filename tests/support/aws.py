"""moto in this process, one call at a time as on AWS, with faults where a test wants them, and every call counted."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any

import moto.kms.models
from botocore.exceptions import ReadTimeoutError
from moto import mock_aws
from moto.backends import get_backend
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.kms.utils import generate_private_key

from local.quick_moto import quicken

quicken()
_process = BotocoreStubber.process_request
# moto makes an RSA pair for every KMS key, symmetric ones too: two thirds of the time that a fresh AWS takes.
moto.kms.models.generate_private_key = cache(generate_private_key)  # type: ignore[attr-defined]
_turn = threading.RLock()

type Answer = tuple[int, dict[str, str], str]


@dataclass(slots=True)
class Fault:
    """What happens to the next ``times`` calls of ``operation``; ``after``: once the call has done its work."""

    operation: str
    answer: Callable[[str], Answer]
    times: int
    after: bool = False
    when: Callable[[str], bool] = lambda _body: True


def error(code: str, status: int = 400, **members: object) -> Callable[[str], Answer]:
    """An error answer that botocore reads as ``code``, from JSON and REST-JSON services alike."""
    headers = {"x-amzn-errortype": code, "x-amzn-requestid": "fault"}
    body = json.dumps({"__type": f"com.amazonaws#{code}", "message": code, **members})
    return lambda _url: (status, headers, body)


def cancelled(*codes: str) -> Callable[[str], Answer]:
    """TransactWriteItems refused, with a reason for each of its operations."""
    reasons = [{"Code": code} for code in codes]
    return error("TransactionCanceledException", CancellationReasons=reasons)


def time_out(url: str) -> Answer:
    """No answer: nobody knows whether the call did its work."""
    raise ReadTimeoutError(endpoint_url=url)


class Aws:
    """The calls that the product makes, in order, as ``Operation`` names."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.bodies: list[str] = []
        self._faults: list[Fault] = []

    def fail(
        self,
        operation: str,
        answer: Callable[[str], Answer],
        times: int = 1,
        *,
        after: bool = False,
        when: Callable[[str], bool] = lambda _body: True,
    ) -> None:
        """Let calls of ``operation`` fail."""
        self._faults.append(Fault(operation, answer, times, after, when))

    def heal(self) -> None:
        """No more faults."""
        self._faults.clear()

    def process(self, stubber: BotocoreStubber, request: Any) -> Any:
        operation, body = _operation(request), _text(request.body)
        with _turn:
            self.calls.append(operation)
            self.bodies.append(body)
            fault = self._fault(operation, body)
            if fault is None:
                return _process(stubber, request)
            fault.times -= 1
            if fault.after:
                _process(stubber, request)
        return fault.answer(request.url)

    def _fault(self, operation: str, body: str) -> Fault | None:
        return next((f for f in self._faults if f.times and f.operation == operation and f.when(body)), None)


def _operation(request: Any) -> str:
    target = request.headers.get("X-Amz-Target", "")
    name = target.decode() if isinstance(target, bytes) else target
    if name:
        return str(name.rpartition(".")[2])
    return "SendEmail" if request.url.endswith("/v2/email/outbound-emails") else request.url


def _text(body: Any) -> str:
    return body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body or "")


def _through(aws: Aws) -> Callable[[BotocoreStubber, Any], Any]:
    """A function, not a bound method: moto's class is to bind it."""

    def process(stubber: BotocoreStubber, request: Any) -> Any:
        return aws.process(stubber, request)

    return process


@contextmanager
def fresh() -> Iterator[Aws]:
    """A fresh, empty AWS."""
    aws = Aws()
    with mock_aws():
        BotocoreStubber.process_request = _through(aws)  # type: ignore[assignment]
        try:
            yield aws
        finally:
            BotocoreStubber.process_request = _process  # type: ignore[method-assign]


_furniture: dict[str, dict[str, Any]] = {}


def furnish(aws: Aws, make: Callable[[], None]) -> None:
    """What every test finds in its AWS: made once in a process, and from then on a copy of what moto held then."""
    backends = {name: get_backend(name)[DEFAULT_ACCOUNT_ID]["us-east-1"] for name in ("dynamodb", "kms", "ses")}
    if not _furniture:
        make()
        _furniture.update({name: deepcopy(vars(backend)) for name, backend in backends.items()})
    else:
        for name, backend in backends.items():
            vars(backend).update(deepcopy(_furniture[name]))
    aws.calls.clear()
    aws.bodies.clear()
