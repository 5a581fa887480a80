"""The flows of a folder: each public module is a project, each decorated function in it a flow."""

import importlib
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from noukai.flow import Flow
from noukai_functions.worker.inside.alias import Alias

PACKAGE = "flows"
"""The package name of the folder's modules, wherever the folder is."""


def projects(folder: Path) -> dict[str, Path]:
    """Return the public modules of a flows folder, by project."""
    return {project_of(path): path for path in sorted(folder.glob("[!_.]*.py"))}


def project_of(path: Path) -> str:
    """Return the project of a module."""
    return path.stem.replace("_", "-")


def open_folder(folder: Path) -> None:
    """Make the folder's modules importable as `flows.NAME` and `NAME`, both the same module.

    A project named like a standard or library module does not hide it: the short name imports that module.
    """
    opened = next((finder for finder in sys.meta_path if isinstance(finder, Alias)), None)
    if opened is not None:
        if opened.folder == folder:
            return
        opened.remove()
    package = ModuleType(PACKAGE)
    package.__path__ = [str(folder)]
    sys.modules[PACKAGE] = package
    Alias(PACKAGE, folder).install()


def flows_of(path: Path) -> Iterator[Flow]:
    """Import a project's module and return its flows, without those imported from other projects."""
    module = importlib.import_module(f"{PACKAGE}.{path.stem}")
    others = other_modules(path)
    # A flow may have several names in its module.
    for flow in dict.fromkeys(value for value in vars(module).values() if isinstance(value, Flow)):
        if inspect.unwrap(flow.function).__module__ not in others:
            yield flow


def other_modules(path: Path) -> set[str]:
    """Return the names of the modules of all projects but this module's."""
    names = {f"{PACKAGE}.{other.stem}" for other in projects(path.parent).values()}
    return names - {f"{PACKAGE}.{path.stem}"}
