"""The simulated apps."""

from local.simulators.base import App

from .adobe_commerce import AdobeCommerce
from .affirm import Affirm
from .afterpay import Afterpay
from .braintree import Braintree
from .chargebee import Chargebee
from .ebay import Ebay
from .etsy import Etsy
from .helcim import Helcim
from .paypal import Paypal
from .recurly import Recurly
from .revel import Revel
from .shipstation import Shipstation
from .shopify import Shopify
from .spoton import Spoton
from .square import Square
from .squarespace import Squarespace
from .stripe import Stripe
from .toast import Toast
from .wix import Wix
from .woocommerce import Woocommerce

ALL: tuple[type[App], ...] = (
    AdobeCommerce,
    Affirm,
    Afterpay,
    Braintree,
    Chargebee,
    Ebay,
    Etsy,
    Helcim,
    Paypal,
    Recurly,
    Revel,
    Shipstation,
    Shopify,
    Spoton,
    Square,
    Squarespace,
    Stripe,
    Toast,
    Wix,
    Woocommerce,
)
