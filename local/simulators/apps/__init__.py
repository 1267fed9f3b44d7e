"""The simulated apps."""

from local.simulators.base import App

from .acuity import Acuity
from .adobe_commerce import AdobeCommerce
from .adyen import Adyen
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
from .gocardless import Gocardless
from .gusto import Gusto
from .helcim import Helcim
from .klaviyo import Klaviyo
from .lightspeed_k import LightspeedK
from .lightspeed_r import LightspeedR
from .lightspeed_x import LightspeedX
from .loyverse import Loyverse
from .mindbody import Mindbody
from .mollie import Mollie
from .paypal import Paypal
from .quickbooks_online import QuickbooksOnline
from .recharge import Recharge
from .recurly import Recurly
from .revel import Revel
from .shipstation import Shipstation
from .shopify import Shopify
from .spoton import Spoton
from .square import Square
from .squarespace import Squarespace
from .stripe import Stripe
from .sumup import Sumup
from .tiktok_shop import TiktokShop
from .toast import Toast
from .uber_eats import UberEats
from .walmart_marketplace import WalmartMarketplace
from .wix import Wix
from .woocommerce import Woocommerce
from .xero import Xero
from .zettle import Zettle

ALL: tuple[type[App], ...] = (
    Acuity,
    AdobeCommerce,
    Adyen,
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
    Gocardless,
    Gusto,
    Helcim,
    Klaviyo,
    LightspeedK,
    LightspeedR,
    LightspeedX,
    Loyverse,
    Mindbody,
    Mollie,
    Paypal,
    QuickbooksOnline,
    Recharge,
    Recurly,
    Revel,
    Shipstation,
    Shopify,
    Spoton,
    Square,
    Squarespace,
    Stripe,
    Sumup,
    TiktokShop,
    Toast,
    UberEats,
    WalmartMarketplace,
    Wix,
    Woocommerce,
    Xero,
    Zettle,
)
