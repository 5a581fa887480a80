"""The warning of mistyped environment variables."""

import warnings
from collections.abc import Mapping
from functools import cache

from noukai_wire.variables import unknown_variables

_USERS_FRAME = 5
"""Whoever makes a client: below are its `__init__`, the settings, and the functions here."""


def warn_of_unknown_variables(environment: Mapping[str, str]) -> None:
    """Warn of each unknown variable, once in a process."""
    for problem in unknown_variables(environment):
        _warn_once(problem)


@cache
def _warn_once(problem: str) -> None:
    warnings.warn(problem, stacklevel=_USERS_FRAME)
