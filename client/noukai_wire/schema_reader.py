"""The reader of JSON Schemas: it resolves references and makes examples."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

_TEXTS = {
    "date-time": "2026-01-31T12:00:00Z",
    "date": "2026-01-31",
    "time": "12:00:00Z",
    "duration": "PT1M",
    "email": "name@example.org",
    "uri": "https://example.org/",
    "uuid": "3f0c9d1e-8c57-4a0b-9d3e-5b1f2a6c7d80",
}
"""An example for each common format of text."""

Schema = dict[str, Any]


class SchemaReader:
    """A reader of schemas that may refer to definitions."""

    def __init__(self, definitions: object) -> None:
        self._definitions = an_object(definitions)

    def example(self, schema: object, within: frozenset[object] = frozenset()) -> Any:
        """Return an example for a schema, if possible the schema's own.

        `within` are the enclosing definitions; a recursive reference to one of them gives no value.
        """
        name = an_object(schema).get("$ref")
        if name in within:
            return None
        known = self.resolved(schema)
        for stated in (
            an_array(known.get("examples"))[:1],
            [known.get("default")],
            an_array(known.get("enum"))[:1],
        ):
            if stated and stated[0] is not None:
                return stated[0]
        if "const" in known:
            return known["const"]
        return self._made(known, within if name is None else within | {name})

    def _made(self, known: Schema, within: frozenset[object]) -> Any:
        if variants := variants_of(known):
            return self.example(variants[0], within)
        match next(iter(kinds_of(known)), "string"):
            case "string":
                return _text(known)
            case "integer" | "number":
                return _number(known)
            case "array":
                return [value for value in self._items(known, within) if value is not None]
            case "object":
                return dict(self._members(known, within))
            case kind:
                return True if kind == "boolean" else None

    def _items(self, known: Schema, within: frozenset[object]) -> Iterator[Any]:
        first = an_array(known.get("prefixItems"))
        yield from (self.example(each, within) for each in first)
        if an_object(known.get("items")):
            fewest = max(1, int(_limit(known, "minItems", 0))) - len(first)
            yield from (self.example(known["items"], within) for _ in range(fewest))

    def _members(self, known: Schema, within: frozenset[object]) -> Iterator[tuple[str, Any]]:
        properties = an_object(known.get("properties"))
        if not properties and an_object(known.get("additionalProperties")):
            yield "name", self.example(known["additionalProperties"], within)
        for name in an_array(known.get("required")):
            yield name, self.example(properties.get(name), within)

    def resolved(self, schema: object) -> Schema:
        """Return a schema with its references resolved."""
        known = an_object(schema)
        if isinstance(name := known.get("$ref"), str):
            beside = {key: value for key, value in known.items() if key != "$ref"}
            return {**an_object(self._definitions.get(name.rpartition("/")[2])), **beside}
        return known


def example_of_arguments(schema: Mapping[str, Any]) -> Schema:
    """Return example arguments for the input of a flow, only the required ones."""
    reader = SchemaReader(schema.get("$defs"))
    properties = an_object(schema.get("properties"))
    return {name: reader.example(properties.get(name)) for name in an_array(schema.get("required"))}


def variants_of(known: Schema) -> list[Any]:
    """Return the alternative schemas, null last, since it is the least helpful example."""
    found = [variant for name in ("anyOf", "oneOf", "allOf") for variant in an_array(known.get(name))]
    return sorted(found, key=lambda each: kinds_of(an_object(each)) == ["null"])


def kinds_of(known: Schema) -> list[str]:
    """Return the types of a schema."""
    kind: object = known.get("type")
    return [kind] if isinstance(kind, str) else [str(each) for each in an_array(kind)]


def _text(known: Schema) -> str:
    text = _TEXTS.get(str(known.get("format")), "text")
    shortest = int(_limit(known, "minLength", 0))
    return text.ljust(shortest, ".")[: max(shortest, int(_limit(known, "maxLength", len(text))))]


def _number(known: Schema) -> float:
    low = _limit(known, "minimum", _limit(known, "exclusiveMinimum", 1))
    high = _limit(known, "maximum", _limit(known, "exclusiveMaximum", low + 2))
    step = _limit(known, "multipleOf", 1)
    multiple = -(-low // step) * step
    candidates = (1, low, low + 1, high, high - 1, multiple, multiple + step, (low + high) / 2)
    return next((number for number in candidates if _fits(number, known)), low)


def _fits(number: float, known: Schema) -> bool:
    return (
        _limit(known, "minimum", number) <= number <= _limit(known, "maximum", number)
        and _limit(known, "exclusiveMinimum", number - 1)
        < number
        < _limit(known, "exclusiveMaximum", number + 1)
        and number % _limit(known, "multipleOf", number or 1) == 0
        and (known.get("type") != "integer" or number == int(number))
    )


def _limit(known: Schema, name: str, absent: float) -> float:
    limit: object = known.get(name)
    return limit if isinstance(limit, int | float) and (limit or name != "multipleOf") else absent


def an_object(value: object) -> Schema:
    """Return the value if it is an object, or else an empty object."""
    return cast("Schema", value) if isinstance(value, dict) else {}


def an_array(value: object) -> list[Any]:
    """Return the value if it is an array, or else an empty array."""
    return cast("list[object]", value) if isinstance(value, list) else []
