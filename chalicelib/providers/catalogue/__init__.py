"""The apps, a file for each category."""

from collections.abc import Mapping
from types import MappingProxyType

from chalicelib.providers.base import Provider
from chalicelib.providers.catalogue import ecommerce, marketplaces, other, payments, pos

PROVIDERS: Mapping[str, Provider] = MappingProxyType(
    {row.slug: row for shelf in (ecommerce, pos, payments, marketplaces, other) for row in shelf.PROVIDERS}
)
"""Every app by its slug, in the order in which pages list them."""
