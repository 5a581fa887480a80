"""The parsing of a submission into input and options of its job. Pure."""

import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from noukai_functions.catalog.entries import SUBMISSION, UPLOAD, Catalog, FlowEntry, InputError
from noukai_functions.json_text import TOO_DEEP, TOO_LARGE, check_size, parse_object, read_list, read_object
from noukai_functions.refusals import MAX_ERRORS, FlowNotFoundError, InvalidInputError, MissingMessageError
from noukai_functions.timestamps import NOT_A_TIMESTAMP, parse_timestamp
from noukai_wire import limits
from noukai_wire.slug import is_slug
from noukai_wire.text import is_too_deep
from noukai_wire.unsupported import IGNORED_FIELDS, UNSUPPORTED_FIELDS

if TYPE_CHECKING:
    from noukai_wire.traces import Trace

_FIELDS = ("message", "parameters", "input", "options")
_IDEMPOTENCY_KEY = re.compile(rf"[\x20-\x7e]{{1,{limits.MAX_IDEMPOTENCY_KEY_LENGTH}}}")


@dataclass(frozen=True, slots=True)
class Submission:
    """A validated submission: the flow's arguments, the job's options, and a digest of both."""

    arguments: Mapping[str, Any]
    options: Mapping[str, Any]
    digest: bytes
    """The first 16 bytes of the SHA-256 of message, parameters and options.

    For an uploaded input, its own SHA-256 takes the place of message and parameters, so that its retention
    class does not count."""
    input: str | None = None
    """The reference to an uploaded input."""
    trace: "Trace | None" = None
    """The caller's span, which the digest ignores: a repeated submission may have another one."""


def flow_name(path: Mapping[str, str], catalog: Catalog) -> str:
    """Parse the path: `project/flow` of a deployed flow."""
    project, flow = path["project"], path["flow"]
    name = f"{project}/{flow}"
    if not (is_slug(project) and is_slug(flow)) or name not in catalog.flows:
        raise FlowNotFoundError(name)
    if path.get("version", "v0") != "v0":
        raise FlowNotFoundError(f"{name}/{path['version']}")
    return name


def parse_submission(body: bytes, name: str, catalog: Catalog, trace: "Trace | None" = None) -> Submission:
    """Validate a body for the flow `name`, in the contract's order."""
    return submission_of(read_object(body), name, catalog, trace)


def parse_batch(body: bytes) -> list[Any]:
    """Parse a body into its submissions, unvalidated, so that each can be refused on its own."""
    fields = read_object(body)
    _refuse((name, "is not known here") for name in fields if name != "jobs")
    return read_list(fields, "jobs")


def keyed_submission(
    entry: object, name: str, catalog: Catalog, trace: "Trace | None" = None
) -> tuple[str | None, Submission]:
    """Validate a submission of a batch; return it with its idempotency key."""
    if not isinstance(entry, dict):
        raise InvalidInputError([("", "must be an object")])
    fields = dict(entry)
    key = fields.pop("idempotencyKey", None)
    submission = submission_of(fields, name, catalog, trace)
    if key is not None and not isinstance(key, str):
        raise InvalidInputError([("idempotencyKey", "must be a string")])
    return check_idempotency_key(key, "idempotencyKey"), submission


def submission_of(
    fields: Mapping[str, Any], name: str, catalog: Catalog, trace: "Trace | None" = None
) -> Submission:
    """Validate a submission for the flow `name`, in the contract's order."""
    uploaded = fields.get("input") is not None
    if not uploaded:
        _require_message(fields, name, catalog)
    stated = _stated(fields, SUBMISSION, catalog)
    if uploaded and (stated.get("message") is not None or stated.get("parameters")):
        raise InvalidInputError(
            [("input", "cannot be combined with message or parameters: give one or the other")]
        )
    arguments = {} if uploaded else _checked_arguments(stated, name, catalog)
    options = _options(stated, catalog.flows[name])
    # An uploaded input is digested as a string, so that no arguments, an object, have the same digest.
    digested = stated["input"].rpartition("/")[2] if uploaded else arguments
    digest = hashlib.sha256(_canonical([digested, options])).digest()[:16]
    return Submission(arguments, options, digest, stated.get("input"), trace)


def uploaded_arguments(content: bytes, name: str, catalog: Catalog) -> Mapping[str, Any]:
    """Parse and validate an uploaded input into the arguments of the flow `name`."""
    fields = parse_object(content)
    del content  # it may take a tenth of the memory
    _refuse(
        (key, "is not known in an uploaded input") for key in fields if key not in ("message", "parameters")
    )
    _require_message(fields, name, catalog)
    return _checked_arguments(_stated(fields, SUBMISSION, catalog), name, catalog)


@dataclass(frozen=True, slots=True)
class Announced:
    """An announced upload: its size in bytes, its SHA-256 in hex, and its job's options."""

    size: int
    sha256: str
    options: Mapping[str, Any]


def parse_announcement(body: bytes, name: str, catalog: Catalog) -> Announced:
    """Validate an upload request for the flow `name`, in the contract's order."""
    fields = read_object(body)
    size = fields.get("bytes")
    if isinstance(size, int | float):
        check_size("input", int(size) if math.isfinite(size) else 0, limits.MAX_PAYLOAD_BYTES)
    stated = _stated(fields, UPLOAD, catalog)
    return Announced(int(stated["bytes"]), stated["sha256"], _options(stated, catalog.flows[name]))


