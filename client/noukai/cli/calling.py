"""The call of a flow, derived from the JSON Schema of its input."""

import json
from dataclasses import dataclass
from typing import Any

from noukai._errors import FlowNotFoundError
from noukai_wire.flows import FlowDescription
from noukai_wire.schema_reader import Schema, SchemaReader, an_array, an_object, kinds_of, variants_of
from noukai_wire.submit_command import submit_command

_DEEPEST = 6
"""The deepest level of a description, since a schema may refer to itself."""


@dataclass(frozen=True)
class Argument:
    """An argument of a flow: the values it accepts, an example, and whether it is optional."""

    name: str
    kind: str
    example: Any
    required: bool
    default: Any = None
    description: str = ""

    @property
    def is_worth_showing(self) -> bool:
        """Return whether an example should include the argument; a default of null is left out."""
        return self.required or self.default is not None


def described(flows: list[FlowDescription], address: str) -> FlowDescription:
    """Return the flow at an address; raise `FlowNotFoundError` if it is not deployed."""
    for flow in flows:
        if flow.flow == address:
            return flow
    raise FlowNotFoundError(f"there is no flow {address!r} here: `noukai flows` lists them")


def arguments_of(flow: FlowDescription) -> list[Argument]:
    """Return the arguments of a flow, in its own order."""
    reader = _Reader(flow.input.get("$defs"))
    required = an_array(flow.input.get("required"))
    properties = an_object(flow.input.get("properties")).items()
    return [
        Argument(
            name=name,
            kind=reader.kind(schema),
            example=reader.example(schema),
            required=name in required,
            default=an_object(schema).get("default"),
            description=str(an_object(schema).get("description", "")),
        )
        for name, schema in properties
    ]


def command_line(flow: FlowDescription) -> str:
    """Return a command for a POSIX shell that submits an example job and waits for it."""
    return submit_command(flow.flow, _call(flow))


def python_code(flow: FlowDescription) -> str:
    """Return a Python program that does the same."""
    parameters = _call(flow)
    message = parameters.pop("message", None)
    arguments = [] if message is None else [f"message={message!r}"]
    arguments += [f"parameters={parameters!r}"] if parameters else []
    return (
        "from noukai import Noukai\n\n"
        "with Noukai() as client:\n"
        f"    job = client.flow({flow.flow!r}).job({', '.join(arguments)})\n"
        "    print(job.wait().output)"
    )


def _call(flow: FlowDescription) -> dict[str, Any]:
    """Return example arguments, with the message first."""
    shown = {each.name: each.example for each in arguments_of(flow) if each.is_worth_showing}
    message = shown.pop("message", None)
    return shown if message is None else {"message": str(message), **shown}


class _Reader(SchemaReader):
    """A reader that describes schemas in words."""

    def kind(self, schema: object, level: int = 0) -> str:
        """Describe the values that a schema accepts."""
        known = self.resolved(schema)
        if "const" in known or "enum" in known:
            values = an_array(known.get("enum")) or [known.get("const")]
            return " or ".join(json.dumps(value, ensure_ascii=False) for value in values)
        if variants := variants_of(known):
            return " or ".join(dict.fromkeys(self.kind(each, level + 1) for each in variants))
        kinds = kinds_of(known)
        if kinds == ["array"] and level < _DEEPEST and known.get("items"):
            return f"array of {self.kind(known['items'], level + 1)}"
        if kinds == ["object"] and "title" in known:
            return f"object {known['title']}"
        return " or ".join(kinds or ["any JSON"]) + _bounds(known)


def _bounds(known: Schema) -> str:
    said = {"minimum": "from", "exclusiveMinimum": "above", "maximum": "to", "exclusiveMaximum": "below"}
    return "".join(f" {word} {known[name]}" for name, word in said.items() if name in known)
