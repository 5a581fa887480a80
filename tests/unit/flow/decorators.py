"""A decorator of another module, without the names that its wrapped functions use."""

from collections.abc import Callable
from functools import wraps
from typing import Any


def noted(function: Callable[..., Any]) -> Callable[..., Any]:
    """Call the function."""

    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper
