import pytest

from chalicelib.rendering import Renderer
from tests.rendering.samples import BRAND


@pytest.fixture(scope="session")
def renderer() -> Renderer:
    return Renderer(BRAND, "/api")
