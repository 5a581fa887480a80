"""Versions of the flows; one is live at a time."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from noukai_functions.build.catalog_build import build_catalog
from noukai_functions.catalog.entries import Catalog
from noukai_functions.deployment import Deployment
from tests.functions.harness import System

HEAD = """
import time
from datetime import date
from pathlib import Path

from noukai.flow import flow


@flow
def wait(text: str) -> str:
    while not Path(text).exists():
        time.sleep(0.01)
    return SAYS


"""
OLD = HEAD + "@flow\ndef count(text: str) -> str:\n    return 'old ' + text\n\nSAYS = 'old'\n"


def asset_of(folder: Path, source: str, former: Iterable[str] = (), project: str = "words") -> Path:
    """Return a folder as the build makes it, of one project."""
    (folder / "flows").mkdir(parents=True)
    (folder / "flows" / f"{project}.py").write_text(source)
    build_catalog(folder / "flows", folder / "catalog", former=former)
    return folder


def version_in(asset: Path) -> str:
    return Catalog.load(asset / "catalog").version


@contextmanager
def live(system: System, asset: Path) -> Iterator[None]:
    """Make another version live while the context lasts."""
    before = system.deployment
    system.deployment = Deployment(before.environment, asset, system.clock)  # type: ignore[arg-type]
    try:
        yield
    finally:
        system.deployment.processes.close()
        system.deployment = before
