"""The JSON Schemas of the build step: how pydantic writes them, and how they become validators without pydantic."""

from typing import Any

import fastjsonschema
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

_FORMATS = {
    "date-time": r"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:[zZ]|[+-]\d\d:?\d\d)?\Z",
    "uuid": r"^[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}\Z",
    "duration": r"^[+-]?P(?!\Z)(\d+W|(\d+Y)?(\d+M)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?)\Z",
}
"""Formats that pydantic takes otherwise than the compiler does; what neither knows goes unchecked until the run."""


class ReadableSchema(GenerateJsonSchema):
    """pydantic's JSON Schema, with `T or null` as two types instead of two schemas: its errors name what is wrong."""

    def dict_schema(self, schema: Any) -> JsonSchemaValue:
        """Write a mapping; JSON knows whole numbers as keys only in their spelling."""
        written = super().dict_schema(schema)
        if schema.get("keys_schema", {}).get("type") == "int":
            written["propertyNames"] = {"pattern": r"^[+-]?[0-9]+\Z"}
        return written

    def nullable_schema(self, schema: Any) -> JsonSchemaValue:
        """Write an optional value."""
        inner = self.generate_inner(schema["schema"])
        if isinstance(inner.get("type"), str) and not inner.keys() & {"enum", "const"}:
            return {**inner, "type": [inner["type"], "null"]}
        return super().nullable_schema(schema)


def bound_timeout(options: dict[str, Any], seconds: int) -> None:
    """Let the schema of a submission's options refuse a timeout that the deployment's worker would cut short."""
    timeout = options["properties"]["timeoutSeconds"]
    timeout["maximum"] = min(timeout["maximum"], seconds)


def validator_code(schema: Any) -> str:
    """Give the code of a module whose `validate` checks a value; raises an error if the schema makes no sense."""
    code: str = fastjsonschema.compile_to_code(_draft_7(schema), formats=_FORMATS, use_default=False, fast_fail=False)
    return code


def _draft_7(schema: Any) -> Any:
    """Write tuples as the compiler knows them; pydantic writes JSON Schema 2020-12, with `prefixItems`."""
    if isinstance(schema, list):
        return [_draft_7(value) for value in schema]
    if not isinstance(schema, dict):
        return schema
    keywords = {key: _draft_7(value) for key, value in schema.items()}
    if isinstance(keywords.get("prefixItems"), list):
        rest = {"additionalItems": keywords["items"]} if "items" in keywords else {}
        return {**keywords, **rest, "items": keywords["prefixItems"]}
    return keywords
