"""The simulated apps."""

from local.simulators.base import App

from .shopify import Shopify
from .square import Square

ALL: tuple[type[App], ...] = (Shopify, Square)
