"""What submit and describe know of the flows: made at build time, so that neither loads any of their code."""

import importlib.util
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

InputError = tuple[str, str]
"""Where in an input something is wrong, as names and indices joined by dots, and what."""

SUBMISSION = "submission"
"""The validator of a submit request's body, beside those of the flows."""

UPLOAD = "upload"
"""That of a request's body for a place to upload an input to."""


@dataclass(frozen=True, slots=True)
class FlowEntry:
    """One flow: its input as a JSON Schema, whether it needs a message, and its defaults."""

    description: str | None
    input: Mapping[str, Any]
    message_required: bool
    timeout_seconds: int
    max_attempts: int
    backoff_seconds: float
    backoff_cap_seconds: float
    keep_seconds: int
    longest_seconds: int
    """What a submission may ask for as its timeout: the time that the worker has for it."""
    profile: str | None = None
    """The name of the workers that run it; None is the default."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """The flows by `project/flow`, and their compiled validators, loaded when they are first used."""

    folder: Path
    flows: Mapping[str, FlowEntry]
    _validators: dict[str, Callable[[object], object]] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path) -> "Catalog":
        """Read the catalog that the build wrote to a folder."""
        flows = json.loads((folder / "flows.json").read_bytes())
        return cls(folder, {name: FlowEntry(**entry) for name, entry in flows.items()})

    def openapi(self, *, of_flows: bool) -> Mapping[str, Any]:
        """Read the OpenAPI document, with a path for each flow or without a word of any."""
        document: Mapping[str, Any] = json.loads((self.folder / openapi_name(of_flows=of_flows)).read_bytes())
        return document

    def errors_of(self, name: str, value: object) -> list[InputError]:
        """Check a value against the schema of a flow, of `SUBMISSION` or `UPLOAD`; empty if nothing is wrong."""
        from fastjsonschema import JsonSchemaValuesException  # noqa: PLC0415 - only a submission needs it

        try:
            self._validator(name)(value)
        except JsonSchemaValuesException as refused:
            return [entry for error in refused.errors for entry in _explain(error)]
        return []

    def _validator(self, name: str) -> Callable[[object], object]:
        if name not in self._validators:
            path = self.folder / "validators" / f"{validator_name(name)}.py"
            spec = importlib.util.spec_from_file_location(f"catalog.{path.stem}", path)
            if spec is None or spec.loader is None:
                raise ImportError(f"{path} is not a module")
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            self._validators[name] = module.validate
        return self._validators[name]


def openapi_name(*, of_flows: bool) -> str:
    """Name the file of the OpenAPI document, with the flows or without."""
    return "openapi-flows.json" if of_flows else "openapi.json"


def validator_name(name: str) -> str:
    """Name the file of a flow's validator; two flows never share one, since a slug has no dot."""
    return name.replace("/", ".")


def _explain(error: Any) -> list[InputError]:
    """Turn a validator's error into entries that name the place as the caller wrote it."""
    path = ".".join(error.path[1:])
    if error.rule == "additionalProperties" and isinstance(error.definition.get("properties"), dict):
        unknown = [key for key in error.value if key not in error.definition["properties"]]
        return [(f"{path}.{key}".lstrip("."), "is not known here") for key in unknown]
    if error.rule == "required":
        missing = [key for key in error.definition["required"] if key not in error.value]
        return [(f"{path}.{key}".lstrip("."), "is required") for key in missing]
    if error.rule in ("anyOf", "oneOf"):
        return [(path, "is none of what is taken here: GET /api/v1/flows shows the schema")]
    if error.rule == "format" and error.definition["format"] == "date-time":
        return [(path, "must be a moment in ISO 8601, such as 2026-01-31T12:00:00Z")]
    if error.rule == "propertyNames":
        return [(path, f"has a name that is not taken here: {json.dumps(error.definition['propertyNames'])}")]
    return [(path, error.message.removeprefix(error.name).strip())]
