"""The warning about mistyped environment variables."""

import warnings
from collections.abc import Mapping
from functools import cache

from noukai_wire.variables import unknown_variables

_USERS_FRAME = 5
"""The stack level of the frame that makes a client: below it are its `__init__`, the settings, and this
module."""


def warn_of_unknown_variables(environment: Mapping[str, str]) -> None:
    """Warn about each unknown variable, once per process."""
    for problem in unknown_variables(environment):
        _warn_once(problem)


@cache
def _warn_once(problem: str) -> None:
    warnings.warn(problem, stacklevel=_USERS_FRAME)
