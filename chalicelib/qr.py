"""QR codes (ISO/IEC 18004) as inline SVG, for the back office's wall."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markupsafe import Markup


def svg(address: str) -> "Markup":
    """Black on white whatever the page's colours are: cameras want it so."""
    import segno
    from markupsafe import Markup

    drawn = segno.make(address, error="m", micro=False).svg_inline(border=4, light="#ffffff", omitsize=True)
    return Markup(drawn)  # noqa: S704 - drawn from modules, no text of anybody's in it
