"""A build step: the schemas of the OpenAPI document."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pydantic.json_schema import JsonSchemaValue, models_json_schema

from noukai_functions.build.schema import ReadableSchema, bound_timeout
from noukai_functions.catalog.entries import FlowEntry
from noukai_wire.answers import ErrorAnswer
from noukai_wire.errors import ErrorCode
from noukai_wire.models import ExecuteAnswer, Submission, SubmitOptions, WireModel
from noukai_wire.operations import Operation

_COMPONENTS = "#/components/schemas/"
_TEMPLATE = _COMPONENTS + "{model}"
_DEFINITIONS = "#/$defs/"
_OUTPUT = "__output"
"""The suffix of a flow's output definitions, which may differ from its input definitions of the same model.
"""

_ANY_ERROR = "AnyErrorAnswer"
_UPLOADED = {"$ref": _COMPONENTS + "UploadedSubmission"}
_GATEWAY_ERROR = {
    "description": "An answer of the gateway itself.",
    "type": "object",
    "properties": {"message": {"type": ["string", "null"]}},
    "required": ["message"],
}


class _RequestSchema(ReadableSchema):
    """The schema generator of bodies, without redundant titles."""

    def field_title_should_be_set(self, _schema: object) -> bool:
        """Return False: the field's name is enough."""
        return False


class _ParameterSchema(_RequestSchema):
    """The schema generator of headers and query parameters, without null."""

    def nullable_schema(self, schema: Any) -> JsonSchemaValue:
        """Write an optional value."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: Any) -> JsonSchemaValue:
        """Write a value with its default, unless that is None."""
        return (
            self.generate_inner(schema["schema"])
            if schema["default"] is None
            else super().default_schema(schema)
        )


class _AnswerSchema(_ParameterSchema):
    """The schema generator of answers: `None` values are omitted."""

    def default_schema(self, schema: Any) -> JsonSchemaValue:
        """Write a value that may be absent."""
        return self.generate_inner(schema["schema"])


def reference(model: type[WireModel]) -> dict[str, Any]:
    """Return a reference to the schema of a model."""
    return {"$ref": _COMPONENTS + model.__name__}


def parameter_schemas(model: type[WireModel]) -> tuple[Collection[str], Mapping[str, Any]]:
    """Return the required fields, and the schema of every field by its name on the wire."""
    schema = model.model_json_schema(schema_generator=_ParameterSchema)
    return schema.get("required", ()), schema["properties"]


def wire_schemas(operations: Iterable[Operation], longest_seconds: int) -> dict[str, Any]:
    """Return the schemas of all requests and answers, by model name.

    `longest_seconds` is the longest time limit of all workers.
    """
    operations = list(operations)
    answers: set[type[WireModel]] = {ErrorAnswer, *(each.answer for each in operations if each.answer)}
    requests = {operation.request for operation in operations if operation.request is not None}
    _, answered = models_json_schema(
        [(model, "serialization") for model in _sorted(answers)],
        ref_template=_TEMPLATE,
        schema_generator=_AnswerSchema,
    )
    _, requested = models_json_schema(
        [(model, "validation") for model in _sorted(requests)],
        ref_template=_TEMPLATE,
        schema_generator=_RequestSchema,
    )
    schemas: dict[str, Any] = answered["$defs"] | requested["$defs"]
    bound_timeout(schemas[SubmitOptions.__name__], longest_seconds)
    return schemas | {
        Submission.__name__: _submission(),
        "UploadedSubmission": _uploaded_submission(),
        "GatewayError": _GATEWAY_ERROR,
        _ANY_ERROR: {"anyOf": [reference(ErrorAnswer), {"$ref": _COMPONENTS + "GatewayError"}]},
    }


def refusal_schema(codes: Iterable[ErrorCode], *, or_by_gateway: bool) -> dict[str, Any]:
    """Return the schema of an error answer with these codes, or of the gateway's own.

    The codes are in `dependentSchemas`: code generators ignore it and make one class for all errors, while
    validators check it.
    """
    code = {"properties": {"code": {"enum": [str(code) for code in codes]}}}
    name = _ANY_ERROR if or_by_gateway else ErrorAnswer.__name__
    return {"$ref": _COMPONENTS + name, "dependentSchemas": {"detail": {"properties": {"detail": code}}}}


def flow_schemas(flows: Mapping[str, FlowEntry], longest_seconds: int) -> dict[str, Any]:
    """Return the schemas of the flows' inputs and outputs.

    `longest_seconds` is the longest time limit of all workers.
    """
    schemas: dict[str, Any] = {}
    for name, entry in flows.items():
        for kind, whole in (("", entry.input), (_OUTPUT, entry.output)):
            for definition, schema in whole.get("$defs", {}).items():
                schemas[_component(f"{name}{kind}", definition)] = _relocated(schema, f"{name}{kind}")
        schemas[_own("Output", name)] = _without_definitions(_relocated(entry.output, f"{name}{_OUTPUT}"))
        schemas[_own("Parameters", name)] = _parameters(name, entry)
        schemas[_own("DirectSubmission", name)] = _flow_submission(name, entry, longest_seconds)
        # Code generators differ in how they merge an object with alternatives, but all support a plain
        # choice.
        schemas[_own("Submission", name)] = {"anyOf": [flow_reference(name, "DirectSubmission"), _UPLOADED]}
        schemas[_own("Answer", name)] = _flow_answer(name)
    return schemas


def flow_reference(name: str, what: str) -> dict[str, Any]:
    """Return a reference to a component of a flow, such as its `Submission` or its `Answer`."""
    return {"$ref": _COMPONENTS + _own(what, name)}


def flow_identifier(name: str) -> str:
    """Return `project/flow` as an identifier."""
    return name.replace("-", "_").replace("/", "__")


def _flow_answer(name: str) -> dict[str, Any]:
    """Write the answer of `execute` with the flow's own output."""
    output = flow_reference(name, "Output")
    own = {"properties": {"output": output, "result": output}}
    return {"allOf": [reference(ExecuteAnswer), own]}


