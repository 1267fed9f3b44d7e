"""Ports on this machine: the ones that were asked for, or free ones."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass

HOST = "127.0.0.1"
DEFAULT = 8000


class PortTaken(Exception):
    """Something else listens there. The message says what to do."""

    def __init__(self, port: int, what: str, variable: str) -> None:
        super().__init__(f"Port {port} ({what}) is taken: stop what uses it, or choose another with {variable}=…")


class NoPort(Exception):
    """A variable holds something that is no port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Where each server of the local run listens."""

    web: int
    inbox: int
    simulators: int
    aws: int


_NAMES = {
    "PORT": "the product",
    "INBOX_PORT": "the inbox",
    "SIMULATORS_PORT": "the simulated apps",
    "AWS_PORT": "AWS's stand-in",
}


def chosen(environ: Mapping[str, str] = os.environ) -> Ports:
    """The ports that the environment names: PORT (8000), and the three after it unless they are named too.

    :raises PortTaken: naming the first that is not free.
    """
    first = number(environ, "PORT", DEFAULT)
    numbers = [number(environ, name, first + offset) for offset, name in enumerate(_NAMES)]
    for port, (variable, what) in zip(numbers, _NAMES.items(), strict=True):
        if not is_free(port) or numbers.count(port) > 1:
            raise PortTaken(port, what, variable)
    web, inbox, simulators, aws = numbers
    return Ports(web=web, inbox=inbox, simulators=simulators, aws=aws)


def free() -> Ports:
    """Four ports that nobody listens on now."""
    held = [socket.create_server((HOST, 0)) for _ in range(4)]
    web, inbox, simulators, aws = (listener.getsockname()[1] for listener in held)
    for listener in held:
        listener.close()
    return Ports(web=web, inbox=inbox, simulators=simulators, aws=aws)


def is_free(port: int) -> bool:
    """Whether a server could listen there."""
    try:
        with socket.create_server((HOST, port)):
            return True
    except OSError:
        return False


def number(environ: Mapping[str, str], name: str, default: int) -> int:
    """The port that a variable holds.

    :raises NoPort: when it holds something else.
    """
    text = environ.get(name, "").strip() or str(default)
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise NoPort(f"{name} must be a port, a number from 1 to 65535.")
    return int(text)
