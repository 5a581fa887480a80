import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from functions.catalog_build import build_catalog
from tests.functions.harness import System, system_on_moto

FLOWS = Path(__file__).parent / "flows"


@pytest.fixture(scope="session")
def asset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the build makes it: the flows and their catalog."""
    folder = tmp_path_factory.mktemp("asset")
    shutil.copytree(FLOWS, folder / "flows", ignore=shutil.ignore_patterns("__pycache__"))
    build_catalog(folder / "flows", folder / "catalog")
    return folder


@pytest.fixture
def system(asset: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[System]:
    """A fresh deployment with a key of each of two orgs, and one of acme that may only read."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    logging.getLogger("noukai").setLevel(logging.CRITICAL)
    with system_on_moto(asset) as system:
        system.add_key("nk_acme", "acme")
        system.add_key("nk_globex", "globex")
        system.add_key("nk_reader", "acme", scopes=("read",))
        del system.calls[:]
        yield system
