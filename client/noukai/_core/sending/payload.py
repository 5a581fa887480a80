"""The transfer of inputs and outputs that are too large for the API, through presigned URLs.

Presigned URLs are requested without the API key.
"""

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx
from pydantic import ValidationError

from noukai._core.address import FlowAddress, is_host
from noukai._core.answer import read
from noukai._core.exchange import Patience
from noukai._core.operation import Deadline, Listener, Operation
from noukai._errors import NotFoundError, PermissionDeniedError, UnexpectedAnswerError
from noukai._io.stream import SINK, Pieces, Received
from noukai_wire.limits import MAX_PAYLOAD_BYTES
from noukai_wire.models import ExecuteResult, JobStatus
from noukai_wire.routes import Route
from noukai_wire.uploads import JobInput, UploadTarget

from .submission import Submission
from .transfer import Transfer

if TYPE_CHECKING:
    from noukai._core.api import Api

_REFERENCE = ("output_url", "output_bytes", "output_sha256")


def uploaded(
    api: "Api", address: FlowAddress, submission: Submission, on_transfer: Listener | None = None
) -> Operation[Submission]:
    """Upload an input that is too large for a body; return the submission with its reference."""
    content = submission.input
    if content is None:
        return submission
    try:
        target = yield from _upload(api, address, submission, content, on_transfer)
    except PermissionDeniedError as error:
        if error.code is not None:  # an error of the API itself, such as a missing scope
            raise
        target = yield from _upload(api, address, submission, content, on_transfer)  # the URL has expired
    return submission.referring_to(target.input)


def with_output(
    api: "Api",
    status: JobStatus,
    deadline: Deadline | None = None,
    patience: Patience | None = None,
    on_transfer: Listener | None = None,
) -> Operation[JobStatus]:
    """Fetch a job's output if it is behind a URL; return the status with the output."""
    deadline = deadline or Deadline(api.clock)
    try:
        return (yield from _with_output(api, status, deadline, patience, on_transfer))
    except (NotFoundError, PermissionDeniedError):
        # The URL has expired or the output is lost: the API knows which.
        status = yield from api.check(status.id, deadline)
        return (yield from _with_output(api, status, deadline, patience, on_transfer))


def input_of(api: "Api", job_id: str) -> Operation[JobInput]:
    """Fetch the input of a job, which may be behind a URL."""
    deadline = Deadline(api.clock)

    def ask(left: float) -> httpx.Request:
        return api.requests.of(Route.INPUT_BY_ID, left, id=job_id)

    found = read(JobInput, (yield from api.exchange.send(ask, deadline)))
    if found.input_url is None:
        return found
    stored = _Stored(found.input_url, found.input_bytes, found.input_sha256, "input")
    content = yield from _downloaded(api, stored, deadline, None, None)
    try:
        return JobInput.model_validate(content)
    except ValidationError:
        raise UnexpectedAnswerError("the downloaded input is not an object with parameters") from None


def is_behind_url(status: JobStatus) -> bool:
    """Return whether the output must still be downloaded."""
    return status.result is not None and status.result.output_url is not None


def _upload(
    api: "Api", address: FlowAddress, submission: Submission, content: bytes, on_transfer: Listener | None
) -> Operation[UploadTarget]:
    patience = api.exchange.patience_of_submission(submission.retry_for)
    announcement = submission.announcement(hashlib.sha256(content).hexdigest())

    def announce(left: float) -> httpx.Request:
        headers = {"Content-Type": "application/json"}
        return api.requests.of(Route.UPLOAD, left, content=announcement, headers=headers, **address._asdict())

    target = read(UploadTarget, (yield from api.exchange.send(announce, Deadline(api.clock), patience)))
    transfer = Transfer(on_transfer, "uploading", len(content))
    url = _located(target.url)
    host = {"Host": url.netloc.decode()}

    def put(left: float) -> httpx.Request:
        timeout = api.requests.timeouts.of_transfer(len(content), left)
        headers = {**host, **target.headers}
        pieces = Pieces(content, transfer.attempt())
        return httpx.Request("PUT", url, headers=headers, stream=pieces, extensions=timeout)

    yield from transfer.during(api.exchange.send(put, Deadline(api.clock), patience))
    return target


def _located(text: str) -> httpx.URL:
    """Parse a presigned URL from the API; raise `UnexpectedAnswerError` if it is invalid."""
    try:
        url = httpx.URL(text)
        host = url.host  # httpx decodes and validates a host only when it is read
    except (httpx.InvalidURL, UnicodeError):
        url, host = httpx.URL(), ""
    if url.scheme not in ("http", "https") or not is_host(host):
        raise UnexpectedAnswerError(
            "the API has sent an invalid presigned URL: check base_url (NOUKAI_BASE_URL)"
        )
    return url


def _with_output(
    api: "Api", status: JobStatus, deadline: Deadline, patience: Patience | None, on_transfer: Listener | None
) -> Operation[JobStatus]:
    result = status.result
    if result is None or not is_behind_url(status):
        return status
    stored = _Stored(result.output_url or "", result.output_bytes, result.output_sha256, "output")
    output = yield from _downloaded(api, stored, deadline, patience, on_transfer)
    shown = result.model_dump(exclude_unset=True, exclude={*_REFERENCE, "output"})
    return status.model_copy(update={"result": ExecuteResult(**shown, output=output)})


class _Stored(NamedTuple):
    """A value behind a presigned URL."""

    url: str
    size: int | None
    sha256: str | None
    what: str


def _downloaded(
    api: "Api",
    stored: _Stored,
    deadline: Deadline,
    patience: Patience | None,
    on_transfer: Listener | None,
) -> Operation[Any]:
    most = MAX_PAYLOAD_BYTES if stored.size is None else stored.size
    transfer = Transfer(on_transfer, "downloading", most)
    begun: list[Received] = []
    located = _located(stored.url)

    def get(left: float) -> httpx.Request:
        # Each attempt has its own sink, since an abandoned one may still write to its own.
        begun.append(Received(most, transfer.attempt()))
        timeout = api.requests.timeouts.of_transfer(0, left)
        return httpx.Request("GET", located, extensions={**timeout, SINK: begun[-1]})

    try:
        yield from transfer.during(api.exchange.send(get, deadline, patience))
        if begun[-1].sha256 != stored.sha256:
            raise UnexpectedAnswerError(
                f"the downloaded {stored.what} does not match the job's checksum: wait again"
            )
        try:
            return begun[-1].value()
        except (ValueError, RecursionError) as error:
            raise UnexpectedAnswerError(f"the downloaded {stored.what} is not JSON: {error}") from None
    finally:
        for received in begun:
            received.close()
