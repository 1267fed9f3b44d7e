"""``python -m local.catalogue check``: every row against every rule, and every app that is known against the rows."""

from collections.abc import Callable, Iterable, Iterator

from chalicelib.providers.base import Provider
from chalicelib.providers.catalogue import PROVIDERS
from local.catalogue import addresses, rules
from local.catalogue.facts import facts

RULES: tuple[Callable[[Provider], Iterator[str]], ...] = (
    rules.known,
    rules.unused,
    rules.scopes,
    rules.told,
    rules.form,
    rules.identified,
    rules.mark,
    rules.simulated,
    addresses.undeclared,
    addresses.addresses,
    addresses.closed_lists,
    addresses.readers,
)


def complaints(rows: Iterable[Provider] = PROVIDERS.values()) -> list[str]:
    """What is wrong with these rows, a line each."""
    return [f"{row.slug}: {complaint}" for row in rows for rule in RULES for complaint in rule(row)]


def missing() -> list[str]:
    """Apps that are known and have no row."""
    return [f"{slug}: no row in the catalogue" for slug in facts() if slug not in PROVIDERS]
