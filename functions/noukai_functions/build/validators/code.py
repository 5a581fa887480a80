"""A build step: the code of validators, which check values without pydantic's models.

JSON Schema cannot express every check of text. For those, a flow's validator calls pydantic's engine with the
core schema that pydantic makes from the annotation.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import SchemaError

from noukai_functions.build.schema import ReadableSchema
from noukai_functions.build.validators.bounded_code import bounded, checking_once
from noukai_functions.build.validators.generator import validator_module
from noukai_functions.catalog.text_checks import BYTES_OPTION, EMAIL, TextCheck, engine_validator

_OUR_FORMATS = {
    "date-time": r"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:[zZ]|[+-]\d\d:?\d\d)?\Z",
}
"""The formats in the API's own bodies."""

_CHECKED = (
    "bytes",
    "complex",
    "date",
    "datetime",
    "decimal",
    "json",
    "multi-host-url",
    "str",
    "time",
    "timedelta",
    "url",
    "uuid",
)
"""The kinds of core schema that fully describe pydantic's check of a text, and contain no code of a flow's
author."""

_NAMED: Mapping[str, str] = {
    "email": EMAIL,
    "name-email": EMAIL,
    "ipv4": "IPv4Address",
    "ipv6": "IPv6Address",
    "ipv4network": "IPv4Network",
    "ipv6network": "IPv6Network",
    "ipv4interface": "IPv4Interface",
    "ipv6interface": "IPv6Interface",
    "ipvanyaddress": "ip_address",
    "ipvanynetwork": "ip_network",
    "ipvanyinterface": "ip_interface",
}
"""The formats for which pydantic calls Python code. For others, such as `path`, it accepts any text."""

_CHECK = "textCheck"
"""Our own keyword, which marks a schema with its text check."""

_SPELLED = ("bool", "decimal", "float", "int")
"""The kinds that are written as text when they are keys."""

_NOT_CHECKED = ("metadata", "ref", "regex_engine", "schema", "serialization")
_DATA = (bool, int, float, str, Decimal, dt.date, dt.time, dt.timedelta)
_UNUSED = (
    *("contentEncoding", "contentMediaType", "contentSchema", "format", "pattern", _CHECK),
    *("default", "description", "discriminator", "examples", "title"),
)
_OF_NAMES = ("$defs", "definitions", "dependentSchemas", "patternProperties", "properties")
_OF_VALUES = ("const", "enum", "required")


@dataclass(frozen=True, slots=True)
class Validator:
    """The code of a module with a function `validate`, and whether it needs pydantic's engine."""

    code: str
    needs_engine: bool


def flow_validator(adapter: TypeAdapter[Any]) -> Validator:
    """Compile the validator of a flow's input.

    Raises:
        ValueError: the schema is invalid, or a pattern is not supported by pydantic's engine.
    """
    draft = _Draft()
    schema = draft.of(adapter.json_schema(schema_generator=_MarkedSchema))
    for check in draft.checks.values():
        _compile(check)
    needs_engine = any(not isinstance(check, str) for check in draft.checks.values())
    return Validator(_code(schema, dict.fromkeys(draft.checks, bool), draft.checks), needs_engine)


def body_validator(schema: JsonSchemaValue) -> Validator:
    """Compile the validator of an API body, whose patterns are our own and take linear time."""
    return Validator(_code(_with_tuples(schema), _OUR_FORMATS, {}), needs_engine=False)


def _code(schema: JsonSchemaValue, formats: Mapping[str, Any], checks: Mapping[str, TextCheck]) -> str:
    compiled = validator_module(schema, formats)
    if _repeat(schema.get("$defs", {})):
        compiled = checking_once(compiled)
    # The bounds of dates and decimals are written as Python expressions.
    return f"""import datetime

from noukai_functions.catalog.first_errors import FirstErrors, once

{bounded(compiled)}

CHECKS = {dict(checks)!r}
"""


def _repeat(schema: Any) -> bool:
    """Return whether variants refer to definitions, which would then be checked repeatedly."""
    if isinstance(schema, dict):
        variants = schema.get("anyOf")
        return (isinstance(variants, list) and any(_references(variants))) or _repeat([*schema.values()])
    return isinstance(schema, list) and any(map(_repeat, schema))


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, list):
        for each in schema:
            yield from _references(each)
    elif isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"].rpartition("/")[2]
        yield from _references([*schema.values()])


