"""The one place where anything leaves this process: names that are looked up, and addresses that are called."""

import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from itertools import repeat
from typing import Any
from unittest.mock import patch

PUBLIC = "93.184.216.34"
"""An address that would be called. In tests nobody answers there."""


@dataclass(slots=True)
class Wire:
    """What was asked for. ``answers`` are what look-ups find, one after the other."""

    answers: Iterator[list[str]]
    names: list[str] = field(default_factory=list)
    called: list[str] = field(default_factory=list)

    def look_up(self, host: str, port: object, *_: object, **_more: object) -> list[tuple[Any, ...]]:
        """As ``socket.getaddrinfo``; an address stands for itself and is looked up nowhere."""
        try:
            found = [str(ip_address(host.partition("%")[0]))]
        except ValueError:
            self.names.append(host)
            found = next(self.answers)
        family = {False: socket.AF_INET, True: socket.AF_INET6}
        return [(family[":" in one], socket.SOCK_STREAM, 6, "", (one, port)) for one in found]

    def connect(self, _socket: socket.socket, address: tuple[Any, ...]) -> None:
        """As ``socket.connect``, at which nobody ever answers."""
        self.called.append(str(address[0]))
        raise ConnectionRefusedError


@contextmanager
def cut(answers: Iterable[list[str]] = repeat([PUBLIC])) -> Iterator[Wire]:
    """Nothing gets out, and whatever tries is counted."""
    wire = Wire(iter(answers))

    def connect(self: socket.socket, address: tuple[Any, ...]) -> None:
        wire.connect(self, address)

    with patch("socket.getaddrinfo", wire.look_up), patch.object(socket.socket, "connect", connect):
        yield wire
