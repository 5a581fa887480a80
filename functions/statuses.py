"""Entry: many jobs as they stand."""

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
from noukai_wire.scopes import Scope

_MOST_RESULTS = 512 * 1024
"""Characters of results in an answer: AWS takes 6 MB of a function, where some characters become seven bytes."""


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
    room = _MOST_RESULTS
    for id_ in ids:
        job, now = rows.get(id_), deployment.clock.now()
        if is_job_id(id_) and id_ not in rows:
            yield {"id": id_, **entry_error(unavailable())}
        elif job is None or not is_visible(job, caller, None, now):
            yield {"id": id_, **entry_error(job_not_found())}
        elif size_of(job) > room:
            yield {"id": id_, **entry_error(unavailable())}
        else:
            room -= size_of(job)
            job = settled(job, deployment, now)
            pace = {} if job.is_terminal else {"retryAfterMs": pause_ms(job, now)}
            yield {"id": id_, "job": job_status(job, shown(job, deployment)), **pace}


handler = Endpoint(statuses, scope=Scope.READ)
