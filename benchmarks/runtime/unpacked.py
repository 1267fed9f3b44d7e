"""Both functions' folders, as Lambda would unpack them: ours from the zip, the floor's from the packages in the zip."""

import json
import py_compile
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.runtime.function import Code
from benchmarks.runtime.scene import ENVIRONMENT
from chalicelib.handlers.edge import SECURITY_HEADERS
from chalicelib.outbound.web import USER_AGENT
from chalicelib.providers.catalogue import PROVIDERS
from chalicelib.providers.parts import Mechanism
from chalicelib.rendering import Renderer
from chalicelib.settings import load_site

ROOT = Path(__file__).parents[2]
FLOOR = Path(__file__).with_name("floor")
CLIENT = ("awslambdaric", "simplejson", "runtime_client*.so", "snapshot_restore_py.py")
FLOORS_PACKAGES = (
    *("botocore", "certifi", "cffi", "cryptography", "dateutil", "jinja2", "jmespath", "markupsafe", "urllib3"),
    *("_cffi_backend*", "six.pyc"),
)
"""botocore with what it needs, Jinja2, urllib3 and cryptography: compiled and pruned as they are in our own zip."""


class Missing(Exception):
    """The environment that the runtime's client is taken from is not there."""


def unpack(archive: Path, authority: bytes, folder: Path) -> tuple[Code, Code, Code]:
    """Ours, the floor, and the floor with its templates compiled. All trust ``authority`` beside the authorities that certifi names."""
    runtime, ours = folder / "runtime", folder / "ours"
    _client(runtime)
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(ours)
    with (ours / "certifi" / "cacert.pem").open("ab") as trusted:
        trusted.write(b"\n" + authority)
    floors = folder / "floor", folder / "floor-compiled"
    for floor in floors:
        _floor(ours, floor)
    shutil.copytree(ours / "templates" / "compiled", floors[1] / "floor" / "compiled")
    return (
        Code(task=ours, runtime=runtime, handler="app.app"),
        Code(task=floors[0], runtime=runtime, handler="floor.handler.handler"),
        Code(task=floors[1], runtime=runtime, handler="floor.handler.handler"),
    )


def _client(runtime: Path) -> None:
    """Lambda's own folder: the client and what it imports."""
    found = [
        file
        for packages in (ROOT / ".venv-rehearsal").glob("lib/python*/site-packages")
        for pattern in CLIENT
        for file in packages.glob(pattern)
    ]
    if len(found) < len(CLIENT):
        raise Missing("make rehearsal")
    runtime.mkdir()
    for file in found:
        _copy(file, runtime)
    _compile(runtime)


def _floor(ours: Path, floor: Path) -> None:
    floor.mkdir()
    for pattern in FLOORS_PACKAGES:
        for file in ours.glob(pattern):
            _copy(file, floor)
    shutil.copytree(FLOOR, floor / "floor", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ours / "templates", floor / "floor" / "templates", ignore=shutil.ignore_patterns("compiled"))
    (floor / "floor" / "ready.json").write_text(json.dumps(_ready()), "utf-8")
    _compile(floor)


def _copy(file: Path, folder: Path) -> None:
    if file.is_dir():
        shutil.copytree(file, folder / file.name, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(file, folder)


def _compile(folder: Path) -> None:
    """As packaging does it."""
    for file in folder.rglob("*.py"):
        mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
        py_compile.compile(str(file), f"{file}c", doraise=True, invalidation_mode=mode)
        file.unlink()


def _ready() -> dict[str, object]:
    """What the floor has made ready: the brand, the style, the apps that an owner is offered."""
    brand = load_site(ENVIRONMENT).brand
    renderer = Renderer(brand, "")
    words = dict(renderer._environment.globals)  # noqa: SLF001 - what our own templates are given
    return {
        "globals": {
            **{name: str(words[name]) for name in ("language", "direction", "style", "script", "favicon")},
            "brand": {name: getattr(brand, name) for name in brand.__dataclass_fields__},
        },
        "headers": {**SECURITY_HEADERS, "Content-Security-Policy": renderer.content_security_policy},
        "app_headers": {"Accept": "application/json", "User-Agent": USER_AGENT},
        "apps": list(_apps(renderer)),
    }


def _apps(renderer: Renderer) -> Iterator[dict[str, str]]:
    for app in PROVIDERS.values():
        if app.ask_owner or app.mechanism is Mechanism.REQUEST:
            yield {
                "slug": app.slug,
                "name": app.name,
                "category": app.category,
                "mechanism": app.mechanism,
                "icon": str(renderer._icon(app)),  # noqa: SLF001 - as above
            }
