"""The serialization of pydantic's values, and the path of a value that fails."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from json import loads
from typing import Any

from noukai_wire import limits

from ._json_value import SEQUENCES, UnwritableError, check_number, entries_of, json_value

Write = Callable[..., Any]
"""The `to_json` of one of pydantic's serializers."""

_NO_TEXT = "these bytes are not UTF-8 text: set ser_json_bytes='base64' in the model's configuration"


def model_value(model: Any) -> Any:
    """Serialize a pydantic model or dataclass by its own configuration.

    Raises:
        UnwritableError: it cannot be serialized.
    """
    return written_by(type(model).__pydantic_serializer__.to_json, model)


def written_by(write: Write, value: object) -> Any:
    """Serialize a value; values unknown to the serializer are written by their own types.

    Raises:
        UnwritableError: it cannot be serialized, or only with a silent change.
    """
    _check_nothing_is_lost(value)
    try:
        return _dumped(write, value)
    except (UnwritableError, ValueError) as error:
        # pydantic puts its own words before the message of our fallback.
        raise _located(value, str(error).rpartition(f"{UnwritableError.__name__}: ")[2]) from None


def _dumped(write: Write, value: object, **options: Any) -> Any:
    return loads(write(value, by_alias=True, warnings=False, fallback=json_value, **options))


def _check_nothing_is_lost(value: object, depth: int = 0) -> None:
    """Refuse values for which pydantic would merge two keys, or write NaN as null."""
    if depth > limits.MAX_JSON_DEPTH:
        raise UnwritableError(f"it is nested deeper than {limits.MAX_JSON_DEPTH} levels")
    if isinstance(value, float):
        check_number(value)
    if isinstance(value, Decimal):
        json_value(value)
    for key, part in () if _has_own_rules(value) else _parts_of(value):
        try:
            _check_nothing_is_lost(part, depth + 1)
        except UnwritableError as error:
            raise error.under(key) from None


def _has_own_rules(value: object) -> bool:
    """Return whether a model has custom serializers."""
    decorators = getattr(type(value), "__pydantic_decorators__", None)
    config = getattr(type(value), "model_config", {})
    return "ser_json_inf_nan" in config or bool(
        decorators and (decorators.field_serializers or decorators.model_serializers)
    )


def _parts_of(value: Any) -> Iterable[tuple[str | int, object]]:
    if isinstance(value, Mapping):
        return entries_of(value)
    if isinstance(value, SEQUENCES):
        return enumerate(value)
    return ((name, getattr(value, name)) for name in _field_names(value) if hasattr(value, name))


def _field_names(value: Any) -> Iterable[str]:
    kind = type(value)
    if is_dataclass(kind):
        return [field.name for field in fields(kind)]
    return getattr(kind, "__pydantic_fields__", ())


def _located(value: Any, problem: str) -> UnwritableError:
    """Return the error with the path of the value that cannot be serialized."""
    for key, part in _parts_of(value):
        try:
            json_value(part)
        except UnwritableError as error:
            return error.under(key)
    for name in getattr(type(value), "__pydantic_fields__", ()):
        try:
            _dumped(type(value).__pydantic_serializer__.to_json, value, include={name})
        except ValueError as error:
            is_binary = isinstance(getattr(value, name, None), bytes)
            return UnwritableError(_NO_TEXT if is_binary else str(error)).under(name)
    return UnwritableError(problem)
