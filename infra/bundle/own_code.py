"""Our own modules in assets."""

import shutil
from pathlib import Path

from infra.bundle.bytecode import compile_folder
from infra.bundle.cache import cached
from infra.bundle.target import PYTHON_VERSION, AssetName
from infra.places import SOURCES

_CLIENT = SOURCES / "client"
_API = {"functions": SOURCES / "functions", "noukai_wire": _CLIENT / "noukai_wire"}
_WORKER = {
    **_API,
    "noukai/__init__.py": _CLIENT / "noukai" / "__init__.py",
    "noukai/flow": _CLIENT / "noukai" / "flow",
}
_MODULES: dict[AssetName, dict[str, Path]] = {"api": _API, "worker": _WORKER}
"""Where our modules lie, by their places in an asset: what flows import is for workers alone."""

_BUILD_STEP = (
    "catalog_build.py",
    "catalog_files.py",
    "complaints.py",
    "decimal_schema.py",
    "imports.py",
    "left_out.py",
    "schema.py",
    "validator_code.py",
    "validator_generator.py",
    "openapi.py",
    "openapi_examples.py",
    "openapi_schemas.py",
)
_OTHER_ENTRIES = (
    *("cancel.py", "cancel_jobs.py", "dead_letters.py", "describe.py", "execute.py", "list_jobs.py", "metering.py"),
    *("retry.py", "status.py", "statuses.py", "submit.py", "submit_jobs.py", "sweep.py", "upload.py", "usage.py"),
    "wait.py",
)
"""What the worker's asset does without: nothing imports an entry."""

_FOR_AUTHORS = ("rehearsed.py",)
_NEVER_IN_ASSETS = ("__pycache__", "flows", *_FOR_AUTHORS, "*.md", "*.pyi", "py.typed")
_LEFT_OUT: dict[AssetName, tuple[str, ...]] = {
    "api": (*_NEVER_IN_ASSETS, *_BUILD_STEP),
    "worker": (*_NEVER_IN_ASSETS, *_BUILD_STEP, *_OTHER_ENTRIES),
}


def own_code(asset: AssetName, cache: Path) -> Path:
    """Return a read-only folder with our modules of an asset, compiled once: flows change more often."""

    def fill(draft: Path) -> None:
        _copy(_MODULES[asset], draft, _LEFT_OUT[asset])
        compile_folder(draft)

    files = sorted(path for source in _MODULES[asset].values() for path in (source, *source.rglob("*.py")))
    parts = [part for path in files if path.is_file() for part in (str(path.relative_to(SOURCES)), path.read_text())]
    return cached(cache, [PYTHON_VERSION, *_LEFT_OUT[asset], *parts], fill)


def copy_for_build(folder: Path) -> None:
    """Copy our modules for a build of the catalog, which imports the flows and the build step."""
    _copy(_WORKER, folder, _NEVER_IN_ASSETS)


def _copy(sources: dict[str, Path], folder: Path, left_out: tuple[str, ...]) -> None:
    for name, source in sources.items():
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns(*left_out))
        else:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, folder / name)
