"""The conversion of values to JSON by their types; pydantic is loaded only for rare types."""

import math
import sys
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from noukai_wire import limits

SEQUENCES = (list, tuple, AbstractSet, deque)
_SHOWN_OF_KEY = 40
_BYTES = (bytes, bytearray, memoryview)
_NUMPY_KINDS: Mapping[str, Callable[[Any], object]] = {"b": bool, "i": int, "u": int, "f": float, "U": str}
"""The Python type for a scalar of numpy, by the kind of its type."""


class UnwritableError(Exception):
    """An error for a value that JSON cannot represent, with its path, such as `rows[3].total`."""

    def __init__(self, problem: str, path: str = "") -> None:
        super().__init__(f"`{path.removeprefix('.')}`: {problem}" if path else problem)
        self.problem = problem
        self.path = path

    def under(self, key: str | int) -> "UnwritableError":
        """Return the error with a key or an index put before its path."""
        is_name = isinstance(key, str) and key.isidentifier()
        step = f".{key}" if is_name else f"[{key if isinstance(key, int) else key[:_SHOWN_OF_KEY]!r}]"
        return UnwritableError(self.problem, step + self.path)


def json_value(value: object, depth: int = 0) -> Any:
    """Convert a value to JSON.

    Raises:
        UnwritableError: JSON cannot represent the value, or a part of it.
    """
    try:
        return _written(value, depth)
    except (UnwritableError, MemoryError):
        raise
    except Exception as error:
        kind, raised = type(value).__qualname__, type(error).__name__
        raise UnwritableError(
            f"an object of the type {kind!r} cannot be written, since that raises {raised}"
        ) from error


def _written(value: object, depth: int) -> Any:
    match value:
        case None | bool():
            return value
        case Enum():
            return json_value(value.value, depth)
        case str() | int() | float():
            return _scalar(value)
        case Mapping() | list() | tuple() | AbstractSet() | deque():
            return _container(value, depth)
    return _other(value, depth)


def _key_text(key: object) -> str:
    """Return the key of a dict as text: numbers, dates and the like as JSON would write them."""
    written = json_value(key.value if isinstance(key, Enum) else key)
    match written:
        case str():
            return written
        case None:
            return "null"
        case bool():
            return "true" if written else "false"
        case int() | float():
            return repr(written)
    raise UnwritableError(
        f"a key of the type {type(key).__qualname__!r} cannot be written as JSON: keys are text"
    )


def entries_of(mapping: Mapping[Any, Any]) -> Iterable[tuple[str, object]]:
    """Iterate over a dict, with its keys as text.

    Raises:
        UnwritableError: a key cannot be written as text, or two keys become the same text.
    """
    seen: set[str] = set()
    for key, value in mapping.items():
        text = _key_text(key)
        if text in seen:
            raise UnwritableError(f"two keys are both written as {text[:_SHOWN_OF_KEY]!r}")
        seen.add(text)
        yield text, value


def base64_text(content: bytes | bytearray | memoryview) -> str:
    """Write bytes in the base64 alphabet of RFC 4648, section 4."""
    from base64 import b64encode  # noqa: PLC0415 - few flows return bytes

    return b64encode(content).decode()


def check_number(number: float) -> float:
    """Refuse NaN and the infinities."""
    if not math.isfinite(number):
        raise UnwritableError(f"the float {number} is not a JSON number")
    return number


def _container(value: Any, depth: int) -> Any:
    if depth == limits.MAX_JSON_DEPTH:
        raise UnwritableError(f"it is nested deeper than {limits.MAX_JSON_DEPTH} levels")
    if isinstance(value, Mapping):
        return _object(entries_of(value), depth)
    written = []
    for index, each in enumerate(value):
        try:
            written.append(json_value(each, depth + 1))
        except UnwritableError as error:
            raise error.under(index) from None
    return written


def _object(entries: Iterable[tuple[str, object]], depth: int) -> dict[str, Any]:
    written = {}
    for key, each in entries:
        try:
            written[key] = json_value(each, depth + 1)
        except UnwritableError as error:
            raise error.under(key) from None
    return written


def _scalar(value: str | float) -> str | float:
    if isinstance(value, float):
        return check_number(value)
    try:
        # As in a submission: others could not read it.
        _ = str.isascii(value) or str.encode(value) if isinstance(value, str) else float(value)
    except UnicodeEncodeError:
        raise UnwritableError("the text holds surrogates, which are no Unicode characters") from None
    except OverflowError:
        raise UnwritableError("the number is too large: write one beyond 1e308 as text") from None
    return value


def _other(value: Any, depth: int) -> Any:
    """Convert a value of a type that JSON does not have."""
    if isinstance(value, _BYTES):
        return base64_text(value)
    if _is_pydantic(value):
        from ._model_value import model_value  # noqa: PLC0415 - few flows return models

        return json_value(model_value(value), depth)
    if is_dataclass(value) and not isinstance(value, type):
        set_fields = {
            field.name: getattr(value, field.name) for field in fields(value) if hasattr(value, field.name)
        }
        return _container(set_fields, depth)
    if _is_numpy(value):
        return _from_numpy(value, depth)
    return json_value(_rare(value), depth)


def _is_pydantic(value: object) -> bool:
    """Return whether pydantic made the value's type, which then has its own serializer."""
    return "pydantic" in sys.modules and hasattr(type(value), "__pydantic_serializer__")


def _is_numpy(value: object) -> bool:
    """Return whether a value belongs to numpy, without importing numpy."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, (numpy.generic, numpy.ndarray))


def _from_numpy(value: Any, depth: int) -> Any:
    write = _NUMPY_KINDS.get(value.dtype.kind)
    if write is None:
        raise UnwritableError(f"numpy's {value.dtype} cannot be written as JSON: convert it")
    return json_value(write(value) if value.ndim == 0 else list(value), depth)


def _rare(value: object) -> object:
    """Convert dates, decimals, UUIDs, paths and other types that pydantic supports."""
    from decimal import Decimal  # noqa: PLC0415 - most results are JSON already

    from pydantic_core import to_jsonable_python  # noqa: PLC0415 - as above

    if isinstance(value, Decimal) and not value.is_finite():
        raise UnwritableError(f"the Decimal {value} is not a JSON number")
    kind = type(value).__qualname__
    if hasattr(type(value), "__next__"):
        raise UnwritableError(f"a {kind!r} cannot be written as JSON: return its values, as a list")
    try:
        return to_jsonable_python(value)
    except ValueError:
        raise UnwritableError(f"an object of the type {kind!r} cannot be written as JSON") from None
