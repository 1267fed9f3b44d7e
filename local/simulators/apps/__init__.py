"""The simulated apps."""

from local.simulators.base import App

from .chargebee import Chargebee
from .ebay import Ebay
from .etsy import Etsy
from .shopify import Shopify
from .square import Square
from .squarespace import Squarespace
from .stripe import Stripe

ALL: tuple[type[App], ...] = (Chargebee, Ebay, Etsy, Shopify, Square, Squarespace, Stripe)