def _parameters(name: str, entry: FlowEntry) -> dict[str, Any]:
    """Write the parameters of a flow."""
    properties = {
        key: each for key, each in _relocated(entry.input, name)["properties"].items() if key != "message"
    }
    required = sorted(set(entry.input.get("required", ())) - {"message"})
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _flow_submission(name: str, entry: FlowEntry, longest_seconds: int) -> dict[str, Any]:
    """Write a submission with the flow's own message and parameters."""
    submission = _submission()
    message = _relocated(entry.input, name)["properties"].get("message")
    own = {
        **({} if message is None else {"message": _text(message)}),
        "parameters": flow_reference(name, "Parameters"),
    }
    has_required = bool(_parameters(name, entry)["required"])
    needed = [*(["message"] if entry.message_required else []), *(["parameters"] if has_required else [])]
    given = {field: schema if field in needed else _or_null(schema) for field, schema in own.items()}
    options = submission["properties"]["options"]
    if entry.longest_seconds < longest_seconds:
        bound = {"properties": {"timeoutSeconds": {"maximum": entry.longest_seconds}}}
        options = {"allOf": [options, bound]}
    return {**submission, "properties": {**given, "options": options}, "required": needed}


def _uploaded_submission() -> dict[str, Any]:
    """Write a submission of an uploaded input instead of message and parameters."""
    submission = _submission()
    properties = {
        "input": {**submission["properties"]["input"], "type": "string"},
        "options": submission["properties"]["options"],
    }
    return {**submission, "properties": properties, "required": ["input"]}


def _submission() -> dict[str, Any]:
    """Write a submission, in which null is the same as absent.

    Leaves out the fields that only the published SDKs send.
    """
    schema = Submission.model_json_schema(ref_template=_TEMPLATE, schema_generator=_RequestSchema)
    fields = {name: _or_null(_without_default(field)) for name, field in schema["properties"].items()}
    # The component's name replaces the title, since each flow has its own component.
    return {
        **{name: each for name, each in schema.items() if name not in ("$defs", "title")},
        "properties": fields,
    }


def _text(message: Mapping[str, Any]) -> dict[str, Any]:
    """Write a message, which is text even if its annotation accepts more."""
    return dict(message) if message.get("type") == "string" else {"type": "string", "allOf": [dict(message)]}


def _or_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    takes_null = "null" in schema.get("type", ())
    return dict(schema) if takes_null else {"anyOf": [dict(schema), {"type": "null"}]}


def _without_default(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name != "default"}


def _without_definitions(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name != "$defs"}


def _own(what: str, flow: str) -> str:
    """Return the name of a flow's component."""
    return f"{what}__{flow_identifier(flow)}"


def _component(flow: str, definition: str) -> str:
    """Return the name of a flow's definition.

    Dots are replaced, because code generators take the part before a dot for a module.
    """
    return f"{flow_identifier(flow)}__{definition}"


def _relocated(schema: Any, flow: str) -> Any:
    """Redirect the references in a flow's schema to the components."""
    if isinstance(schema, list):
        return [_relocated(each, flow) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _relocated(each, flow) for key, each in schema.items()}
    target = found.get("$ref")
    if isinstance(target, str) and target.startswith(_DEFINITIONS):
        found["$ref"] = _COMPONENTS + _component(flow, target.removeprefix(_DEFINITIONS))
    return found


def _sorted(models: Iterable[type[WireModel]]) -> list[type[WireModel]]:
    return sorted(models, key=lambda model: model.__name__)
