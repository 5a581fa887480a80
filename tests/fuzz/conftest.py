from pathlib import Path

import pytest

from noukai_functions.build.catalog_build import build_catalog
from tests.fuzz.api import FLOWS


@pytest.fixture(scope="session")
def asset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the flows' catalog, as the build makes it."""
    folder = tmp_path_factory.mktemp("asset")
    build_catalog(FLOWS, folder / "catalog")
    return folder
