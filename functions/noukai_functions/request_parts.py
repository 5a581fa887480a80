"""The parts that requests are made of, each made from the function's environment on first use."""

import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from noukai_functions.resources import Resources

if TYPE_CHECKING:
    from noukai_functions.api.outputs import Inputs, Outputs
    from noukai_functions.api.status_entries import StatusEntries
    from noukai_functions.catalog.entries import Catalog
    from noukai_functions.jobs.queues.canary import CanaryShare
    from noukai_functions.jobs.queues.queue import JobQueues
    from noukai_functions.requests.admission import Admission
    from noukai_functions.requests.cancellation import Cancellation
    from noukai_functions.requests.job_page import JobPages
    from noukai_functions.requests.log_following import LogFollowing
    from noukai_functions.requests.lookup import Lookup
    from noukai_functions.requests.retry import Retries
    from noukai_functions.requests.scheduling.changes import Changes
    from noukai_functions.requests.scheduling.firing import Firing
    from noukai_functions.requests.scheduling.in_code import SchedulesInCode


class RequestParts(Resources):
    """The parts that submit, find, show, cancel and retry jobs, and the catalog that they stand on."""

    asset: Path

    @cached_property
    def admission(self) -> "Admission":
        """Return the admission, which turns submissions into jobs."""
        from noukai_functions.requests.admission import Admission

        return Admission(
            self.catalog,
            self.table,
            self.budgets,
            self.queues,
            self.clock,
            lambda: self.delayed_messages,
            lambda: self.objects,
            self.canary,
        )

    @cached_property
    def canary(self) -> "CanaryShare | None":
        """Return the share of new jobs that a canary gets; None if the deployment has no canary."""
        if "CANARY_QUEUES" not in self.environment:
            return None
        from noukai_functions.jobs.queues.canary import CanaryShare

        only = frozenset(filter(None, self.environment.get("CANARY_ONLY", "").split(",")))
        return CanaryShare(self._dynamodb, self.environment["JOBS_TABLE"], self.clock, only)

    @cached_property
    def lookup(self) -> "Lookup":
        """Return the lookup of jobs by their ids."""
        from noukai_functions.requests.lookup import Lookup

        return Lookup(self.table, self.clock)

    @cached_property
    def log_following(self) -> "LogFollowing":
        """Return the following of jobs' logs."""
        from noukai_functions.logs.reader import LogReader
        from noukai_functions.requests.log_following import LogFollowing

        return LogFollowing(self.table, LogReader(self.log_store), self.followers, self.clock)

    @cached_property
    def job_pages(self) -> "JobPages":
        """Return the pages of selected jobs."""
        from noukai_functions.requests.job_page import JobPages

        return JobPages(self.table, self.index, self.clock)

    @cached_property
    def cancellation(self) -> "Cancellation":
        """Return the cancellation of jobs."""
        from noukai_functions.requests.cancellation import Cancellation

        return Cancellation(self.table, self.clock, lambda: self.delayed_messages, lambda: self.saved_inputs)

    @cached_property
    def retries(self) -> "Retries":
        """Return the retries, which resubmit the inputs of jobs that did not complete."""
        from noukai_functions.requests.retry import Retries

        return Retries(self.catalog, self.saved_inputs, self.admission, self.clock, lambda: self.objects)

    @cached_property
    def inputs(self) -> "Inputs":
        """Return the reader of job inputs for answers."""
        from noukai_functions.api.outputs import Inputs

        return Inputs(self.saved_inputs, lambda: self.delayed_messages, lambda: self.objects)

    @cached_property
    def outputs(self) -> "Outputs":
        """Return the reader of job outputs for answers."""
        from noukai_functions.api.outputs import Outputs

        return Outputs(lambda: self.objects)

    @cached_property
    def status_entries(self) -> "StatusEntries":
        """Return the reader of many jobs' statuses."""
        from noukai_functions.api.status_entries import StatusEntries

        return StatusEntries(self.table, self.clock, self.outputs)

    @cached_property
    def schedule_changes(self) -> "Changes":
        """Return the changes of schedules."""
        from noukai_functions.requests.scheduling.changes import Changes

        return Changes(self.schedules, self.catalog, self.admission, self.table, self.clock)

    @cached_property
    def schedules_in_code(self) -> "SchedulesInCode":
        """Return the schedules that flows declare."""
        from noukai_functions.requests.scheduling.in_code import SchedulesInCode
        from noukai_functions.schedules.deployed import Deployed

        deployed = Deployed(self._dynamodb, self.environment["SCHEDULES_TABLE"])
        org = self.environment.get("SCHEDULE_ORG")
        return SchedulesInCode(self.schedules, deployed, self.schedule_changes, self.catalog, org)

    def firing(self) -> "Firing":
        """Return the submission of jobs that are due by their schedules, for one tick."""
        from noukai_functions.requests.scheduling.firing import Firing

        return Firing(
            self.schedules,
            self.catalog,
            self.admission,
            self.cancellation,
            self.table,
            self.api_keys,
            self.clock,
        )

    @cached_property
    def queues(self) -> "JobQueues":
        """Return the queues of all worker kinds."""
        from noukai_functions.jobs.queues.queue import JobQueues

        urls, further, canaries = (
            json.loads(self.environment.get(name, "{}"))
            for name in ("WORKER_KIND_QUEUES", "FURTHER_QUEUES", "CANARY_QUEUES")
        )
        return JobQueues(self.queue, urls, further, canaries)

    @cached_property
    def catalog(self) -> "Catalog":
        """Return the catalog of the flows."""
        from noukai_functions.catalog.entries import Catalog

        return Catalog.load(self.asset / "catalog")
