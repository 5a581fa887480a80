"""The copying of our own modules into assets."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from noukai_infra.bundle.bytecode import compile_folder
from noukai_infra.bundle.cache import cached
from noukai_infra.bundle.target import PYTHON_VERSION, AssetName
from noukai_infra.folders import folder_of

_API = {name: folder_of(name) for name in ("noukai_functions", "noukai_wire")}
_CLIENT = folder_of("noukai")
_WORKER = {**_API, "noukai/__init__.py": _CLIENT / "__init__.py", "noukai/flow": _CLIENT / "flow"}
_AUTHORIZER = {
    f"{package}/{name}": _API[package] / name
    for package, names in {
        "noukai_functions": ("__init__.py", "handlers/__init__.py", "handlers/authorize.py", "identity"),
        "noukai_wire": ("__init__.py", "limits.py", "slug.py"),
    }.items()
    for name in names
}
_MODULES: dict[AssetName, dict[str, Path]] = {"api": _API, "worker": _WORKER, "identity": _AUTHORIZER}
"""Our modules by their place in an asset; only workers have those that flows import."""

_BUILD_STEP = ("noukai_functions/build",)
_OTHER_HANDLERS = tuple(
    f"handlers/{path.name}"
    for path in sorted((_API["noukai_functions"] / "handlers").glob("*.py"))
    if path.name not in ("__init__.py", "worker.py")
)
_OTHER_REQUESTS = tuple(
    f"requests/{path.name}"
    for path in sorted((_API["noukai_functions"] / "requests").glob("*.py"))
    if path.name not in ("__init__.py", "submission.py")
)
_FOR_CALLERS = (
    "noukai_functions/access",
    "noukai_functions/api",
    "noukai_functions/console.py",
    "noukai_functions/requests/scheduling",
    "noukai_functions/schedules",
    "noukai_functions/usage",
    "noukai_functions/webhooks",
    "noukai_functions/jobs/following.py",
    "noukai_functions/logs/place.py",
    "noukai_functions/logs/reader.py",
    *_OTHER_HANDLERS,
    *_OTHER_REQUESTS,
)
"""The modules that only the API needs."""

_FOR_FLOWS = (
    "noukai_functions/handlers/worker.py",
    "noukai_functions/worker/inside",
    "noukai_functions/worker/process",
    *(
        f"noukai_functions/worker/{name}.py"
        for name in ("exchange", "execution", "libraries", "parts", "watch")
    ),
)
"""The modules that only workers need: a tenth of the API's asset."""

_FOR_AUTHORS = ("noukai_functions/rehearsal.py",)
_FOR_IDENTITIES = ("noukai_functions/handlers/authorize.py", "noukai_functions/identity")
_NEVER_IN_ASSETS = ("__pycache__", *_FOR_AUTHORS, "*.md", "*.pyi", "py.typed")
_LEFT_OUT: dict[AssetName, tuple[str, ...]] = {
    "api": (*_NEVER_IN_ASSETS, *_BUILD_STEP, *_FOR_FLOWS, *_FOR_IDENTITIES),
    "worker": (*_NEVER_IN_ASSETS, *_BUILD_STEP, *_FOR_CALLERS, *_FOR_IDENTITIES),
    "identity": _NEVER_IN_ASSETS,
}


def own_modules(asset: AssetName, cache: Path) -> Path:
    """Return a read-only folder with our modules of an asset, compiled once: flows change more often."""

    def fill(draft: Path) -> None:
        _copy(_MODULES[asset], draft, _LEFT_OUT[asset])
        compile_folder(draft)

    parts = [part for name, source in _MODULES[asset].items() for part in _content(name, source)]
    return cached(cache, [PYTHON_VERSION, *_LEFT_OUT[asset], *parts], fill)


def _content(name: str, source: Path) -> Iterator[str]:
    """Yield the place and text of each module."""
    for path in sorted(source.rglob("*.py")) if source.is_dir() else [source]:
        yield str(name / path.relative_to(source))
        yield path.read_text()


def copy_for_build(folder: Path) -> None:
    """Copy our modules for a build of the catalog, which imports the flows and the build step."""
    _copy(_WORKER, folder, _NEVER_IN_ASSETS)


def _copy(sources: dict[str, Path], folder: Path, left_out: tuple[str, ...]) -> None:
    for name, source in sources.items():
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=_ignoring(left_out))
        else:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, folder / name)


def _ignoring(left_out: tuple[str, ...]) -> Callable[[str, list[str]], list[str]]:
    """Return a function that ignores files and folders whose paths end with one of these."""

    def ignored(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if any(map(Path(folder, name).match, left_out))]

    return ignored
