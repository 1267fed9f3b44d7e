"""Rules for a row's addresses: https, on literal hosts or on hosts that nobody can turn elsewhere."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from urllib.parse import urlsplit

from chalicelib.errors import InvalidField, MixedUp
from chalicelib.providers.base import Provider
from chalicelib.providers.parts import Endpoints, Field
from local.catalogue.hostile import ELSEWHERE, HOSTILE, WRAPPED

_WORD = re.compile(r"{(\w+)}")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_SEGMENT = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*")
_ALWAYS = frozenset({"client_id", "account_id"})
_SENT = frozenset({"product", "redirect_uri"})
_CALLED_BACK = "acme"
"""A tenant that only a callback names, for example."""


def endpoints(row: Provider) -> dict[str, str]:
    """Those that the row has."""
    found = {field.name: str(getattr(row.endpoints, field.name)) for field in fields(Endpoints)}
    return {name: template for name, template in found.items() if template}


def typed(row: Provider) -> dict[str, Field]:
    """What a person types or chooses that is no secret."""
    asked = {field.name: field for field in row.fields if not field.secret}
    return {**asked, **({"tenant": row.tenant} if row.tenant else {})}


def words(row: Provider) -> dict[str, str]:
    """A good value for each word that the row declares."""
    found = dict.fromkeys(_ALWAYS, "1")
    templates = "".join((*endpoints(row).values(), *row.authorize_params.values()))
    for name, field in typed(row).items():
        good = next(iter(field.options), field.example) or "acme"
        found[name] = field.read(good) if name == "tenant" or f"{{{name}}}" in templates else good
    if row.tenant_of:
        found["tenant"] = _CALLED_BACK
    return {**found, **row.hosts.get(found.get("tenant", ""), {})}


def undeclared(row: Provider) -> Iterator[str]:
    """Every word of a template is declared."""
    known = words(row)
    for name, template in endpoints(row).items():
        for word in _WORD.findall(template):
            if word not in known:
                yield f"{name}: nothing declares {{{word}}}"
    for name, template in row.authorize_params.items():
        for word in _WORD.findall(template):
            if word not in {*known, *_SENT}:
                yield f"authorize_params {name}: nothing declares {{{word}}}"


def addresses(row: Provider) -> Iterator[str]:
    """Every address is https at a host, without user, port, query or fragment."""
    known = words(row)
    for name, template in endpoints(row).items():
        parts = urlsplit(_filled(template, known))
        if (parts.scheme, parts.username, parts.port, parts.query, parts.fragment) != ("https", None, None, "", ""):
            yield f"{name}: not a plain https address"
        if not _HOST.fullmatch(parts.netloc):
            yield f"{name}: {parts.netloc} is no host"
        for word in _WORD.findall(urlsplit(template).netloc):
            if word in _ALWAYS:
                yield f"{name}: {{{word}}} in a host"


def closed_lists(row: Provider) -> Iterator[str]:
    """What is chosen is what leads anywhere, and leads to hosts (or parts of them) that are written down."""
    if not row.hosts:
        return
    choice = typed(row).get("tenant")
    if choice is None or set(choice.options) != set(row.hosts):
        yield "hosts: not those of the list to choose from"
    if len({frozenset(named) for named in row.hosts.values()}) != 1:
        yield "hosts: not the same words everywhere"
    if any(not re.fullmatch(r"[a-z0-9.-]+", host) for named in row.hosts.values() for host in named.values()):
        yield "hosts: no host"


def readers(row: Provider) -> Iterator[str]:
    """Whatever is typed, each address stays under the domain that it has for a good value."""
    known = words(row)
    for name, field in typed(row).items():
        yield from (f"{name}: {complaint}" for complaint in _strays(row, known, name, field.read))
    if row.tenant_of:
        read = row.tenant_of
        yield from (
            f"tenant_of: {complaint}"
            for complaint in _strays(row, known, "tenant", lambda value: read(Everything(value)))
        )


def _strays(row: Provider, known: Mapping[str, str], word: str, read: Callable[[str], str]) -> Iterator[str]:
    for hostile in _hostile(known.get(word, ""), read):
        try:
            value = read(hostile)
        except (InvalidField, MixedUp):
            continue
        for name, template in endpoints(row).items():
            if word in _WORD.findall(template) and not _stays(template, {**known, word: value}, known, word):
                yield f"{hostile!r} leads {name} to {_filled(template, {**known, word: value})}"


def _hostile(good: str, read: Callable[[str], str]) -> Iterator[str]:
    yield from HOSTILE
    yield from (wrapping.format(good) for wrapping in WRAPPED)
    try:
        read("shop.another.example")
    except (InvalidField, MixedUp):
        yield from (wrapping.format(good) for wrapping in ELSEWHERE)


def _stays(template: str, filled: Mapping[str, str], good: Mapping[str, str], word: str) -> bool:
    """A host differs in one label only, the first; a path in one segment."""
    if f"{{{word}}}" not in urlsplit(template).netloc:
        return bool(_SEGMENT.fullmatch(filled[word]))
    domain = urlsplit(_filled(template, good)).netloc.partition(".")[2]
    netloc = urlsplit(_filled(template, filled)).netloc
    return re.fullmatch(rf"{_LABEL}\.{re.escape(domain)}", netloc) is not None


def _filled(template: str, known: Mapping[str, str]) -> str:
    return _WORD.sub(lambda found: known.get(found[1], "1"), template)


class Everything(dict[str, str]):
    """A callback in which every parameter has this value."""

    def __init__(self, value: str) -> None:
        super().__init__()
        self._value = value

    def __missing__(self, _name: str) -> str:
        return self._value

    def get(self, _name: str, _default: object = None) -> str:
        return self._value
