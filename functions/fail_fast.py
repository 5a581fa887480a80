"""The validators of arguments that stop at the first wrong item of a collection.

An author's own validator runs in the worker alone. It may refuse each of a million items, and pydantic would
collect an error with a traceback for each.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from pydantic_core import CoreSchema, SchemaValidator

_COLLECTIONS = (
    *("list", "deque", "tuple", "set", "frozenset"),
    *("dict", "frozendict", "ordered_dict", "counter"),
)
_PARTS = (
    *("schema", "items_schema", "keys_schema", "values_schema", "extras_schema", "extras_keys_schema"),
    *("json_schema", "python_schema", "lax_schema", "strict_schema", "arguments_schema"),
    *("choices", "definitions", "fields", "steps"),
)
"""Where a core schema has others: one, a list of them, or some by name."""


def fail_fast_validator(adapter: "TypeAdapter[Any]") -> "SchemaValidator":
    """Make a fail-fast validator of an adapter's type: at most one error in each collection."""
    from pydantic_core import SchemaValidator  # noqa: PLC0415 - slow to import, and most flows do without

    schema = cast("CoreSchema", _failing_fast(adapter.core_schema))
    try:
        # A model's own, prebuilt validator would collect every error.
        return SchemaValidator(schema, _use_prebuilt=False)
    except TypeError:
        # Before 2.13, pydantic always uses prebuilt validators.
        return SchemaValidator(schema)


def _failing_fast(schema: Mapping[str, Any]) -> dict[str, Any]:
    if schema["type"] == "function-wrap":
        # Its function may read every error of the inner schema.
        return {**schema}
    parts = {key: _each(schema[key]) for key in _PARTS if key in schema}
    return {**schema, **parts, **({"fail_fast": True} if schema["type"] in _COLLECTIONS else {})}


def _each(part: Any) -> Any:
    if isinstance(part, list | tuple):
        return type(part)(map(_each, part))
    if not isinstance(part, Mapping):
        return part
    # Names of fields and tags of variants may be any text, and a schema has a type, which is text.
    return _failing_fast(part) if isinstance(part.get("type"), str) else {key: _each(part[key]) for key in part}
