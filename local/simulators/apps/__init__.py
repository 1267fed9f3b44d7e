"""The simulated apps."""

from local.simulators.base import App

from .adobe_commerce import AdobeCommerce
from .affirm import Affirm
from .afterpay import Afterpay
from .amazon_seller import AmazonSeller
from .bigcommerce import Bigcommerce
from .braintree import Braintree
from .chargebee import Chargebee
from .clover import Clover
from .ebay import Ebay
from .ecwid import Ecwid
from .etsy import Etsy
from .faire import Faire
from .helcim import Helcim
from .lightspeed_x import LightspeedX
from .mindbody import Mindbody
from .paypal import Paypal
from .recharge import Recharge
from .recurly import Recurly
from .revel import Revel
from .shipstation import Shipstation
from .shopify import Shopify
from .spoton import Spoton
from .square import Square
from .squarespace import Squarespace
from .stripe import Stripe
from .tiktok_shop import TiktokShop
from .toast import Toast
from .walmart_marketplace import WalmartMarketplace
from .wix import Wix
from .woocommerce import Woocommerce

ALL: tuple[type[App], ...] = (
    AdobeCommerce,
    Affirm,
    Afterpay,
    AmazonSeller,
    Bigcommerce,
    Braintree,
    Chargebee,
    Clover,
    Ebay,
    Ecwid,
    Etsy,
    Faire,
    Helcim,
    LightspeedX,
    Mindbody,
    Paypal,
    Recharge,
    Recurly,
    Revel,
    Shipstation,
    Shopify,
    Spoton,
    Square,
    Squarespace,
    Stripe,
    TiktokShop,
    Toast,
    WalmartMarketplace,
    Wix,
    Woocommerce,
)
