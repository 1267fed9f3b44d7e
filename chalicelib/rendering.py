"""Pages and letters: Jinja2 templates, escaped, translated, in the brand's colour.

Jinja2 is imported when a ``Renderer`` is made: whoever only imports this module does not pay for it.
"""

import gettext
import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from chalicelib import icons
from chalicelib.colours import palette, text_on
from chalicelib.i18n import N_
from chalicelib.settings import Brand

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

TEMPLATES = Path(__file__).parent.parent / "templates"
LOCALES = TEMPLATES / "locale"
COMPILED = TEMPLATES / "compiled"
"""Only in a package: the templates turned to Python, which saves a cold start 50 ms of compiling them."""

_RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
_MONTHS = (
    *(N_("Jan"), N_("Feb"), N_("Mar"), N_("Apr"), N_("May"), N_("Jun")),
    *(N_("Jul"), N_("Aug"), N_("Sep"), N_("Oct"), N_("Nov"), N_("Dec")),
)
_MOMENT = N_("%(day)s %(month)s %(year)s, %(time)s UTC")
_ACTORS = (
    ("admin ", "%(who)s"),
    ("link sent to ", N_("the link sent to %(who)s")),
    ("receipt sent to ", N_("the receipt sent to %(who)s")),
    ("app", N_("the app itself")),
    ("connect link", N_("the connect link")),
    ("platform ", N_("the accounting platform (%(who)s)")),
    ("system", N_("this service, by itself")),
)


class App(Protocol):
    """What an icon is drawn from: a row of the catalogue."""

    @property
    def slug(self) -> str: ...
    @property
    def name(self) -> str: ...


@dataclass(frozen=True, slots=True)
class LetterText:
    """A letter's three parts."""

    subject: str
    text: str
    html: str


class Renderer:
    """Fills templates with words. One is made per process; it is safe to share between threads."""

    def __init__(self, brand: Brand, base_path: str, language: str = "en") -> None:
        """``base_path`` precedes every path of ours: the app may live under a stage prefix."""
        self._base_path = base_path
        self._catalogue = gettext.translation("messages", LOCALES, [language], fallback=True)
        style = palette(brand.colour) + _squeezed((TEMPLATES / "_base" / "style.css").read_text("utf-8"))
        script = (TEMPLATES / "_base" / "script.js").read_text("utf-8").strip()
        self.content_security_policy = (
            f"default-src 'none'; style-src {_source(style)}; script-src {_source(script)}; img-src 'self' data:; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        self._icons: dict[str, Markup] = {}
        self._environment = self._made(brand, language, style, script)

    def page(self, name: str, /, **words: object) -> str:
        """``templates/pages/{name}.html``, whole."""
        return self._environment.get_template(f"pages/{name}.html").render(words)

    def letter(self, name: str, /, **words: object) -> LetterText:
        """The three parts of ``templates/letters/{name}``."""
        subject, text, html = (
            self._environment.get_template(f"letters/{name}/{part}").render(words)
            for part in ("subject.txt", "body.txt", "body.html")
        )
        return LetterText(" ".join(subject.split()), text.strip() + "\n", html)

    def compile(self, folder: Path) -> None:
        """Turn every template to Python in ``folder``, which packaging places at ``COMPILED``."""
        from jinja2 import FileSystemLoader

        written = self._environment.overlay(loader=FileSystemLoader(TEMPLATES))
        written.compile_templates(folder, ["html", "txt"], zip=None, ignore_errors=False)

    def _made(self, brand: Brand, language: str, style: str, script: str) -> "Environment":
        from jinja2 import Environment, FileSystemLoader, ModuleLoader, StrictUndefined
        from markupsafe import Markup

        environment = Environment(
            loader=ModuleLoader(COMPILED) if COMPILED.is_dir() else FileSystemLoader(TEMPLATES),
            autoescape=_is_html,  # noqa: S701 - on for every .html; subjects and plain letters are text
            undefined=StrictUndefined,
            extensions=["jinja2.ext.i18n"],
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.policies["ext.i18n.trimmed"] = True
        install: Callable[..., None] = environment.install_gettext_translations  # type: ignore[attr-defined]
        install(self._catalogue, newstyle=True)
        environment.filters |= {"translated": self._translated, "quoted": _quoted}
        environment.globals |= {
            "brand": brand,
            "language": language.replace("_", "-"),
            "direction": "rtl" if language[:2] in _RIGHT_TO_LEFT else "ltr",
            "style": Markup(style),  # noqa: S704 - our own file and a validated colour
            "script": Markup(script),  # noqa: S704 - our own file
            "favicon": _favicon(brand),
            "on_accent": text_on(brand.colour),
            "url": self._url,
            "icon": self._icon,
            "moment": self._moment,
            "when": self._when,
            "who": self._who,
        }
        return environment

    def _url(self, path: str) -> str:
        return self._base_path + path

    def _translated(self, sentence: str) -> str:
        """A sentence that lives in Python. Unlike ``_()``, whose result is trusted, this one is escaped where it is shown."""
        return self._catalogue.gettext(sentence) if sentence else ""

    def _moment(self, at: datetime) -> str:
        """A time as plain text, in UTC."""
        at = at.astimezone(UTC)
        month = self._translated(_MONTHS[at.month - 1])
        return self._translated(_MOMENT) % {"day": at.day, "month": month, "year": at.year, "time": f"{at:%H:%M}"}

    def _when(self, at: datetime) -> "Markup":
        """A time that the page's script turns to the reader's own zone."""
        from markupsafe import Markup

        return Markup('<time datetime="{}">{}</time>').format(
            f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", self._moment(at)
        )

    def _who(self, actor: str) -> str:
        """An actor as a phrase; one that is not known by its first word is shown as it is."""
        for start, phrase in _ACTORS:
            if actor.startswith(start):
                return self._translated(phrase) % {"who": actor.removeprefix(start)}
        return actor

    def _icon(self, app: App) -> "Markup":
        """The app's mark, or its initial. The name always stands beside it, so a screen reader skips the mark."""
        from markupsafe import Markup

        if app.slug not in self._icons:
            inner: str = app.name[:1].upper()
            if app.slug in icons.drawn():
                address = self._url(f"/icons.svg?v={icons.version()}#{app.slug}")
                inner = Markup('<svg focusable="false"><use href="{}"/></svg>').format(address)
            self._icons[app.slug] = Markup('<span class="icon" aria-hidden="true">{}</span>').format(inner)
        return self._icons[app.slug]


def _favicon(brand: Brand) -> str:
    """The brand's initial on its colour, as an address of its own: one request less."""
    from markupsafe import Markup

    drawing = Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="{}"/>'
        '<text x="16" y="23" text-anchor="middle" font-family="sans-serif" font-weight="700" font-size="20" fill="{}">{}</text></svg>'
    ).format(brand.colour, text_on(brand.colour), brand.product_name[:1])
    return "data:image/svg+xml," + quote(drawing, safe="/:='\" ")


def _squeezed(style: str) -> str:
    """Comments and indentation are for us, not for the phone."""
    return re.sub(r"\s*\n\s*", "\n", re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)).strip()


def _source(inline: str) -> str:
    return f"'sha256-{b64encode(sha256(inline.encode()).digest()).decode()}'"


def _is_html(name: str | None) -> bool:
    return name is not None and name.endswith(".html")


def _quoted(text: str) -> str:
    """Somebody's own words, marked as such in a plain letter."""
    return "\n".join(f"> {line}".rstrip() for line in text.strip().splitlines())
