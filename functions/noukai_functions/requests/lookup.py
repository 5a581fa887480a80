"""The lookup of the job named by a path."""

from collections.abc import Mapping
from dataclasses import dataclass

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.clock import Clock
from noukai_functions.jobs.lifecycle import JOB_ID, Job
from noukai_functions.jobs.overdue import settled
from noukai_functions.jobs.table import JobsTable
from noukai_functions.refusals import JobNotFoundError, UnreadableJobError, UnreadableRowError
from noukai_functions.telemetry.logger import logger


def named_job(path: Mapping[str, str]) -> tuple[str, str | None]:
    """Parse a path into the job's id, and `project/flow` if the path names the flow."""
    job_id = path["id"]
    if not JOB_ID.fullmatch(job_id):
        raise JobNotFoundError
    flow = f"{path['project']}/{path['flow']}" if "flow" in path else None
    return job_id, flow


@dataclass(frozen=True, slots=True)
class Lookup:
    """The lookup of an org's jobs in the table."""

    table: JobsTable
    clock: Clock

    def find(self, path: Mapping[str, str], api_key: ApiKey) -> Job:
        """Read the job that a path names, if the key covers it.

        The read is strongly consistent, so that no status follows a terminal one.
        """
        job_id, flow = named_job(path)
        try:
            job = self.table.read(job_id, consistent=True)
        except UnreadableRowError as error:
            # Other orgs get the same answer as for an unknown job.
            if error.org != api_key.org or api_key.flows:
                raise JobNotFoundError from None
            logger().exception(
                "a job cannot be read", extra={"job_id": error.job_id, "org": error.org, "reason": str(error)}
            )
            raise UnreadableJobError(error.job_id) from None
        now = self.clock.now()
        if job is None or not (is_visible(job, api_key.org, flow, now) and api_key.covers(job.flow)):
            raise JobNotFoundError
        return settled(job, self.table, now)


def is_visible(job: Job, org: str, flow: str | None, now: int) -> bool:
    """Return whether the job belongs to the org and the path's flow, and has not expired."""
    return job.org == org and flow in (None, job.flow) and not job.is_expired(now)
