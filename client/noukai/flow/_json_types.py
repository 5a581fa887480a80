"""The annotations that a JSON Schema expresses fully, so that pydantic need not be loaded."""

from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from noukai_wire.numbers import as_written

_SCALARS = (str, int, float, bool, None, NoneType)
_NUMBERS: Mapping[tuple[type, object], type[int] | type[float]] = {(int, float): float, (float, int): int}
"""The type to convert a number to. JSON has one kind of number, Python two."""


def is_plain(annotation: Any) -> bool:
    """Return whether the annotation adds nothing to its JSON Schema except the kind of numbers."""
    bare, limits = _parted(annotation)
    origin, arguments = get_origin(bare), get_args(bare)
    # Other metadata, such as pydantic's own, may convert values.
    if any(type(limit).__module__ != "annotated_types" for limit in limits):
        return False
    if origin is Literal:
        return all(isinstance(each, str) for each in arguments)
    if origin in (Union, UnionType):
        return all(map(is_plain, arguments)) and _is_clear([_parted(each) for each in arguments])
    if origin is list:
        return is_plain(arguments[0])
    if origin is dict:
        return arguments[0] is str and is_plain(arguments[1])
    return bare in (Any, list, dict, *_SCALARS)


def as_annotated(value: Any, annotation: Any) -> Any:
    """Convert a validated value's numbers to the annotated kinds."""
    bare, _ = _parted(annotation)
    origin, arguments = get_origin(bare), get_args(bare)
    if origin in (Union, UnionType):
        return _as_one_of(value, [_parted(each)[0] for each in arguments])
    if origin is list and isinstance(value, list):
        return [as_annotated(each, arguments[0]) for each in value]
    if origin is dict and isinstance(value, dict):
        return {key: as_annotated(each, arguments[1]) for key, each in value.items()}
    number = _NUMBERS.get((type(value), bare))
    return value if number is None else number(as_written(value))


def is_of(value: Any, annotation: Any) -> bool:
    """Return whether a value has the type of a plain annotation; limits are not checked."""
    bare, _ = _parted(annotation)
    origin, arguments = get_origin(bare), get_args(bare)
    if origin is Literal:
        return value in arguments
    if origin in (Union, UnionType):
        return any(is_of(value, each) for each in arguments)
    if origin is list:
        return isinstance(value, list) and all(is_of(each, arguments[0]) for each in value)
    if origin is dict:
        return (
            isinstance(value, dict)
            and all(isinstance(key, str) for key in value)
            and all(is_of(each, arguments[1]) for each in value.values())
        )
    return bare is Any or type(value) is (NoneType if bare is None else bare)


def with_whole_numbers(value: Any) -> Any:
    """Return a JSON value whose whole numbers are ints."""
    if isinstance(value, list):
        return [with_whole_numbers(each) for each in value]
    if isinstance(value, Mapping):
        return {key: with_whole_numbers(each) for key, each in value.items()}
    return int(as_written(value)) if isinstance(value, float) and value.is_integer() else value


def _as_one_of(value: Any, annotations: list[Any]) -> Any:
    if type(value) in annotations:
        return value
    converted = (as_annotated(value, annotation) for annotation in annotations)
    return next((each for each in converted if each is not value), value)


def _is_clear(parts: list[tuple[Any, tuple[Any, ...]]]) -> bool:
    """Return whether each value shows which variant of a union it is."""
    are_limited = {bare: bool(limits) for bare, limits in parts}
    return sum(bare not in _SCALARS for bare, _ in parts) <= 1 and not (
        {int, float} <= are_limited.keys() and (are_limited[int] or are_limited[float])
    )


def _parted(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """Split an annotation into its type and its limits."""
    if get_origin(annotation) is Annotated:
        bare, *limits = get_args(annotation)
        return bare, tuple(limits)
    return annotation, ()
