"""A decorator of another module, which does not know the names of the functions that it wraps."""

from collections.abc import Callable
from functools import wraps
from typing import Any


def noted(function: Callable[..., Any]) -> Callable[..., Any]:
    """Call the function."""

    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper
