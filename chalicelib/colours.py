"""One brand colour, whatever it is, made readable on light and dark grounds. Colours are ``#rrggbb``."""

LIGHT, DARK = "#f5f6f8", "#1d2226"
"""The grounds of ``_base/style.css`` on which accented text is hardest to read."""

_AA = 4.5


def palette(accent: str) -> str:
    """The brand's colour as custom properties for ``_base/style.css``."""
    return (
        f":root{{--accent:{accent};--on-accent:{text_on(accent)};"
        f"--link-light:{readable(accent, LIGHT)};--link-dark:{readable(accent, DARK)}}}\n"
    )


def text_on(colour: str) -> str:
    """Black or white, whichever reads better on ``colour``; the better one always reaches AA (4.58 at worst)."""
    return max("#000000", "#ffffff", key=lambda text: contrast(text, colour))


def readable(colour: str, ground: str) -> str:
    """``colour``, moved towards black or white until text in it reaches AA on ``ground``."""
    goal = text_on(ground)
    return next(mixed for step in range(21) if contrast(mixed := _mix(colour, goal, step / 20), ground) >= _AA)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two ``#rrggbb`` colours, 1 to 21 (WCAG 2.2)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in _rgb(colour))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _mix(colour: str, goal: str, share: float) -> str:
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(_rgb(colour), _rgb(goal), strict=True))


def _rgb(colour: str) -> bytes:
    return bytes.fromhex(colour[1:])