def _compile(check: TextCheck) -> None:
    if isinstance(check, str):
        return
    try:
        engine_validator(check)
    except SchemaError as error:
        problem = " ".join(str(error).partition("SchemaError:")[2].split())
        raise ValueError(
            f"the pattern {check.get('pattern')!r} cannot be checked in linear time: {problem}; "
            "write it for Rust's regex crate, without look-around and backreferences"
        ) from error


class _MarkedSchema(ReadableSchema):
    """A schema with marks for the texts that pydantic's engine checks."""

    def build_schema_type_to_method(self) -> dict[Any, Callable[[Any], JsonSchemaValue]]:
        """Mark text that JSON Schema alone cannot check."""
        methods = super().build_schema_type_to_method()
        return methods | {kind: partial(self._marked, methods[kind]) for kind in _CHECKED}

    def names_schema(self, schema: Any) -> JsonSchemaValue:
        """Write and mark the keys of a mapping."""
        names = super().names_schema(schema)
        return {**names, _CHECK: self._core(schema)} if schema["type"] in _SPELLED else names

    def _marked(self, write: Callable[[Any], JsonSchemaValue], schema: Any) -> JsonSchemaValue:
        written = write(schema)
        core = self._core(schema)
        if core["type"] == "bytes":
            # The length limits are for the bytes, and base64 text has its own rules.
            return {"type": "string", _CHECK: core | {BYTES_OPTION: self._config.val_json_bytes}}
        if core["type"] == "str":
            return (
                {"type": "string", _CHECK: core} if core.keys() & {"pattern", "strip_whitespace"} else written
            )
        text = next(
            (variant for variant in written.get("anyOf", ()) if variant.get("type") == "string"), written
        )
        text[_CHECK] = core
        return written

    def _core(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        core = {key: value for key, value in schema.items() if key not in _NOT_CHECKED and _is_data(value)}
        if isinstance(schema.get("pattern"), re.Pattern):
            raise ValueError(  # noqa: TRY004 - of an annotation, as other errors
                f"the pattern {schema['pattern'].pattern!r} is compiled by Python, whose engine does not "
                "take linear time: give the pattern as text"
            )
        if self._config.strict:
            core.setdefault("strict", True)
        if core["type"] == "str" and self.strips(schema):
            core["strip_whitespace"] = True
        return core


def _is_data(value: object) -> bool:
    """Return whether the value of a core schema can be written in generated code."""
    if isinstance(value, list):
        return all(map(_is_data, value))
    zone = getattr(value, "tzinfo", None)
    return isinstance(value, _DATA) and (zone is None or isinstance(zone, dt.timezone))


@dataclass(slots=True)
class _Draft:
    """A converter of schemas to draft 7, which collects their text checks as formats."""

    checks: dict[str, TextCheck] = field(default_factory=dict)

    def of(self, schema: Any) -> Any:
        """Convert a JSON Schema 2020-12 with our marks to draft 7."""
        if not isinstance(schema, dict):
            return schema
        written = {key: self._keyword(key, value) for key, value in schema.items() if key not in _UNUSED}
        names = [self._name(check) for check in _checks(schema)]
        if names:
            written["allOf"] = [*written.get("allOf", ()), *({"format": name} for name in names)]
        if "oneOf" in written:
            # `anyOf`, because two variants may fit if a function, not a tag, discriminates them.
            written["anyOf"] = written.pop("oneOf")
        return _with_tuples(written)

    def _keyword(self, key: str, value: Any) -> Any:
        if key in _OF_NAMES:
            return {name: self.of(schema) for name, schema in value.items()}
        if key in _OF_VALUES:
            return value
        return [self.of(each) for each in value] if isinstance(value, list) else self.of(value)

    def _name(self, check: TextCheck) -> str:
        known = next((name for name, other in self.checks.items() if other == check), None)
        name = known or f"text{len(self.checks)}"
        self.checks[name] = check
        return name


def _checks(schema: Mapping[str, Any]) -> Iterator[TextCheck]:
    """Return the text checks that a schema requires by mark, pattern or format."""
    if _CHECK in schema:
        yield schema[_CHECK]
    if isinstance(schema.get("pattern"), str):
        yield {"type": "str", "pattern": schema["pattern"]}
    if schema.get("format") in _NAMED:
        yield _NAMED[schema["format"]]


def _with_tuples(schema: Any) -> Any:
    """Convert pydantic's `prefixItems` to draft 7's form of tuples."""
    if not isinstance(schema, dict) or not isinstance(schema.get("prefixItems"), list):
        return schema
    rest = {"additionalItems": schema["items"]} if "items" in schema else {}
    return {**schema, **rest, "items": schema["prefixItems"]}
