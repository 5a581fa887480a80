"""Handler: the status of many jobs."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from functions.abandoning import settled
from functions.body import read_list, read_object
from functions.deployment import Deployment
from functions.errors import error_answer
from functions.http import Endpoint, Request, Response
from functions.identity import is_job_id
from functions.keys import Caller
from functions.pace import pause_ms
from functions.reading import is_visible
from functions.ready import get_ready
from functions.refusals import (
    InvalidInputError,
    JobNotFoundError,
    Refusal,
    UnavailableError,
    UnreadableJobError,
    UnreadableRowError,
)
from functions.results import shown, size_of
from functions.store import Row
from functions.telemetry import logger
from functions.views import entry_error, job_status

_ROOM = 640 * 1024
"""Bytes of entries after which no further one is shown. An entry that begins within it may have another 800
KB, and AWS takes 6 MB of a function, with each quotation mark and backslash twice."""


def statuses(request: Request, caller: Caller, deployment: Deployment) -> Response:
    """Return an entry for each id: the caller's job and its poll interval, or an error.

    The reads are strongly consistent, as that of one job is.
    """
    ids = _ids(request.body)
    request.know_query()
    rows = deployment.store.read_many(filter(is_job_id, ids), results=True)
    return Response({"jobs": list(_entries(ids, rows, request, caller, deployment))})


def _ids(body: bytes) -> list[str]:
    fields = read_object(body)
    ids = read_list(fields, "ids")
    errors = [(name, "is not known here") for name in fields if name != "ids"]
    errors += [(f"ids.{place}", "must be a string") for place, each in enumerate(ids) if not isinstance(each, str)]
    if errors:
        raise InvalidInputError(errors)
    return ids


def _entries(
    ids: list[str], rows: Mapping[str, Row], request: Request, caller: Caller, deployment: Deployment
) -> Iterator[dict[str, Any]]:
    room = _ROOM
    for id_ in ids:
        try:
            shown_of_id = _entry(id_, rows, room, caller, deployment)
        except (Refusal, UnreadableRowError) as error:
            yield {"id": id_, **entry_error(error_answer(error, request.id))}
        else:
            entry = {"id": id_, **shown_of_id}
            room -= len(json.dumps(entry))
            yield entry


def _entry(id_: str, rows: Mapping[str, Row], room: int, caller: Caller, deployment: Deployment) -> dict[str, Any]:
    row, now = rows.get(id_), deployment.clock.now()
    if is_job_id(id_) and id_ not in rows:
        raise UnavailableError
    if isinstance(row, UnreadableRowError):
        logger().error("a job cannot be read", extra={"job_id": row.job_id, "reason": str(row)})
        raise UnreadableJobError(id_) if row.org == caller.org else JobNotFoundError()
    if row is None or not is_visible(row, caller.org, None, now):
        raise JobNotFoundError
    if size_of(row) > room:
        raise UnavailableError
    job = settled(row, deployment.store, now)
    pace = {} if job.is_terminal else {"retryAfterMs": pause_ms(job, now)}
    return {"job": job_status(job, shown(job, deployment)), **pace}


handler = Endpoint(statuses)
get_ready(lambda made: (made.keys, made.store))
