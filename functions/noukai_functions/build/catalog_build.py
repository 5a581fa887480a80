"""A build step: check a folder of flows and write its catalog.

    python -m noukai_functions.build.catalog_build FLOWS OUT FLOW_SECONDS GRACE_SECONDS SETTINGS

FLOW_SECONDS is what the deployment's default worker has for one attempt, GRACE_SECONDS what every worker has
for stopping one, and SETTINGS the name of the file that sets them, for messages. A flow that takes longer is
given to a worker that has the time, and a submission that asks for more than its flow's worker has is
refused. `--worker=NAME=FLOW_SECONDS` names a worker kind that flows may ask for; other further arguments are
flows that were deployed before. A module that cannot be imported or a flow whose signature makes no sense
ends it with status 1 and a line for each, `file:line: what is wrong`, on standard error.
"""

import inspect
import json
import sys
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from noukai.flow import Flow
from noukai.flow.runtime import note_flows
from noukai_functions.build.catalog_files import write_catalog
from noukai_functions.build.complaints import complaints_about, slug_rule
from noukai_functions.build.flow_schedules import missing_input
from noukai_functions.build.imports import advice, missing_in, missing_later
from noukai_functions.build.left_out import Offered, clashes, left_out, place_of
from noukai_functions.build.schema import ReadableSchema, output_schema
from noukai_functions.build.validators.code import Validator, flow_validator
from noukai_functions.build.worker_kinds import MAX_WORKER_KINDS, WorkerTime, worker_kind_of
from noukai_functions.catalog.entries import FlowEntry
from noukai_functions.worker.inside.flow_loader import PACKAGE, flows_of, open_folder, projects
from noukai_wire.slug import is_slug

_WORKER = "--worker="
_DEFAULT_TIME = WorkerTime()


class FlowError(Exception):
    """A flow that cannot be deployed, with its place and the error."""


class FlowErrors(Exception):  # noqa: N818 - it is several errors
    """The errors of a flows folder, one `FlowError` each."""

    def __init__(self, errors: list[FlowError]) -> None:
        super().__init__("\n".join(map(str, errors)))


def build_catalog(
    flows: Path, out: Path, worker: WorkerTime = _DEFAULT_TIME, former: Iterable[str] = ()
) -> None:
    """Write `flows.json` and a compiled validator for each flow; raise `FlowErrors` if a flow is wrong."""
    open_folder(flows.resolve())
    entries: dict[str, FlowEntry] = {}
    validators: dict[str, Validator] = {}
    errors = [FlowError(clash) for clash in clashes(flows)]
    offered = Offered()
    note_flows(offered.made)
    for project, path in projects(flows).items():
        try:
            for name, flow in _named_flows(project, path, offered):
                entries[name], validators[name] = _entry(flow, worker)
        except FlowError as error:
            errors.append(error)
    if len(offered.modules) == len(projects(flows)):
        errors += map(FlowError, left_out(flows, offered))
    if not entries and not errors:
        errors.append(
            FlowError(
                f"{flows}: there is no flow in this folder: decorate a function of a public module with @flow"
            )
        )
    errors += map(FlowError, missing_later(flows))
    kinds = {entry.worker_kind for entry in entries.values()} - {None}
    if len(kinds) > MAX_WORKER_KINDS:
        errors.append(
            FlowError(
                f"{flows}: the flows ask for {len(kinds)} worker kinds; at most {MAX_WORKER_KINDS} are "
                "allowed: let some of them ask for the same kind"
            )
        )
    if errors:
        raise FlowErrors(errors)
    write_catalog(flows, out, entries, validators, former)


def _named_flows(project: str, path: Path, offered: Offered) -> Iterator[tuple[str, Flow]]:
    if not is_slug(project):
        raise FlowError(f"{path}:1: {slug_rule('project', project)}: rename the module")
    seen: dict[str, Flow] = {}
    for flow in _import(path, offered):
        if complaints := complaints_about(flow):
            raise FlowError(f"{_place(flow)}: flow {flow.name!r}: {'; '.join(complaints)}")
        if flow.name in seen:
            raise FlowError(
                f"{_place(flow)}: the flow {flow.name!r} is defined twice, also at {_place(seen[flow.name])}"
            )
        seen[flow.name] = flow
        yield f"{project}/{flow.name}", flow


