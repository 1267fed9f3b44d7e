"""``python -m local.catalogue page``: docs/apps.md, one line for each app."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby
from pathlib import Path

from chalicelib.providers.base import Provider
from chalicelib.providers.catalogue import PROVIDERS
from chalicelib.providers.parts import Category, Mechanism
from local.catalogue.facts import Facts, facts

FILE = Path(__file__).parent.parent.parent / "docs" / "apps.md"

_HEAD = """# Apps

Every app of the catalogue: how it is connected, what is asked of it, and how sure we are. Written by
`python -m local.catalogue page` from the rows (`chalicelib/providers/catalogue/`) and from what is known of each app
(`local/catalogue/facts.json`); `make check` holds every row to the rules, and a test holds this page up to date.

*Confidence* is in the facts as a whole. *Unverified* is what no second source confirmed: look there first when an app
refuses us. *Before production* is what the app first wants of whoever registers with it. No call was made to a live
app; the simulators stand for them.
"""
_SHELVES = {
    Category.ECOMMERCE: "Online shops",
    Category.POS: "Points of sale",
    Category.PAYMENTS: "Payments and billing",
    Category.MARKETPLACE: "Marketplaces",
    Category.OTHER: "Other",
}
_MECHANISMS = {
    Mechanism.OAUTH2: "OAuth 2.0",
    Mechanism.KEY_FORM: "keys, pasted",
    Mechanism.HANDOVER: "keys, handed over",
    Mechanism.INSTALL: "installed at the app",
    Mechanism.REQUEST: "by file or request",
}
_COLUMNS = (
    "App",
    "How",
    "Who",
    "Scopes",
    "Access lasts",
    "Renewal",
    "Consent lasts",
    "Region; sandbox",
    "Before production",
    "Confidence",
    "Unverified",
)


def page() -> str:
    """All of it."""
    shelves = groupby(PROVIDERS.values(), key=lambda row: row.category)
    return _HEAD + "".join(_shelf(category, tuple(rows)) for category, rows in shelves)


def _shelf(category: Category, rows: tuple[Provider, ...]) -> str:
    lines = (_COLUMNS, ("---",) * len(_COLUMNS), *(_line(row, facts()[row.slug]) for row in rows))
    return f"\n## {_SHELVES[category]}\n\n" + "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _line(row: Provider, known: Facts) -> tuple[str, ...]:
    cells = (
        f"{row.name} (`{row.slug}`)",
        f"part of `{row.part_of}`" if row.part_of else _MECHANISMS[row.mechanism],
        _who(row),
        " ".join(f"`{scope}`" for scope in row.scopes) or "none sent",
        known.access_token_lifetime or "–",
        "; ".join(_renewal(row)) or "–",
        _span(row.consent_lasts) if row.consent_lasts else "until taken back",
        "; ".join(_places(row, known)),
        known.access_gating or "–",
        known.confidence,
        "; ".join(known.unverified) or "–",
    )
    return tuple(cell.replace("|", "\\|").replace("\n", " ") for cell in cells)


def _who(row: Provider) -> str:
    if row.mechanism is Mechanism.REQUEST:
        return "nobody yet"
    return "an owner, by link" if row.ask_owner else "an admin"


def _renewal(row: Provider) -> Iterator[str]:
    if row.mint:
        yield "made anew from what is kept"
    if row.renewal is None:
        return
    yield "a new refresh token each time" if row.renewal.rotates else "one refresh token"
    if row.renewal.lifetime:
        yield f"lives {_span(row.renewal.lifetime)} unused"
    if row.renewal.every:
        yield f"renewed every {_span(row.renewal.every)} at least"


def _places(row: Provider, known: Facts) -> Iterator[str]:
    if row.hosts:
        yield f"{len(row.hosts)} regions"
    elif row.tenant or any(field.name == "tenant" for field in row.fields):
        yield "an address for each customer"
    yield f"sandbox: {known.sandbox or 'none known'}"


def _span(time: timedelta) -> str:
    hours, rest = divmod(int(time.total_seconds()), 3600)
    if hours >= 24 and not hours % 24:
        return f"{hours // 24} days"
    return f"{hours} hours" if hours else f"{rest // 60} minutes"
