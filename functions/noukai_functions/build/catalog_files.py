"""The files of a catalog, read by submit, describe and the workers."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from noukai_functions.build.openapi.document import openapi
from noukai_functions.build.openapi.examples import example_submissions
from noukai_functions.build.schema import ReadableSchema, bound_timeout
from noukai_functions.build.validators.code import Validator, body_validator
from noukai_functions.catalog.entries import (
    SCHEDULE,
    SUBMISSION,
    UPLOAD,
    FlowEntry,
    openapi_name,
    validator_name,
)
from noukai_wire.models import Submission, SubmitOptions, WireModel
from noukai_wire.schedules import NewSchedule
from noukai_wire.uploads import Upload

_VERSION_DIGITS = 8


def write_catalog(
    flows: Path,
    out: Path,
    entries: dict[str, FlowEntry],
    validators: dict[str, Validator],
    former: Iterable[str] = (),
) -> None:
    """Write the entries and their version, the flows' validators, and the OpenAPI documents.

    `former` are flows that were deployed before; those in `entries` are left out.
    """
    longest = max(entry.longest_seconds for entry in entries.values())
    folder = out / "validators"
    folder.mkdir(parents=True, exist_ok=True)
    bodies: dict[str, type[WireModel]] = {SUBMISSION: Submission, UPLOAD: Upload, SCHEDULE: NewSchedule}
    of_bodies = {name: body_validator(_body_schema(model, longest)) for name, model in bodies.items()}
    for name, validator in (validators | of_bodies).items():
        (folder / f"{validator_name(name)}.py").write_text(validator.code, encoding="utf-8")
    made = {name: asdict(entry) for name, entry in sorted(entries.items())}
    codes = [validator.code for _, validator in sorted(validators.items())]
    gone = sorted(set(former) - entries.keys())
    catalog = {"version": _version(flows, json.dumps([made, codes])), "flows": made, "former": gone}
    (out / "flows.json").write_text(json.dumps(catalog), encoding="utf-8")
    examples = example_submissions(entries, {name: validator.code for name, validator in validators.items()})
    for of_flows in (True, False):
        document = openapi(entries if of_flows else {}, longest, examples)
        (out / openapi_name(of_flows=of_flows)).write_text(json.dumps(document), encoding="utf-8")


def _version(flows: Path, made: str) -> str:
    """Return the version of the flows: a hash of their files and the catalog."""
    digest = hashlib.sha256(made.encode())
    for path in sorted(path for path in flows.rglob("*") if path.is_file()):
        name = path.relative_to(flows)
        if not any(part.startswith(".") or part == "__pycache__" for part in name.parts):
            digest.update(f"{name.as_posix()}\n{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()[:_VERSION_DIGITS]


def _body_schema(model: type[WireModel], longest_seconds: int) -> dict[str, Any]:
    schema = model.model_json_schema(schema_generator=ReadableSchema)
    bound_timeout(schema["$defs"][SubmitOptions.__name__], longest_seconds)
    return schema
