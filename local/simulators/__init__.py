"""Strict simulations of the apps' OAuth and API servers, for tests and the local run."""

from .model import Account, Client, Hit, IssuedToken, Misbehaviour
from .simulators import Simulators

__all__ = ["Account", "Client", "Hit", "IssuedToken", "Misbehaviour", "Simulators"]
