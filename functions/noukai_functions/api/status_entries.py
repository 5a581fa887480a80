"""The statuses of many jobs in one answer."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.api.answers import entry_error, poll_interval_ms
from noukai_functions.api.errors import error_answer
from noukai_functions.api.outputs import Outputs, size_of
from noukai_functions.api.statuses import job_status
from noukai_functions.clock import Clock
from noukai_functions.jobs.lifecycle import JOB_ID
from noukai_functions.jobs.overdue import settled
from noukai_functions.jobs.table import JobsTable, Row
from noukai_functions.refusals import (
    JobNotFoundError,
    Refusal,
    UnavailableError,
    UnreadableJobError,
    UnreadableRowError,
)
from noukai_functions.requests.lookup import is_visible
from noukai_functions.telemetry.logger import logger

_ROOM = 640 * 1024
"""Bytes of entries after which no further entry is added. The last one may add 800 KB. Lambda's limit is 6
MB, and its encoding doubles each quotation mark and backslash."""


@dataclass(frozen=True, slots=True)
class StatusEntries:
    """The status entries of an org's jobs, one for each requested id."""

    table: JobsTable
    clock: Clock
    outputs: Outputs

    def read(self, ids: list[str], api_key: ApiKey, request_id: str) -> Iterator[dict[str, Any]]:
        """Return an entry for each id: the job and its poll interval, or an error.

        The reads are strongly consistent, like that of a single job.
        """
        rows = self.table.read_many(filter(JOB_ID.fullmatch, ids), results=True)
        room = _ROOM
        for id_ in ids:
            try:
                if JOB_ID.fullmatch(id_) and id_ not in rows:
                    raise UnavailableError
                entry = {"id": id_, **self._entry(id_, rows.get(id_), api_key, room)}
            except (Refusal, UnreadableRowError) as error:
                yield {"id": id_, **entry_error(error_answer(error, request_id))}
            else:
                room -= len(json.dumps(entry))
                yield entry

    def _entry(self, id_: str, row: Row, api_key: ApiKey, room: int) -> dict[str, Any]:
        now = self.clock.now()
        if isinstance(row, UnreadableRowError):
            logger().error(
                "a job cannot be read", extra={"job_id": row.job_id, "org": row.org, "reason": str(row)}
            )
            is_own = row.org == api_key.org and not api_key.flows
            raise UnreadableJobError(id_) if is_own else JobNotFoundError()
        if row is None or not (is_visible(row, api_key.org, None, now) and api_key.covers(row.flow)):
            raise JobNotFoundError
        if size_of(row) > room:
            raise UnavailableError
        job = settled(row, self.table, now)
        interval = {} if job.is_terminal else {"retryAfterMs": poll_interval_ms(job, now)}
        return {"job": job_status(job, self.outputs.shown(job)), **interval}
