"""Entry: many jobs as they stand."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from functions.abandoning import settled
from functions.body import read_list, read_object
from functions.deployment import Deployment
from functions.errors import InvalidInputError, job_not_found, unavailable
from functions.http import Endpoint, Request, Response
from functions.identity import is_job_id
from functions.keys import Caller
from functions.lifecycle import Job
from functions.pace import pause_ms
from functions.reading import is_visible
from functions.results import shown, size_of
from functions.views import entry_error, job_status

_ROOM = 640 * 1024
"""Bytes of entries after which no further one is shown. An entry that begins within it may have another 800 KB, and AWS
takes 6 MB of a function, with each quotation mark and backslash twice."""


def statuses(request: Request, caller: Caller, deployment: Deployment) -> Response:
    """Answer with an entry for each id: the caller's job and when to ask again, or an error of its own.

    The reads are strongly consistent, as that of one job is.
    """
    ids = _ids(request.body)
    rows = deployment.store.read_many(filter(is_job_id, ids), results=True)
    return Response({"jobs": list(_entries(ids, rows, caller, deployment))})


def _ids(body: bytes) -> list[str]:
    fields = read_object(body)
    ids = read_list(fields, "ids")
    errors = [(name, "is not known here") for name in fields if name != "ids"]
    errors += [(f"ids.{place}", "must be a string") for place, each in enumerate(ids) if not isinstance(each, str)]
    if errors:
        raise InvalidInputError(errors)
    return ids


def _entries(
    ids: list[str], rows: Mapping[str, Job | None], caller: Caller, deployment: Deployment
) -> Iterator[dict[str, Any]]:
    room = _ROOM
    for id_ in ids:
        job, now = rows.get(id_), deployment.clock.now()
        if is_job_id(id_) and id_ not in rows:
            yield {"id": id_, **entry_error(unavailable())}
        elif job is None or not is_visible(job, caller, None, now):
            yield {"id": id_, **entry_error(job_not_found())}
        elif size_of(job) > room:
            yield {"id": id_, **entry_error(unavailable())}
        else:
            job = settled(job, deployment, now)
            pace = {} if job.is_terminal else {"retryAfterMs": pause_ms(job, now)}
            entry = {"id": id_, "job": job_status(job, shown(job, deployment)), **pace}
            room -= len(json.dumps(entry))
            yield entry


handler = Endpoint(statuses)
