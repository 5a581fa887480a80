"""The conversion of Python values to the JSON that flows expect: dataclasses, models, dates, arrays."""

import json
import math
from base64 import b64encode
from collections import UserString
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from functools import singledispatch
from os import PathLike, fspath
from types import NoneType
from typing import Any

from pydantic_core import to_jsonable_python

from noukai._errors import InvalidArgumentError

_COMPLETE = frozenset({int, bool, NoneType})
"""Types whose values JSON can all represent."""

_KEYS = (str, int, float, bool)

_ASTERISKS = '"**********"'
"""The text that pydantic writes instead of a secret."""


class _RefusedError(Exception):
    """An error for a value that JSON cannot represent; the path grows while it propagates."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.path: list[str] = []


def json_of(name: str, value: object) -> Any:
    """Return the value as JSON: None, bool, int, float, str, list and dict.

    Values are written as pydantic writes them, so that a flow with the same annotation can read them: models
    and dataclasses as objects, dates as ISO 8601 text, `Decimal` as text, bytes as base64. Arrays of numpy,
    and other objects with `tolist`, become lists.

    Raises `InvalidArgumentError` for a value that JSON cannot represent, with its path.
    """
    try:
        return _json_of(value)
    except _RefusedError as refused:
        place = ".".join([name, *reversed(refused.path)])
        raise InvalidArgumentError(
            f"{place} must be JSON, or have a form in JSON: {refused.problem}"
        ) from None
    except RecursionError:
        raise InvalidArgumentError(
            f"{name} must be JSON, but it contains itself or is nested too deeply"
        ) from None


def _json_of(value: object) -> Any:
    kind = type(value)
    if kind in _COMPLETE:
        return value
    writer = _WRITERS.get(kind)
    return _json_of(_form_of(value)) if writer is None else writer(value)


def _text(text: str) -> str:
    try:
        if not text.isascii():
            text.encode()
    except UnicodeEncodeError:
        raise _RefusedError("the text holds half of a surrogate pair, which is not valid Unicode") from None
    return text


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise _no_number(number)
    return number


def _no_number(value: object) -> _RefusedError:
    return _RefusedError(f"{value} is not a JSON number: give None or text instead")


def _object(value: dict[Any, object]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for key, each in value.items():
        name = _text(key) if type(key) is str else _name_of(key)
        if name in members:
            raise _RefusedError(f"two of its keys become {name!r} in JSON, whose keys are text")
        try:
            members[name] = _json_of(each)
        except _RefusedError as refused:
            refused.path.append(name)
            raise
    return members


def _array(value: list[object]) -> list[Any]:
    items: list[Any] = []
    try:
        for each in value:
            items.append(_json_of(each))  # noqa: PERF401 - the length is the index of the refused item
    except _RefusedError as refused:
        refused.path.append(str(len(items)))
        raise
    return items


_WRITERS: Mapping[type, Callable[[Any], Any]] = {str: _text, float: _finite, dict: _object, list: _array}


def _name_of(key: object) -> str:
    """Return the key as text, which its annotation can read."""
    kind = _kind(key)
    plain: object = None if isinstance(key, tuple) else _json_of(key)
    if not isinstance(plain, _KEYS):
        raise _RefusedError(f"a key must be text, a number or a date, not {kind}")
    return str(plain).lower() if isinstance(plain, bool) else str(plain)


@singledispatch
def _form_of(value: Any) -> object:
    """Return a value's JSON form, whose parts may still need conversion."""
    if hasattr(value, "tolist"):
        return _listed(value)
    if is_dataclass(value) and not hasattr(value, "__pydantic_serializer__"):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    try:
        plain: object = to_jsonable_python(value, fallback=_unknown, inf_nan_mode="constants")
    except ValueError as error:
        raise _RefusedError(str(error)) from None
    if _ASTERISKS in json.dumps(plain):
        raise _RefusedError("a secret would be sent as asterisks: give its get_secret_value()")
    return plain


@_form_of.register(bytes)
@_form_of.register(bytearray)
@_form_of.register(memoryview)
def _(value: bytes) -> object:
    return b64encode(value).decode()


@_form_of.register
def _(value: Decimal) -> object:
    if not value.is_finite():  # `math.isfinite` raises for a signaling NaN
        raise _no_number(value)
    return str(value)


@_form_of.register(Enum)
def _(value: Enum) -> object:
    return value.value


@_form_of.register(PathLike)
def _(value: "PathLike[str]") -> object:
    return fspath(value)


@_form_of.register(Mapping)
def _(value: Mapping[Any, object]) -> object:
    return dict(value)


@_form_of.register(Sequence)
@_form_of.register(AbstractSet)
def _(value: Sequence[object]) -> object:
    return list(value)


@_form_of.register
def _(value: UserString) -> object:
    return value.data


@_form_of.register
def _(value: str) -> object:
    return str.__str__(value)  # also for a member of an enum, whose `str()` is its name


@_form_of.register
def _(value: int) -> object:
    return int(value)


@_form_of.register
def _(value: float) -> object:
    return float(value)


def _listed(value: Any) -> object:
    """Return an array as a list, or a scalar as a number."""
    # numpy would convert times in nanoseconds to integers, which no date annotation accepts.
    if type(value).__module__ == "numpy" and value.dtype.kind in "Mm":
        value = value.astype(f"{value.dtype.kind}8[us]")
    listed: object = value.tolist()
    if type(listed) is type(value):
        raise _without_form(value)
    return listed


def _unknown(value: object) -> object:
    """Convert the parts of a value that pydantic does not know."""
    if hasattr(value, "tolist"):
        return _listed(value)
    raise _without_form(value)


def _without_form(value: object) -> _RefusedError:
    return _RefusedError(f"{_kind(value)} has none: convert it first")


def _kind(value: object) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
