"""The operator's logo and the apps' marks, from our own origin."""

from chalice.app import Blueprint, Response

from chalicelib import icons, wiring
from chalicelib.errors import NotFound
from chalicelib.handlers.edge import pages
from chalicelib.settings import LOGOS

blueprint = Blueprint(__name__)


@blueprint.route("/logo", methods=["GET"])
@pages
def logo() -> Response:
    """The file that BRAND_LOGO names."""
    name = wiring.settings().brand.logo
    if not name:
        raise NotFound
    kind = "image/svg+xml; charset=utf-8" if name.endswith(".svg") else "image/png"
    body: object = (LOGOS / name).read_bytes() if kind == "image/png" else (LOGOS / name).read_text()
    return Response(body=body, headers={"Content-Type": kind, "Cache-Control": "public, max-age=3600"})


@blueprint.route("/icons.svg", methods=["GET"])
@pages
def sheet() -> Response:
    """The apps' marks. Pages name the version, so a browser may keep it."""
    headers: dict[str, str | list[str]] = {
        "Content-Type": "image/svg+xml; charset=utf-8",
        "Cache-Control": "public, max-age=31536000, immutable",
    }
    return Response(body=icons.sheet(), headers=headers)
