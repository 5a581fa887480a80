"""The catalog of flows, made at build time, so that the API loads no flow code."""

import importlib.util
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from types import ModuleType
from typing import Any

from noukai_functions.catalog.text_checks import TextChecks
from noukai_functions.refusals import MAX_ERRORS

InputError = tuple[str, str]
"""The path of an invalid place in an input, names and indices joined by dots, and the problem."""

SUBMISSION = "submission"
"""The name of the validator for the body of a submission."""

UPLOAD = "upload"
"""The name of the validator for the body of an upload request."""

SCHEDULE = "schedule"
"""The name of the validator for the body that states a schedule."""


@dataclass(frozen=True, slots=True)
class FlowEntry:
    """A flow's catalog entry: its schemas, whether it requires a message, and its defaults."""

    description: str | None
    input: Mapping[str, Any]
    message_required: bool
    timeout_seconds: int
    max_attempts: int
    backoff_seconds: float
    backoff_cap_seconds: float
    keep_seconds: int
    longest_seconds: int
    """The largest timeout that a submission may ask for: the worker's time limit."""
    worker_kind: str | None = None
    """The worker kind that runs it; None is the default."""
    needs_engine: bool = False
    """Whether validating its input takes pydantic's engine."""
    output: Mapping[str, Any] = field(default_factory=dict)
    fresh_process: bool = False
    """Whether each attempt runs in a new process."""
    cron: str | None = None
    """When the schedule that the flow's code declares submits a job; None if it declares none."""
    zone: str = "UTC"
    overlap: str = "allow"
    missed: str = "latest"


@dataclass(frozen=True, slots=True)
class _Validator:
    """A compiled validator and its text checks."""

    module: Any
    checks: TextChecks


@dataclass(frozen=True, slots=True)
class Catalog:
    """The flows by `project/flow`, and their compiled validators, loaded on first use."""

    folder: Path
    flows: Mapping[str, FlowEntry]
    version: str = ""
    """A hash of the flows' files and of what the build makes from them."""
    former: tuple[str, ...] = ()
    """`project/flow` of flows that are no longer deployed. Lists still show their jobs."""
    _validators: dict[str, _Validator] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path) -> "Catalog":
        """Read the catalog that the build wrote."""
        made = json.loads((folder / "flows.json").read_bytes())
        flows = {name: FlowEntry(**entry) for name, entry in made["flows"].items()}
        return cls(folder, flows, made["version"], tuple(made["former"]))

    @classmethod
    def of(cls, flows: Mapping[str, FlowEntry], validators: Mapping[str, str]) -> "Catalog":
        """Make a catalog in memory from the code of its validators."""
        catalog = cls(Path(), flows)
        for name, code in validators.items():
            module = ModuleType(validator_name(name))
            exec(code, vars(module))  # noqa: S102 - it is what a build would have written
            catalog._validators[name] = _Validator(module, TextChecks(module.CHECKS))
        return catalog

    def openapi(self, *, of_flows: bool) -> Mapping[str, Any]:
        """Read the OpenAPI document, with a path for each flow or without."""
        document: Mapping[str, Any] = json.loads((self.folder / openapi_name(of_flows=of_flows)).read_bytes())
        return document

    def errors_of(self, name: str, value: object) -> list[InputError]:
        """Return the first errors of a value by the schema of a flow, `SUBMISSION` or `UPLOAD`."""
        from fastjsonschema import JsonSchemaValuesException  # noqa: PLC0415 - only a submission needs it

        validator = self._validator(name)
        try:
            validator.module.validate(value, validator.checks)
        except JsonSchemaValuesException as refused:
            entries = chain.from_iterable(_explain(error, validator.checks) for error in refused.errors)
            return list(islice(entries, MAX_ERRORS))
        finally:
            validator.checks.seen.clear()
        return []

    def prepare(self, name: str) -> None:
        """Load the validator of a flow, `SUBMISSION` or `UPLOAD`."""
        self._validator(name)

    def cannot_run(self, taken_by: str | None, problem: str) -> str:
        """Return why these flows cannot run a job; name both versions if another version accepted it."""
        if taken_by == self.version:
            return problem
        taker = "an older version" if taken_by is None else f"version {taken_by}"
        return f"{taker} of the flows accepted the job, and version {self.version} cannot run it: {problem}"

    def _validator(self, name: str) -> _Validator:
        if name not in self._validators:
            path = self.folder / "validators" / f"{validator_name(name)}.py"
            spec = importlib.util.spec_from_file_location(f"catalog.{path.stem}", path)
            if spec is None or spec.loader is None:
                raise ImportError(f"{path} is not a module")
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            self._validators[name] = _Validator(module, TextChecks(module.CHECKS))
        return self._validators[name]


def openapi_name(*, of_flows: bool) -> str:
    """Return the file name of the OpenAPI document, with the flows or without."""
    return "openapi-flows.json" if of_flows else "openapi.json"


def validator_name(name: str) -> str:
    """Return the file name of a flow's validator, unique because a slug has no dot."""
    return name.replace("/", ".")


def _explain(error: Any, checks: TextChecks) -> Iterator[InputError]:
    """Convert a validator's error to entries with the caller's paths."""
    path = ".".join(error.path[1:])
    if error.rule == "additionalProperties" and isinstance(error.definition.get("properties"), dict):
        unknown = (key for key in error.value if key not in error.definition["properties"])
        yield from ((f"{path}.{key}".lstrip("."), "is not known here") for key in unknown)
    elif error.rule == "required":
        missing = (key for key in error.definition["required"] if key not in error.value)
        yield from ((f"{path}.{key}".lstrip("."), "is required") for key in missing)
    elif error.rule in ("anyOf", "oneOf"):
        yield path, "matches none of the allowed schemas: GET /api/v1/flows shows them"
    elif error.rule == "format" and error.definition["format"] == "date-time":
        yield path, "must be a timestamp in ISO 8601, such as 2026-01-31T12:00:00Z"
    elif error.rule == "format":
        yield path, f"is invalid: {checks.reason(error.definition['format'], error.value)}"
    elif error.rule == "propertyNames":
        yield path, f"has an invalid name: {_wrong_name(error, checks)}"
    else:
        yield path, error.message.removeprefix(error.name).strip()


def _wrong_name(error: Any, checks: TextChecks) -> str:
    """Return the invalid name of an object, and the reason."""
    rules = dict(error.definition["propertyNames"])
    for name in error.value:
        reasons = (checks.reason(rule["format"], name) for rule in rules.get("allOf", ()) if "format" in rule)
        reason = next(filter(None, reasons), None)
        if reason is not None:
            return f"{json.dumps(name)}: {reason}"
    return json.dumps(rules)
