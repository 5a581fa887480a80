"""A build step: the search for flows that are not deployed."""

import ast
import inspect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from noukai.flow import Flow
from noukai_functions.worker.inside.flow_loader import project_of

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_FLOW = "flow"
_MODULES = ("noukai.flow", "functions.flow")
"""The modules from which the decorator is imported, or was."""

_HIDDEN = "a decorator above @flow hides it: write @flow first"
_METHOD = "it is in a class, but a flow must be a function of a module: move it out"
_UNCALLED = "it is in a function that the import of the module does not call: move it out"
_UNNAMED = "its module binds no name to it: give each flow its own name in the module"
_ELSEWHERE = "its module is private: move the flow into a public module, or import it there by its name"


@dataclass(slots=True)
class Offered:
    """The flows that the imported modules have defined, and those that are deployed."""

    made: list[Flow] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)
    modules: list[ModuleType] = field(default_factory=list)
    """The public modules."""


def place_of(flow: Flow) -> tuple[str, int]:
    """Return the file and the line of a flow's function."""
    code = inspect.unwrap(flow.function).__code__
    return code.co_filename, code.co_firstlineno


def left_out(folder: Path, offered: Offered) -> Iterator[str]:
    """Return each flow that is not deployed, with its place and the reason.

    Requires that every project was imported.
    """
    known = {(*place_of(flow), flow.name) for flow in offered.flows}
    missing = {(*place_of(flow), flow.name): flow for flow in offered.made}
    for (file, line, name), flow in missing.items():
        if (file, line, name) not in known:
            yield f"{file}:{line}: the flow {name!r} cannot be deployed: {_reason(flow, offered)}"
    places = {place_of(flow) for flow in offered.made}
    for path in _sources(folder):
        yield from _never_made(path, places, was_imported=path in _files(offered.modules))


def clashes(folder: Path) -> Iterator[str]:
    """Return the modules of a folder that map to the same project."""
    seen: dict[str, Path] = {}
    for path in sorted(folder.glob("[!_.]*")):
        if not (path.suffix == ".py" or (path / "__init__.py").exists()):
            continue
        other = seen.setdefault(project_of(path), path)
        if other is not path:
            file = path if path.is_file() else path / "__init__.py"
            both = f"{path.name} and {other.name} are both the project {project_of(path)!r}"
            yield f"{file}:1: {both}: rename one"


def _reason(flow: Flow, offered: Offered) -> str:
    if any(_hides(value, flow) for module in offered.modules for value in vars(module).values()):
        return _HIDDEN
    within = inspect.unwrap(flow.function).__qualname__.rpartition(".")[0]
    if within and not within.endswith("<locals>"):
        return _METHOD
    files = _files(offered.modules)
    return _UNNAMED if Path(place_of(flow)[0]) in files else _ELSEWHERE


def _hides(value: Any, flow: Flow) -> bool:
    """Return whether a decorator wraps the flow."""
    if not isinstance(value, FunctionType):
        return isinstance(value, partial) and value.func is flow
    values = [getattr(value, "__wrapped__", None), *inspect.getclosurevars(value).nonlocals.values()]
    return any(each is flow for each in values)


def _files(modules: Iterable[ModuleType]) -> set[Path]:
    return {Path(module.__file__).resolve() for module in modules if module.__file__}


def _sources(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.resolve().rglob("*.py")):
        if not any(part.startswith(".") for part in path.relative_to(folder.resolve()).parts):
            yield path


def _never_made(path: Path, made: set[tuple[str, int]], *, was_imported: bool) -> Iterator[str]:
    """Return the functions that have `@flow` in the source but did not become flows."""
    try:
        tree = ast.parse(path.read_bytes())
    except SyntaxError:
        return  # its import reports the error
    names = set(_names_of_decorator(tree))
    for function, is_within in _functions(tree):
        line = function.decorator_list[0].lineno if function.decorator_list else function.lineno
        if (str(path), line) in made or (was_imported and not is_within):
            continue
        if any(_spelled(each) in names for each in function.decorator_list):
            reason = _UNCALLED if is_within else _ELSEWHERE
            yield f"{path}:{line}: the flow {function.name!r} cannot be deployed: {reason}"


def _functions(tree: ast.AST, *, is_within: bool = False) -> Iterator[tuple[_Function, bool]]:
    """Yield the functions of a file, and whether each is within another."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, _Function):
            yield node, is_within
        yield from _functions(node, is_within=is_within or isinstance(node, _Function))


def _names_of_decorator(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in _MODULES:
            yield from (each.asname or each.name for each in node.names if each.name == _FLOW)
        elif isinstance(node, ast.ImportFrom) and any(
            module.startswith(f"{node.module}.") for module in _MODULES
        ):
            yield from (f"{each.asname or each.name}.{_FLOW}" for each in node.names if each.name == _FLOW)
        elif isinstance(node, ast.Import):
            yield from (f"{each.asname or each.name}.{_FLOW}" for each in node.names if each.name in _MODULES)


def _spelled(decorator: ast.expr) -> str:
    return ast.unparse(decorator.func if isinstance(decorator, ast.Call) else decorator)
