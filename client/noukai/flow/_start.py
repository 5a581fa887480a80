"""The decorator `@on_start`, for what a process does once before its first attempt."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from ._definition import awaited

Hook = TypeVar("Hook", bound=Callable[[], Any])


@dataclass(slots=True)
class _Registered:
    """A function decorated with `@on_start`, and whether this process has run it."""

    function: Callable[[], Any]
    has_run: bool = False


_registered: list[_Registered] = []


def on_start(function: Hook, /) -> Hook:
    """Run a function of a flows module, `def` or `async def`, once in each process of the project.

    It runs after the module's import and before the first attempt: while a worker starts, if there is time,
    and otherwise after a job is claimed. Then an exception fails that job's attempt. Its time limit is that
    of the import. It takes no arguments, and its return value is ignored; keep what it makes in a variable of
    the module.

    Raises:
        TypeError: the function needs arguments, or is a generator.
    """
    needed = [
        parameter.name
        for parameter in inspect.signature(function).parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    if needed:
        raise TypeError(
            f"@on_start: {function.__qualname__} must take no arguments, but needs {', '.join(needed)}: read "
            "them from the environment"
        )
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(
            f"@on_start: {function.__qualname__} must not be a generator: return instead of yield"
        )
    _registered.append(_Registered(function))
    return function


def run_start_hooks(is_meant: Callable[[str], bool]) -> None:
    """Run each registered function of the modules that are meant, unless it has run in this process.

    Raises:
        BaseException: whatever a function raises, with a note that names it.
    """
    for each in _registered:
        if each.has_run or not is_meant(each.function.__module__):
            continue
        try:
            value = each.function()
            if inspect.iscoroutine(value):
                awaited(value)
        except BaseException as error:
            error.add_note(f"raised by {each.function.__qualname__}, which @on_start runs before any job")
            raise
        each.has_run = True
