"""A flow's call, derived from the JSON Schema of its input."""

import json
import shlex
from dataclasses import dataclass
from typing import Any

from noukai._errors import FlowNotFoundError
from noukai_wire.flows import FlowDescription
from noukai_wire.schema_reader import Schema, SchemaReader, an_array, an_object, kinds_of, variants_of

_DEEPEST = 6
"""A schema may name itself: an array of arrays is told for this many levels."""


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
        """Return whether an example should show the argument: a default of null says nothing."""
        return self.required or self.default is not None


def described(flows: list[FlowDescription], address: str) -> FlowDescription:
    """Return the flow of that address; raise `FlowNotFoundError` if it is not among the deployment's."""
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


class _Reader(SchemaReader):
    """A reader that describes schemas in words."""

    def kind(self, schema: object, level: int = 0) -> str:
        """Return what a schema takes, in words."""
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
