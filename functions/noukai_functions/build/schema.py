"""A build step: the JSON Schemas of flows and bodies, for validation and publication."""

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from pydantic.errors import PydanticInvalidForJsonSchema
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from noukai.flow.runtime import OUTPUT_FIELD, ReturnType
from noukai_functions.build.decimal_schema import decimal_number
from noukai_wire.numbers import EXACT

_MAPPINGS = ("dict", "frozendict", "ordered_dict", "counter")
_SETS = ("set", "frozenset")
_NUMBER = "[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?"
_SPELLED: Mapping[str, JsonSchemaValue] = {
    "int": {"pattern": "^[+-]?[0-9]+$"},
    "float": {"pattern": f"^{_NUMBER}$"},
    "decimal": {"pattern": f"^{_NUMBER}$"},
    "bool": {"enum": ["true", "false"]},
}
"""The text forms of values that are not text, for keys of JSON objects."""


_BASE64 = "^(?:{0}{{4}})*(?:{0}[AQgw](?:==)?|{0}{{2}}[AEIMQUYcgkosw048]=?)?$".format("[A-Za-z0-9+/_-]")


class ReadableSchema(GenerateJsonSchema):
    """A generator of pydantic's JSON Schema, made as exact as JSON Schema allows.

    `T or null` becomes one schema with two types, so that its errors are specific.
    """

    # A default that JSON cannot represent is not shown.
    ignored_warning_kinds = frozenset({"skipped-choice", "non-serializable-default"})  # type: ignore[assignment]

    def build_schema_type_to_method(self) -> dict[Any, Callable[[Any], JsonSchemaValue]]:
        """Write mappings and sets in our way."""
        methods: dict[Any, Callable[[Any], JsonSchemaValue]] = {**super().build_schema_type_to_method()}
        mappings = {kind: partial(self._mapping, methods[kind]) for kind in _MAPPINGS if kind in methods}
        return methods | mappings | {kind: partial(self._set, methods[kind]) for kind in _SETS}

    def bytes_schema(self, schema: Any) -> JsonSchemaValue:
        """Write bytes as base64, or as UTF-8 if the model reads UTF-8.

        Base64 may use either alphabet, with or without padding.
        """
        written = super().bytes_schema(schema)
        if written.get("format") != "base64url":
            return written
        # The schema limits the length of the text; the annotation, of the bytes.
        bounds: dict[str, int] = {}
        if "min_length" in schema:
            bounds["minLength"] = schema["min_length"] * 4 // 3
        if "max_length" in schema:
            bounds["maxLength"] = -(-schema["max_length"] // 3) * 4
        return {"type": "string", "contentEncoding": "base64", "pattern": _BASE64, **bounds}

    def str_schema(self, schema: Any) -> JsonSchemaValue:
        """Write text.

        If whitespace is stripped first, neither length limit nor pattern applies to the unstripped text.
        """
        written = super().str_schema(schema)
        if self.strips(schema):
            return {key: value for key, value in written.items() if key not in ("maxLength", "pattern")}
        return written

    def strips(self, schema: Any) -> bool:
        """Return whether whitespace around text is stripped before validation."""
        return bool(schema.get("strip_whitespace", self._config.str_strip_whitespace))

    def nullable_schema(self, schema: Any) -> JsonSchemaValue:
        """Write an optional value."""
        inner = self.generate_inner(schema["schema"])
        if isinstance(inner.get("type"), str) and not inner.keys() & {"enum", "const"}:
            return {**inner, "type": [inner["type"], "null"]}
        return super().nullable_schema(schema)

    def float_schema(self, schema: Any) -> JsonSchemaValue:
        """Write a float.

        A large whole number is rounded when it becomes a float, so that an exclusive bound is moved to the
        next float and made inclusive.
        """
        written = super().float_schema(schema)
        for excluded, included, inwards in (
            ("exclusiveMinimum", "minimum", math.inf),
            ("exclusiveMaximum", "maximum", -math.inf),
        ):
            if abs(written.get(excluded, 0)) >= EXACT:
                bound = math.nextafter(float(written.pop(excluded)), inwards)
                chosen = max if inwards > 0 else min
                written[included] = chosen(bound, written.get(included, bound))
        return written

    def decimal_schema(self, schema: Any) -> JsonSchemaValue:
        """Write a decimal, which may be a JSON number or text."""
        written = super().decimal_schema(schema)
        if "anyOf" in written:
            written["anyOf"] = [decimal_number(schema), {"type": "string", **_SPELLED["decimal"]}]
        return written

    def names_schema(self, schema: Any) -> JsonSchemaValue:
        """Write the keys of a mapping, which are text in JSON."""
        kind = schema["type"]
        if kind in _SPELLED:
            return dict(_SPELLED[kind])
        if kind in ("union", "tagged-union"):
            raise ValueError(
                "the keys of a mapping have several types, which JSON cannot tell apart: use text"
            )
        if kind in ("nullable", "default", "model"):
            return self.names_schema(schema["schema"])
        named = self.generate_inner(schema)
        written = self.get_schema_from_definitions(named["$ref"]) if "$ref" in named else named
        values = [
            *(written or {}).get("enum", ()),
            *([written["const"]] if written and "const" in written else ()),
        ]
        if any(not isinstance(value, str) for value in values):
            raise ValueError(f"the keys of a mapping are one of {values}, but JSON's keys are text: use text")
        return {key: value for key, value in named.items() if key not in ("type", "title", "description")}

    def _mapping(self, write: Callable[[Any], JsonSchemaValue], schema: Any) -> JsonSchemaValue:
        written = write(schema)
        names = self.names_schema(schema["keys_schema"]) if "keys_schema" in schema else {}
        for of_values in written.pop("patternProperties", {}).values():
            # pydantic's schema allows keys that no pattern matches, but its validation refuses them.
            written["additionalProperties"] = of_values or True
        written.pop("propertyNames", None)
        return {**written, "propertyNames": names} if names else written

    def _set(self, write: Callable[[Any], JsonSchemaValue], schema: Any) -> JsonSchemaValue:
        """Write a set; duplicates are allowed unless its length is limited."""
        written = write(schema)
        if not written.keys() & {"minItems", "maxItems"}:
            del written["uniqueItems"]
        return {**written, "items": written["items"] or {"type": ["string", "number", "boolean", "null"]}}


def output_schema(returns: ReturnType) -> dict[str, Any]:
    """Return the JSON Schema of a flow's written output.

    It allows anything if pydantic has no schema for the annotation.
    """
    if returns.adapter is None:
        return {}
    try:
        whole = returns.adapter.json_schema(mode="serialization", schema_generator=ReadableSchema)
    except (PydanticInvalidForJsonSchema, ValueError):
        return {}
    written: dict[str, Any] = whole["properties"][OUTPUT_FIELD]
    schema = {name: each for name, each in written.items() if name != "title"}
    return schema | ({"$defs": whole["$defs"]} if "$defs" in whole else {})


def bound_timeout(options: dict[str, Any], seconds: int) -> None:
    """Limit the timeout in a submission's schema to the worker's."""
    timeout = options["properties"]["timeoutSeconds"]
    timeout["maximum"] = min(timeout["maximum"], seconds)
