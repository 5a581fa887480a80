"""The signature of a flow's function: its parameters with their annotations and defaults."""

import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property, partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args, get_origin, get_type_hints

from ._json_types import as_annotated, is_of, is_plain, with_whole_numbers

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from pydantic_core import CoreSchema, SchemaValidator, ValidationError

CONTEXT = "context"
"""The parameter that jobs do not fill in."""

_COLLECTIONS = (
    *("list", "deque", "tuple", "set", "frozenset"),
    *("dict", "frozendict", "ordered_dict", "counter"),
)
_SEEING = (
    *(
        "any",
        "call",
        "custom-error",
        "decimal",
        "function-before",
        "function-plain",
        "function-wrap",
        "is-instance",
    ),
    *("union",),
)
"""The kinds of core schema that may pass a number, as written, to a flow author's code."""

_OF_AUTHORS = {"assertion_error", "value_error"}

_PARTS = (
    *("schema", "items_schema", "keys_schema", "values_schema", "extras_schema", "extras_keys_schema"),
    *("json_schema", "python_schema", "lax_schema", "strict_schema", "arguments_schema"),
    *("choices", "definitions", "fields", "steps"),
)
"""The keys of a core schema that hold others: one, a list, or a dict by name."""


@dataclass(frozen=True)
class Signature:
    """The parameters of a function, with which arguments are validated, converted and completed."""

    function: Callable[..., Any]

    @cached_property
    def parameters(self) -> dict[str, inspect.Parameter]:
        """Return the parameters that jobs fill in, without `context`."""
        parameters = inspect.signature(self.function).parameters
        return {name: parameter for name, parameter in parameters.items() if name != CONTEXT}

    @cached_property
    def wants_context(self) -> bool:
        """Return whether the function has a parameter `context`."""
        return CONTEXT in inspect.signature(self.function).parameters

    @cached_property
    def annotations(self) -> Mapping[str, Any]:
        """Return the parameters' annotations; `Any` where there is none."""
        return {name: self._annotation(parameter) for name, parameter in self.parameters.items()}

    @cached_property
    def defaults(self) -> Mapping[str, Callable[[], Any]]:
        """Return factories of the defaults, unconverted, so that no job can alter the next one's."""
        made: dict[str, Callable[[], Any]] = {}
        for name, parameter in self.parameters.items():
            fields = [
                each
                for each in _metadata(self.annotations[name])
                if _is_field(each) and not each.is_required()
            ]
            if parameter.default is not parameter.empty and not _is_field(parameter.default):
                made[name] = partial(deepcopy, parameter.default)
            elif fields:
                made[name] = partial(fields[-1].get_default, call_default_factory=True, validated_data={})
        return made

    @cached_property
    def is_plain(self) -> bool:
        """Return whether the JSON Schema alone validates arguments and defaults."""
        annotations = self.annotations
        return all(map(is_plain, annotations.values())) and all(
            is_of(as_annotated(make(), annotations[name]), annotations[name])
            for name, make in self.defaults.items()
        )

    @cached_property
    def adapter(self) -> "TypeAdapter[dict[str, Any]]":
        """Return pydantic's adapter for the arguments."""
        return self._adapter(self.parameters)

    @cached_property
    def validator(self) -> "SchemaValidator":
        """Return the worker's fail-fast validator for the arguments."""
        return fail_fast_validator(self.adapter)

    def shown_default(self, name: str) -> Any:
        """Return a default as JSON.

        Raises:
            ValueError: it does not match its annotation.
            TypeError: it cannot be copied for each job.
        """
        adapter = self._adapter([name])
        return adapter.dump_python(adapter.validate_json("{}"), mode="json")[name]

    def _adapter(self, names: Iterable[str]) -> "TypeAdapter[dict[str, Any]]":
        # Imported here because pydantic is slow to import, and a flow's module should not need it.
        from pydantic import ConfigDict, TypeAdapter, with_config  # noqa: PLC0415
        from typing_extensions import TypedDict  # noqa: PLC0415

        fields = {name: self._field(name) for name in names}
        arguments = TypedDict("arguments", fields)  # type: ignore[misc]  # its fields are known at run time only
        with_config(ConfigDict(extra="forbid", val_json_bytes="base64", ser_json_bytes="base64"))(arguments)
        return cast("TypeAdapter[dict[str, Any]]", TypeAdapter(arguments))

    def _field(self, name: str) -> Any:
        from pydantic import Field  # noqa: PLC0415 - see `_adapter`

        annotation, default = self.annotations[name], self.parameters[name].default
        if name not in self.defaults:
            return annotation
        if default is inspect.Parameter.empty or _is_field(default):
            return Annotated[annotation, Field(validate_default=True)]
        return Annotated[annotation, Field(validate_default=True, default_factory=self.defaults[name])]

    def converted(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Convert arguments and add the defaults; those of a plain signature must have passed its schema.

        Raises:
            ValueError: they do not fit the function.
            OverflowError: a number is too large.
        """
        if self.is_plain:
            defaults = {name: make() for name, make in self.defaults.items() if name not in arguments}
            return {
                name: as_annotated(value, self.annotations[name])
                for name, value in {**defaults, **arguments}.items()
            }
        # As JSON, because from JSON a strict model accepts a date or an enum as text.
        written = json.dumps(arguments)
        try:
            return cast("dict[str, Any]", self.validator.validate_json(written))
        except ValueError as error:
            # Only Python's spelling of whole floats, such as 1.0 and 1e+30, can make a difference.
            if (".0" not in written and "e+" not in written) or self._is_final(error):
                raise
            # JSON Schema accepts 1e30 as an integer, pydantic only with all its digits.
            return cast(
                "dict[str, Any]", self.validator.validate_json(json.dumps(with_whole_numbers(arguments)))
            )

    def _is_final(self, error: Exception) -> bool:
        """Return whether a refused value would also be refused with its numbers spelled differently."""
        return (
            not self._sees_spelling
            and hasattr(error, "errors")
            and _is_of_author(cast("ValidationError", error))
        )

    @cached_property
    def _sees_spelling(self) -> bool:
        return _sees_spelling(self.adapter.core_schema)

    @property
    def returned(self) -> Any:
        """Return the return annotation; `Any` if there is none."""
        annotation = inspect.signature(self.function).return_annotation
        return Any if annotation is inspect.Signature.empty else self._resolved("return", annotation)

    def _annotation(self, parameter: inspect.Parameter) -> Any:
        annotation = Any if parameter.annotation is parameter.empty else parameter.annotation
        resolved = self._resolved(parameter.name, annotation)
        return Annotated[resolved, parameter.default] if _is_field(parameter.default) else resolved

    def _resolved(self, name: str, annotation: Any) -> Any:
        # Only this annotation is resolved: others may be known only to type checkers.
        owner = SimpleNamespace(__annotations__={name: annotation})
        # A decorator from another module does not have the names of the wrapped function's module.
        inner = inspect.unwrap(self.function, stop=lambda function: hasattr(function, "__signature__"))
        return get_type_hints(owner, inner.__globals__, include_extras=True)[name]


def _metadata(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()


def _is_field(value: object) -> bool:
    """Return whether a value is pydantic's `Field`, without importing pydantic."""
    return type(value).__module__ == "pydantic.fields" and hasattr(value, "is_required")


def fail_fast_validator(adapter: "TypeAdapter[Any]") -> "SchemaValidator":
    """Make a fail-fast validator of an adapter's type: at most one error in each collection.

    An author's own validator runs only in the worker. It may refuse each of a million items, and pydantic
    would collect an error with a traceback for each.
    """
    from pydantic_core import SchemaValidator  # noqa: PLC0415 - slow to import, and most flows do without

    schema = cast("CoreSchema", _failing_fast(adapter.core_schema))
    try:
        # A model's own, prebuilt validator would collect every error.
        return SchemaValidator(schema, _use_prebuilt=False)
    except TypeError:
        # Before 2.13, pydantic always uses prebuilt validators.
        return SchemaValidator(schema)


def _sees_spelling(schema: Any) -> bool:
    """Return whether an author's code may see how a number is spelled: `1.0` or `1`.

    Code that runs after a conversion sees only the converted value.
    """
    if isinstance(schema, list | tuple):
        return any(map(_sees_spelling, schema))
    if not isinstance(schema, Mapping):
        return False
    if isinstance(schema.get("type"), str):
        return schema["type"] in _SEEING or any(
            _sees_spelling(schema[key]) for key in _PARTS if key in schema
        )
    return any(map(_sees_spelling, schema.values()))


def _is_of_author(error: "ValidationError") -> bool:
    """Return whether only an author's code has refused the value."""
    from pydantic_core.core_schema import ErrorType  # noqa: PLC0415 - slow to import, and most flows do without

    kinds = {
        each["type"] for each in error.errors(include_url=False, include_context=False, include_input=False)
    }
    return kinds.isdisjoint({*get_args(ErrorType)} - _OF_AUTHORS)


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
    # Only a schema has a `type` that is text; fields and variants may have any names.
    return (
        _failing_fast(part) if isinstance(part.get("type"), str) else {key: _each(part[key]) for key in part}
    )
