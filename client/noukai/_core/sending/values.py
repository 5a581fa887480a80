"""The conversion of Python values to JSON as flows read it: dataclasses, models, dates, decimals, arrays."""

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
"""Kinds of which JSON has every value."""

_KEYS = (str, int, float, bool)

_ASTERISKS = '"**********"'
"""How pydantic writes a secret, wherever it stands in a model."""


class _RefusedError(Exception):
    """The error that JSON cannot carry a value; the path to it grows while this propagates."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.path: list[str] = []


def json_of(name: str, value: object) -> Any:
    """Return the value as JSON has it: None, bool, int, float, str, list and dict.

    What pydantic knows is written as pydantic writes it, so that the same annotation of a flow reads it: a
    model or a dataclass as an object, a date as ISO 8601 text, a `Decimal` as text, bytes as base64. An array
    of numpy, and whatever else has `tolist`, is a list.

    Raises `InvalidArgumentError` for what JSON cannot carry, with its place: `name`, and the path below it.
    """
    try:
        return _json_of(value)
    except _RefusedError as refused:
        place = ".".join([name, *reversed(refused.path)])
        raise InvalidArgumentError(f"{place} must be JSON, or have a form in JSON: {refused.problem}") from None
    except RecursionError:
        raise InvalidArgumentError(f"{name} must be JSON: it holds itself, or is nested too deep") from None


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
        raise _RefusedError("the text holds half of a surrogate pair, which is no Unicode") from None
    return text


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise _no_number(number)
    return number


def _no_number(value: object) -> _RefusedError:
    return _RefusedError(f"{value} is no number there: give None or a text instead")


def _object(value: dict[Any, object]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for key, each in value.items():
        name = _text(key) if type(key) is str else _name_of(key)
        if name in members:
            raise _RefusedError(f"two of its keys are {name!r} in JSON, whose keys are text")
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
            items.append(_json_of(each))  # noqa: PERF401 - how far it came says where the refused one is
    except _RefusedError as refused:
        refused.path.append(str(len(items)))
        raise
    return items


_WRITERS: Mapping[type, Callable[[Any], Any]] = {str: _text, float: _finite, dict: _object, list: _array}


def _name_of(key: object) -> str:
    """Return the key's text, from which its annotation reads the key again."""
    kind = _kind(key)
    plain: object = None if isinstance(key, tuple) else _json_of(key)
    if not isinstance(plain, _KEYS):
        raise _RefusedError(f"a key of an object is text, a number or a date, not {kind}")
    return str(plain).lower() if isinstance(plain, bool) else str(plain)


@singledispatch
def _form_of(value: Any) -> object:
    """Return a value's JSON form; its parts may still have to be converted."""
    if hasattr(value, "tolist"):
        return _listed(value)
    if is_dataclass(value) and not hasattr(value, "__pydantic_serializer__"):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    try:
        plain: object = to_jsonable_python(value, fallback=_unknown, inf_nan_mode="constants")
    except ValueError as error:
        raise _RefusedError(str(error)) from None
    if _ASTERISKS in json.dumps(plain):
        raise _RefusedError("a secret would be sent as asterisks: give what its get_secret_value() returns")
    return plain


@_form_of.register(bytes)
@_form_of.register(bytearray)
@_form_of.register(memoryview)
def _(value: bytes) -> object:
    return b64encode(value).decode()


@_form_of.register
def _(value: Decimal) -> object:
    if not value.is_finite():  # of a signaling NaN, math does not say so, but raises
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
    return str.__str__(value)  # of an enum's member too, whose own text is its name


@_form_of.register
def _(value: int) -> object:
    return int(value)


@_form_of.register
def _(value: float) -> object:
    return float(value)


def _listed(value: Any) -> object:
    """Return an array as a list, or one of its items as a number."""
    # Of times in nanoseconds numpy makes whole numbers, which no annotation reads as times.
    if type(value).__module__ == "numpy" and value.dtype.kind in "Mm":
        value = value.astype(f"{value.dtype.kind}8[us]")
    listed: object = value.tolist()
    if type(listed) is type(value):
        raise _without_form(value)
    return listed


def _unknown(value: object) -> object:
    """Convert the unknown parts of a value that pydantic knows."""
    if hasattr(value, "tolist"):
        return _listed(value)
    raise _without_form(value)


def _without_form(value: object) -> _RefusedError:
    return _RefusedError(f"{_kind(value)} has none: convert it first")


def _kind(value: object) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