def _require_message(fields: Mapping[str, Any], name: str, catalog: Catalog) -> None:
    if catalog.flows[name].message_required and fields.get("message") is None:
        raise MissingMessageError(name)


def _stated(fields: Mapping[str, Any], schema: str, catalog: Catalog) -> Mapping[str, Any]:
    """Validate a body against its schema, and drop empty fields."""
    _refuse(_structural_errors(fields))
    _refuse([(key, "is not supported here") for key in fields if not _is_silent(key, fields[key])])
    stated = {key: value for key, value in fields.items() if key not in UNSUPPORTED_FIELDS}
    stated = {key: value for key, value in stated.items() if value is not None or key not in _FIELDS}
    _refuse(catalog.errors_of(schema, stated))
    return stated


def _checked_arguments(stated: Mapping[str, Any], name: str, catalog: Catalog) -> Mapping[str, Any]:
    arguments = _arguments(stated, takes_null="message" in catalog.flows[name].input.get("required", ()))
    _refuse([(_place(path), message) for path, message in catalog.errors_of(name, arguments)])
    return arguments


def _options(stated: Mapping[str, Any], flow: FlowEntry) -> Mapping[str, Any]:
    options = {key: _whole(value) for key, value in stated.get("options", {}).items() if value is not None}
    _refuse([*_timeout_errors(options, flow), *_backoff_errors(options, flow)])
    return options | _run_at(options)


def check_idempotency_key(key: str | None, place: str = "Idempotency-Key") -> str | None:
    """Return the idempotency key, if there is one; refuse an invalid key."""
    if key is not None and not _IDEMPOTENCY_KEY.fullmatch(key):
        longest = limits.MAX_IDEMPOTENCY_KEY_LENGTH
        raise InvalidInputError([(place, f"must be 1 to {longest} printable ASCII characters")])
    return key


def _structural_errors(fields: Mapping[str, Any]) -> list[InputError]:
    """Return the errors that no schema covers: excessive depth, invalid Unicode and numbers."""
    if is_too_deep(fields):
        return [("", TOO_DEEP)]
    try:
        _canonical(fields)
    except UnicodeEncodeError:
        return [("", "holds half of a surrogate pair, which is not valid Unicode")]
    except ValueError:
        return [("", TOO_LARGE)]
    return []


def _is_silent(key: str, value: object) -> bool:
    """Return whether a field is supported, or empty and so ignored."""
    return key not in UNSUPPORTED_FIELDS or not value or (key in IGNORED_FIELDS and value is True)


def _arguments(stated: Mapping[str, Any], *, takes_null: bool) -> dict[str, Any]:
    """Merge message and parameters; a missing message becomes null if the flow accepts null."""
    parameters: dict[str, Any] = stated.get("parameters", {})
    if "message" in parameters:
        raise InvalidInputError([("parameters.message", "must be given as 'message', beside 'parameters'")])
    if "message" in stated or takes_null:
        return parameters | {"message": stated.get("message")}
    return parameters


def _whole(option: Any) -> Any:
    """Convert a whole float to an int, since JSON Schema's `integer` includes `5.0`."""
    return int(option) if isinstance(option, float) and option.is_integer() else option


def _timeout_errors(options: Mapping[str, Any], flow: FlowEntry) -> list[InputError]:
    """Return the error of a timeout that exceeds the worker's, if it does."""
    if options.get("timeoutSeconds", 0) <= flow.longest_seconds:
        return []
    return [("options.timeoutSeconds", f"must be smaller than or equal to {flow.longest_seconds}")]


def _backoff_errors(options: Mapping[str, Any], flow: FlowEntry) -> list[InputError]:
    """Return the error of a backoff that exceeds its cap, whether set by the submission or the flow."""
    base = options.get("backoffSeconds", flow.backoff_seconds)
    cap = options.get("backoffCapSeconds", flow.backoff_cap_seconds)
    if base <= cap:
        return []
    if "backoffSeconds" in options:
        return [("options.backoffSeconds", f"must be at most {cap:g}, the backoffCapSeconds")]
    return [("options.backoffCapSeconds", f"must be at least {base:g}, the backoffSeconds")]


def _run_at(options: Mapping[str, Any]) -> dict[str, int]:
    """Parse the start time, so that different spellings of a time have the same digest."""
    if "runAt" not in options:
        return {}
    if "delaySeconds" in options:
        raise InvalidInputError(
            [("options.runAt", "cannot be combined with delaySeconds: give one of the two")]
        )
    try:
        return {"runAt": parse_timestamp(options["runAt"])}
    except ValueError:
        raise InvalidInputError([("options.runAt", NOT_A_TIMESTAMP)]) from None


def _place(path: str) -> str:
    """Return an argument's path in the body of the request."""
    return path if path.split(".", maxsplit=1)[0] == "message" else f"parameters.{path}"


def _canonical(value: object) -> bytes:
    return json.dumps(
        value, sort_keys=True, allow_nan=False, ensure_ascii=False, separators=(",", ":")
    ).encode()


def _refuse(errors: Iterable[InputError]) -> None:
    first = list(islice(errors, MAX_ERRORS))
    if first:
        raise InvalidInputError(first)
