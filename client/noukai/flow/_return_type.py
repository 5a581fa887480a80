"""The return annotation of a flow, and the serialization by it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from inspect import isclass
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, cast, get_args, get_origin

from ._json_value import base64_text, json_value

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from pydantic_core import SchemaSerializer

OUTPUT_FIELD = "output"
"""The name of the field that holds the output."""

_CONTAINERS = (list, dict, set, frozenset, tuple)
_SAY_NO_MORE = (Any, object, None, NoneType, str, int, float, bool, bytes, *_CONTAINERS)
_NAMES_THAT_SAY_NO_MORE = {
    "datetime.date",
    "datetime.datetime",
    "decimal.Decimal",
    "uuid.UUID",
    "pathlib.Path",
}
"""As names, so that none of their modules is imported."""

_WRITERS: Mapping[Any, Callable[[Any], Any]] = {"bytes": base64_text, "any": json_value, "call": json_value}
"""The writers by kind of pydantic's schema; the kind of a named tuple is `call`."""


@dataclass(frozen=True)
class ReturnType:
    """The return annotation of a flow, which decides how values are written, and validates none."""

    annotation: Any = Any

    def json_value(self, value: object) -> Any:
        """Convert a flow's return value to JSON.

        Raises:
            UnwritableError: JSON cannot represent it.
        """
        serializer = self._serializer
        if serializer is None:
            return json_value(value)
        from ._model_value import written_by  # noqa: PLC0415 - with pydantic, which it needs

        def write(value: object, **options: Any) -> bytes:
            return serializer.to_json({OUTPUT_FIELD: value}, **options)

        return json_value(written_by(write, value)[OUTPUT_FIELD])

    def prepare(self) -> None:
        """Import and compile the serializer, once."""
        _ = self._serializer

    @cached_property
    def adapter(self) -> "TypeAdapter[dict[str, Any]] | None":
        """Return pydantic's adapter for an object with the output in `output`; None if it has no schema."""
        from pydantic import ConfigDict, TypeAdapter, with_config  # noqa: PLC0415 - see `_serializer`
        from pydantic.errors import PydanticUserError  # noqa: PLC0415
        from typing_extensions import TypedDict  # noqa: PLC0415

        # A configuration applies only to a type without its own, and to what it contains, except models.
        whole = TypedDict("whole", {OUTPUT_FIELD: self.annotation})  # type: ignore[misc]  # known at run time only
        config = ConfigDict(
            ser_json_bytes="base64", ser_json_inf_nan="constants", arbitrary_types_allowed=True
        )
        with_config(config)(whole)
        try:
            return cast("TypeAdapter[dict[str, Any]]", TypeAdapter(whole))
        except (PydanticUserError, TypeError, NameError):
            return None

    @cached_property
    def _serializer(self) -> "SchemaSerializer | None":
        """Return the annotation's serializer; None if values are written by their own types."""
        if says_no_more(self.annotation) or self.adapter is None:
            return None
        from pydantic_core import SchemaSerializer  # noqa: PLC0415 - slow to import, and most flows do without

        schema = cast("Any", self.adapter.core_schema)
        return SchemaSerializer(_with_writers(schema))


def says_no_more(annotation: Any) -> bool:
    """Return whether an annotation writes values just as their own types do."""
    origin = get_origin(annotation)
    if origin is Literal:
        return True
    if origin in (*_CONTAINERS, Union, UnionType):
        return all(each is ... or says_no_more(each) for each in get_args(annotation))
    if not isclass(annotation):
        return any(annotation is each for each in _SAY_NO_MORE)
    name = f"{annotation.__module__}.{annotation.__qualname__}"
    return annotation in _SAY_NO_MORE or issubclass(annotation, Enum) or name in _NAMES_THAT_SAY_NO_MORE


def _with_writers(schema: Any) -> Any:
    """Write bytes as base64 (RFC 4648, section 4), and values without an annotation by their own type.

    pydantic uses another alphabet, and none for bytes in a dataclass or a named tuple without annotations.
    Models, which have their own configuration, are unchanged.
    """
    if isinstance(schema, list | tuple):
        return type(schema)(map(_with_writers, schema))
    if not isinstance(schema, dict) or schema.get("type") == "model":
        return schema
    if write := _WRITERS.get(schema.get("type")):
        from pydantic_core.core_schema import plain_serializer_function_ser_schema as written  # noqa: PLC0415

        return {"serialization": written(write, when_used="json"), **schema}
    return {key: _with_writers(each) for key, each in schema.items()}
