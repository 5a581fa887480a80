"""The compilation to byte code that Python loads without sources."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

_TASK_ROOT = "/var/task"


def compile_folder(folder: Path) -> None:
    """Compile each module below the folder to unchecked byte code.

    The result is reproducible, and names files as Lambda sees them. Modules that cannot be compiled are left
    alone: a library may contain a module for another Python version that nothing imports.
    """
    subprocess.run(  # noqa: S603 our own interpreter
        [
            sys.executable,
            *("-I", "-m", "compileall", "-q"),
            *("--invalidation-mode", "unchecked-hash", "-s", str(folder), "-p", _TASK_ROOT),
            str(folder),
        ],
        check=False,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )


def drop_sources(folder: Path) -> None:
    """Delete the sources of compiled modules below the folder, which makes it a third smaller.

    Tracebacks still have files and lines, without the source text.
    """
    for source in folder.rglob("*.py"):
        code = Path(importlib.util.cache_from_source(str(source)))
        if code.exists():
            code.rename(source.with_suffix(".pyc"))
            source.unlink()
    for cache in [*folder.rglob("__pycache__")]:
        cache.rmdir()
