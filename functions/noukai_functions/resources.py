"""The tables, queues, buckets and delayed messages of a deployment, each made on first use."""

import json
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from noukai_functions.clients import Clients
from noukai_functions.clock import Clock
from noukai_functions.names import INDEX_PARTITIONS

if TYPE_CHECKING:
    from noukai_functions.access.api_keys import ApiKeys
    from noukai_functions.access.browser import BrowserTokens
    from noukai_functions.access.own_keys import OwnKeys
    from noukai_functions.access.rate_limits import RateLimits
    from noukai_functions.delayed_messages import DelayedMessages
    from noukai_functions.jobs.following import Followers
    from noukai_functions.jobs.index import JobIndex
    from noukai_functions.jobs.objects import JobObjects
    from noukai_functions.jobs.queues.queue import JobQueue
    from noukai_functions.jobs.saved_inputs import SavedInputs
    from noukai_functions.jobs.sweep_rounds import Rounds
    from noukai_functions.jobs.table import JobsTable
    from noukai_functions.logs.store import LogStore
    from noukai_functions.metrics.health import HealthCheck
    from noukai_functions.schedules.table import SchedulesTable
    from noukai_functions.usage.budgets import Budgets
    from noukai_functions.usage.totals import UsageTotals
    from noukai_functions.usage.uncounted import UncountedBatches


class Resources(Clients):
    """The stores and queues named in the function's environment."""

    environment: Mapping[str, str]
    clock: Clock

    @cached_property
    def table(self) -> "JobsTable":
        """Return the jobs table."""
        from noukai_functions.jobs.table import JobsTable

        return JobsTable(self._dynamodb, self.environment["JOBS_TABLE"], self._spread("INDEX_PARTITIONS"))

    @cached_property
    def rounds(self) -> "Rounds":
        """Return the store of the sweep's rounds."""
        from noukai_functions.jobs.sweep_rounds import Rounds

        segments = int(self.environment.get("SWEEP_SEGMENTS", "1"))
        return Rounds(self._dynamodb, self.environment["JOBS_TABLE"], segments=segments)

    @cached_property
    def index(self) -> "JobIndex":
        """Return the index of each flow's jobs by age."""
        from noukai_functions.jobs.index import JobIndex

        return JobIndex(self._dynamodb, self.environment["JOBS_TABLE"], self._spread("LISTED_PARTITIONS"))

    @cached_property
    def saved_inputs(self) -> "SavedInputs":
        """Return the store of inputs of jobs that did not complete."""
        from noukai_functions.jobs.saved_inputs import SavedInputs

        return SavedInputs(self._dynamodb, self.environment["JOBS_TABLE"])

    @cached_property
    def api_keys(self) -> "ApiKeys":
        """Return the API keys."""
        from noukai_functions.access.api_keys import ApiKeys

        return ApiKeys(self._dynamodb, self.environment["KEYS_TABLE"], self.clock)

    @cached_property
    def own_keys(self) -> "OwnKeys":
        """Return the keys that orgs make for themselves."""
        from noukai_functions.access.own_keys import OwnKeys

        return OwnKeys(self._dynamodb, self.environment["KEYS_TABLE"], self.clock)

    @cached_property
    def browser_tokens(self) -> "BrowserTokens":
        """Return the browser tokens."""
        from noukai_functions.access.browser import BrowserTokens
        from noukai_functions.access.token_keys import TokenKeys

        made_with = json.loads(self.environment.get("TOKENS_SECRET_WITH", "{}"))
        keys = TokenKeys(self._ssm, self.environment["TOKENS_SECRET"], self.clock, made_with)
        return BrowserTokens(keys, self.clock)

    @cached_property
    def rate_limits(self) -> "RateLimits":
        """Return the call counters of rate-limited keys."""
        from noukai_functions.access.rate_limits import RateLimits

        return RateLimits(self._dynamodb, self.environment["USAGE_TABLE"], self.clock)

    @cached_property
    def budgets(self) -> "Budgets":
        """Return the budgets of orgs."""
        from noukai_functions.usage.budgets import Budgets

        return Budgets(self._dynamodb, self.environment["USAGE_TABLE"], self.clock)

    @cached_property
    def usage_totals(self) -> "UsageTotals":
        """Return the usage totals of orgs by day and flow."""
        from noukai_functions.usage.totals import UsageTotals

        return UsageTotals(self._dynamodb, self.environment["USAGE_TABLE"])

    @property
    def health_check(self) -> "HealthCheck":
        """Return the check of the deployment's health."""
        from noukai_functions.metrics.health import HealthCheck

        return HealthCheck.of(self._sqs, self._cloudwatch, self.environment)

    @cached_property
    def queue(self) -> "JobQueue":
        """Return the queue: a worker's own, or the default worker's for functions that send."""
        return self._queue(self.environment["QUEUE_URL"])

    @cached_property
    def dead_letters(self) -> "JobQueue":
        """Return the dead-letter queue."""
        return self._queue(self.environment["DEAD_LETTER_QUEUE_URL"])

    @cached_property
    def uncounted(self) -> "UncountedBatches":
        """Return the batches of usage that Lambda has discarded."""
        from noukai_functions.usage.uncounted import UncountedBatches

        return UncountedBatches(self._s3, self.environment["UNCOUNTED_BUCKET"])

    @cached_property
    def objects(self) -> "JobObjects":
        """Return the objects with inputs and results that are too large for a row."""
        from noukai_functions.jobs.objects import JobObjects

        return JobObjects(self._s3, self.environment["PAYLOADS_BUCKET"])

    @cached_property
    def log_store(self) -> "LogStore":
        """Return the stored logs of attempts."""
        from noukai_functions.logs.store import LogStore

        return LogStore(self._dynamodb, self.environment["JOBS_TABLE"], lambda: self.objects)

    @cached_property
    def schedules(self) -> "SchedulesTable":
        """Return the schedules of all orgs."""
        from noukai_functions.schedules.table import SchedulesTable

        return SchedulesTable(self._dynamodb, self.environment["SCHEDULES_TABLE"])

    @cached_property
    def followers(self) -> "Followers":
        """Return the marks of followers in the rows of running jobs."""
        from noukai_functions.jobs.following import Followers

        return Followers(self._dynamodb, self.environment["JOBS_TABLE"])

    @cached_property
    def delayed_messages(self) -> "DelayedMessages":
        """Return the messages that wait longer than a queue can delay them."""
        from noukai_functions.delayed_messages import DelayedMessages

        environment = self.environment
        return DelayedMessages(
            self._scheduler,
            environment["SCHEDULE_GROUP"],
            environment.get("QUEUE_ARN"),
            environment.get("SCHEDULE_ROLE"),
        )

    def _spread(self, name: str) -> int:
        """Return over how many index partitions jobs are spread; only large deployments set the variable."""
        return int(self.environment.get(name, INDEX_PARTITIONS))

    def _queue(self, url: str) -> "JobQueue":
        from noukai_functions.jobs.queues.queue import JobQueue

        return JobQueue(self._sqs, url)