def _import(path: Path, offered: Offered) -> list[Flow]:
    try:
        flows = list(flows_of(path))
    except SyntaxError as error:
        raise FlowError(f"{error.filename or path}:{error.lineno or 1}: {error.msg}") from error
    except (Exception, SystemExit) as error:
        frames = [
            frame for frame in traceback.extract_tb(error.__traceback__) if "importlib" not in frame.filename
        ]
        inside = [frame for frame in frames if Path(frame.filename).parent == path.resolve().parent]
        line = inside[-1].lineno if inside else 1
        where = inside[-1].filename if inside else path
        missing = missing_in(error)
        instead = f": {advice(missing, path.parent)}" if missing else ""
        raise FlowError(f"{where}:{line}: {type(error).__name__}: {error}{instead}") from error
    offered.flows += flows
    offered.modules.append(sys.modules[f"{PACKAGE}.{path.stem}"])
    return flows


def _entry(flow: Flow, worker: WorkerTime) -> tuple[FlowEntry, Validator]:
    try:
        schema = flow.signature.adapter.json_schema(schema_generator=ReadableSchema)
        _add_defaults(flow, schema)
        json.dumps(schema, allow_nan=False)
        validator = flow_validator(flow.signature.adapter)
    except Exception as error:
        raise FlowError(f"{_place(flow)}: flow {flow.name!r}: its signature is invalid: {error}") from error
    if "message" in flow.signature.parameters and not _takes_text(
        schema["properties"]["message"], schema.get("$defs", {})
    ):
        raise FlowError(f"{_place(flow)}: flow {flow.name!r}: its parameter 'message' must accept text")
    try:
        worker_kind, longest = worker_kind_of(flow, worker)
    except ValueError as error:
        raise FlowError(f"{_place(flow)}: flow {flow.name!r}: {error}") from error
    entry = FlowEntry(
        description=inspect.getdoc(flow.function),
        input=schema,
        message_required=_requires_message(flow),
        timeout_seconds=flow.timeout,
        max_attempts=flow.max_attempts,
        backoff_seconds=flow.backoff,
        backoff_cap_seconds=flow.backoff_cap,
        keep_seconds=flow.keep,
        longest_seconds=longest,
        worker_kind=worker_kind,
        needs_engine=validator.needs_engine,
        output=output_schema(flow.returns),
        fresh_process=flow.fresh_process,
        **asdict(flow.schedule),
    )
    if complaint := missing_input(entry):
        raise FlowError(f"{_place(flow)}: flow {flow.name!r}: {complaint}")
    return entry, validator


def _takes_text(schema: dict[str, Any], definitions: dict[str, Any]) -> bool:
    """Return whether a schema accepts text."""
    if "$ref" in schema:
        return _takes_text(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    variants = schema.get("anyOf") or schema.get("oneOf")
    if variants:
        return any(_takes_text(variant, definitions) for variant in variants)
    types = schema.get("type", "string")
    return "string" in ([types] if isinstance(types, str) else types)


def _add_defaults(flow: Flow, schema: dict[str, Any]) -> None:
    """Add each default to the schema as a job would get it; raise if it is invalid."""
    if aliased := flow.signature.parameters.keys() - schema["properties"]:
        raise ValueError(
            f"the parameters {sorted(aliased)} have an alias, but a job passes every argument by its name"
        )
    for name in flow.signature.defaults:
        try:
            schema["properties"][name]["default"] = flow.signature.shown_default(name)
        except (ValueError, TypeError) as error:
            raise ValueError(f"the default of {name!r} does not match its annotation: {error}") from error


def _requires_message(flow: Flow) -> bool:
    if "message" not in flow.signature.parameters or "message" in flow.signature.defaults:
        return False
    try:
        TypeAdapter(flow.signature.annotations["message"]).validate_python(None)
    except ValidationError:
        return True
    return False


def _place(flow: Flow) -> str:
    return ":".join(map(str, place_of(flow)))


def main(arguments: list[str]) -> int:
    """Run the build step."""
    times, settings, further = arguments[2:4], arguments[4:5], arguments[5:]
    if not settings or not all(map(str.isdecimal, times)):
        usage = "FLOWS OUT FLOW_SECONDS GRACE_SECONDS SETTINGS [--worker=NAME=SECONDS ...] [FORMER_FLOW ...]"
        sys.stderr.write(f"usage: python -m noukai_functions.build.catalog_build {usage}\n")
        return 2
    flows, out = map(Path, arguments[:2])
    kinds = (each.removeprefix(_WORKER).split("=") for each in further if each.startswith(_WORKER))
    named = {name: int(seconds) for name, seconds in kinds}
    worker = WorkerTime(int(times[0]), int(times[1]), settings[0], named)
    if not flows.is_dir():
        sys.stderr.write(f"{flows}: this flows folder does not exist\n")
        return 1
    try:
        build_catalog(flows, out, worker, [each for each in further if not each.startswith(_WORKER)])
    except FlowErrors as errors:
        sys.stderr.write(f"{errors}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
