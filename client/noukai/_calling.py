"""How a flow is called, told from the JSON Schema of its input: its arguments, a command and a call with examples."""

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from noukai_wire.models import FlowDescription

from ._errors import FlowNotFoundError

_DEEPEST = 6
"""A schema may name itself: an array of arrays is told for this many levels."""

_TEXTS = {
    "date-time": "2026-01-31T12:00:00Z",
    "date": "2026-01-31",
    "time": "12:00:00Z",
    "duration": "PT1M",
    "email": "name@example.org",
    "uri": "https://example.org/",
    "uuid": "3f0c9d1e-8c57-4a0b-9d3e-5b1f2a6c7d80",
}
"""An example of each format of text that is to be expected."""

Schema = dict[str, Any]


@dataclass(frozen=True)
class Argument:
    """One argument of a flow: what it takes, an example of it, and whether it may be left out."""

    name: str
    kind: str
    example: Any
    required: bool
    default: Any = None
    description: str = ""

    @property
    def is_worth_showing(self) -> bool:
        """Whether an example of a call has it: a default of null says nothing."""
        return self.required or self.default is not None


def described(flows: list[FlowDescription], address: str) -> FlowDescription:
    """Return the flow of that address; raise `FlowNotFoundError` if it is not among the deployment's."""
    for flow in flows:
        if flow.flow == address:
            return flow
    raise FlowNotFoundError(f"there is no flow {address!r} here: `noukai flows` lists them")


def arguments_of(flow: FlowDescription) -> list[Argument]:
    """Return the arguments of a flow, in its own order."""
    reader = _Reader(_object(flow.input.get("$defs")))
    required = _array(flow.input.get("required"))
    properties = _object(flow.input.get("properties")).items()
    return [
        Argument(
            name=name,
            kind=reader.kind(schema),
            example=reader.example(schema),
            required=name in required,
            default=_object(schema).get("default"),
            description=str(_object(schema).get("description", "")),
        )
        for name, schema in properties
    ]


def command_line(flow: FlowDescription) -> str:
    """Return a command that submits a job of examples and waits for it, for a POSIX shell."""
    message, parameters = _call(flow)
    words = ["noukai", "submit", flow.flow]
    if message is not None:
        words += ["-m", message]
    for name, value in parameters.items():
        words += ["-p", f"{name}={json.dumps(value)}"]
    return shlex.join([*words, "--wait"])


def python_code(flow: FlowDescription) -> str:
    """Return a program that does the same with the client."""
    message, parameters = _call(flow)
    arguments = [*(["message=" + repr(message)] if message is not None else [])]
    arguments += [f"parameters={parameters!r}"] if parameters else []
    return (
        "from noukai import Noukai\n\n"
        "with Noukai() as client:\n"
        f"    job = client.flow({flow.flow!r}).job({', '.join(arguments)})\n"
        "    print(job.wait().output)"
    )


def _call(flow: FlowDescription) -> tuple[str | None, dict[str, Any]]:
    parameters = {each.name: each.example for each in arguments_of(flow) if each.is_worth_showing}
    message = parameters.pop("message", None)
    return (None if message is None else str(message)), parameters


class _Reader:
    """Reads schemas that may refer to definitions."""

    def __init__(self, definitions: Schema) -> None:
        self._definitions = definitions

    def kind(self, schema: object, level: int = 0) -> str:
        """Say what a schema takes, in words."""
        known = self._resolved(schema)
        if "const" in known or "enum" in known:
            values = _array(known.get("enum")) or [known.get("const")]
            return " or ".join(json.dumps(value, ensure_ascii=False) for value in values)
        if variants := _variants(known):
            return " or ".join(dict.fromkeys(self.kind(each, level + 1) for each in variants))
        kinds = _kinds(known)
        if kinds == ["array"] and level < _DEEPEST and known.get("items"):
            return f"array of {self.kind(known['items'], level + 1)}"
        if kinds == ["object"] and "title" in known:
            return f"object {known['title']}"
        return " or ".join(kinds or ["any JSON"]) + _bounds(known)

    def example(self, schema: object, within: frozenset[object] = frozenset()) -> Any:
        """Make a value that a schema takes, as far as can be told; what the schema itself names comes first.

        `within` are the definitions that this is a part of: one of them once more gives no value.
        """
        name = _object(schema).get("$ref")
        if name in within:
            return None
        known = self._resolved(schema)
        for stated in (_array(known.get("examples"))[:1], [known.get("default")], _array(known.get("enum"))[:1]):
            if stated and stated[0] is not None:
                return stated[0]
        if "const" in known:
            return known["const"]
        return self._made(known, within if name is None else within | {name})

    def _made(self, known: Schema, within: frozenset[object]) -> Any:
        if variants := _variants(known):
            return self.example(variants[0], within)
        match next(iter(_kinds(known)), "string"):
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
        first = _array(known.get("prefixItems"))
        yield from (self.example(each, within) for each in first)
        if _object(known.get("items")):
            fewest = max(1, int(_limit(known, "minItems", 0))) - len(first)
            yield from (self.example(known["items"], within) for _ in range(fewest))

    def _members(self, known: Schema, within: frozenset[object]) -> Iterator[tuple[str, Any]]:
        properties = _object(known.get("properties"))
        if not properties and _object(known.get("additionalProperties")):
            yield "name", self.example(known["additionalProperties"], within)
        for name in _array(known.get("required")):
            yield name, self.example(properties.get(name), within)

    def _resolved(self, schema: object) -> Schema:
        known = _object(schema)
        if isinstance(name := known.get("$ref"), str):
            beside = {key: value for key, value in known.items() if key != "$ref"}
            return {**_object(self._definitions.get(name.rpartition("/")[2])), **beside}
        return known


def _variants(known: Schema) -> list[Any]:
    """The schemas of which one must fit, null last: it is the least of examples."""
    found = [variant for name in ("anyOf", "oneOf", "allOf") for variant in _array(known.get(name))]
    return sorted(found, key=lambda each: _kinds(_object(each)) == ["null"])


def _kinds(known: Schema) -> list[str]:
    kind: object = known.get("type")
    return [kind] if isinstance(kind, str) else [str(each) for each in _array(kind)]


def _bounds(known: Schema) -> str:
    said = {"minimum": "from", "exclusiveMinimum": "above", "maximum": "to", "exclusiveMaximum": "below"}
    return "".join(f" {word} {known[name]}" for name, word in said.items() if name in known)


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
        and _limit(known, "exclusiveMinimum", number - 1) < number < _limit(known, "exclusiveMaximum", number + 1)
        and number % _limit(known, "multipleOf", number or 1) == 0
        and (known.get("type") != "integer" or number == int(number))
    )


def _limit(known: Schema, name: str, absent: float) -> float:
    limit: object = known.get(name)
    return limit if isinstance(limit, int | float) and (limit or name != "multipleOf") else absent


def _object(value: object) -> Schema:
    return cast("Schema", value) if isinstance(value, dict) else {}


def _array(value: object) -> list[Any]:
    return cast("list[object]", value) if isinstance(value, list) else []
