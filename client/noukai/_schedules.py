"""The schedules of an org, blocking and async."""

import builtins
from datetime import datetime
from typing import Any, Generic, Unpack

from noukai_wire.limits import DEFAULT_NEXT_INSTANTS
from noukai_wire.models import JobAccepted
from noukai_wire.routes import Route
from noukai_wire.schedules import InstantNote, ScheduledJob
from noukai_wire.schedules import Schedule as ScheduleFacts

from ._core.address import FlowAddress
from ._core.api import Api
from ._core.managing import schedules
from ._core.managing.schedules import ScheduleOptions
from ._core.operation import Operation
from ._io.awaiting import AwaitingDriver
from ._io.blocking import BlockingDriver
from ._job import AsyncJob, Job
from ._picklable import Driver, Picklable


class _KnownSchedule(Picklable[Driver]):
    name: str
    flow: str
    cron: str
    zone: str
    overlap: str
    missed: str
    source: str
    """`api`, or `code` if the flow declares it."""
    state: str
    """`active`, `paused`, `broken`, or `over` if no instant follows."""
    problem: str | None
    """Why it is broken, and what to do."""
    created_at: str
    changed_at: str
    message: str | None
    parameters: dict[str, Any] | None
    options: dict[str, Any] | None
    jobs: list[ScheduledJob] | None
    """The latest jobs, newest first; absent in lists."""
    history: list[InstantNote] | None
    """The latest instants without a job."""

    def __init__(self, name: str, api: Api, driver: Driver, facts: ScheduleFacts) -> None:
        super().__init__(name, api, driver)
        self.facts = facts
        """What the API has said."""
        vars(self).update(
            (field, getattr(facts, field)) for field in type(facts).model_fields if field != "next"
        )

    def __repr__(self) -> str:
        said = f"{self.flow!r}, {self.cron!r}, {self.zone!r}, {self.state!r}"
        return f"{type(self).__name__}({self.name!r}, {said})"

    def _known(self) -> tuple[ScheduleFacts]:
        return (self.facts,)

    def _following(self, count: int) -> Operation[builtins.list[datetime]]:
        return schedules.following(self._api, self.name, count)


class Schedule(_KnownSchedule[BlockingDriver]):
    """A schedule as it was read; it can be pickled, together with its client's API key."""

    def next(self, count: int = DEFAULT_NEXT_INSTANTS) -> builtins.list[datetime]:
        """Fetch the next instants, up to a hundred, as datetimes in UTC.

        Raises `NotFoundError` if the schedule was deleted; `InvalidInputError` for another count; and
        `ApiError` or `ConnectionFailedError`, like every request.
        """
        return self._driver.run(self._following(count))


class AsyncSchedule(_KnownSchedule[AwaitingDriver]):
    """The async form of `Schedule`."""

    async def next(self, count: int = DEFAULT_NEXT_INSTANTS) -> builtins.list[datetime]:
        """Fetch the next instants as `Schedule.next` does."""
        return await self._driver.run(self._following(count))


class _Schedules(Generic[Driver]):
    def __init__(self, api: Api, driver: Driver) -> None:
        self._api = api
        self._driver = driver

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._api.settings.base_url!r})"

    def _put(self, name: str, flow: str, cron: str, options: ScheduleOptions) -> Operation[ScheduleFacts]:
        settings = self._api.settings
        address = FlowAddress.parse(flow, org=settings.org, project=settings.project)
        return schedules.put(self._api, name, address, cron, options)

    def _list(self) -> Operation[builtins.list[ScheduleFacts]]:
        return schedules.every(self._api)

    def _change(self, route: Route, name: str) -> Operation[ScheduleFacts]:
        return schedules.change(self._api, route, name)

    def _trigger(self, name: str) -> Operation[JobAccepted]:
        return schedules.trigger(self._api, name)

    def _delete(self, name: str) -> Operation[None]:
        return schedules.delete(self._api, name)


class Schedules(_Schedules[BlockingDriver]):
    """The schedules of the key's org: `client.schedules`."""

    def put(self, name: str, *, flow: str, cron: str, **options: Unpack[ScheduleOptions]) -> Schedule:
        """Create a schedule, or replace the one of this name: it submits the flow's job at each instant.

        `cron` has five fields, such as `0 9 * * mon-fri`. The instants before the call never count as missed.

        Raises `InvalidArgumentError` for invalid arguments, before anything is sent; `FlowNotFoundError`;
        `InvalidInputError` for an expression or a zone that is not valid, for input that the flow does not
        accept, or at the org's limit; and `ApiError` or `ConnectionFailedError`, like every request.
        """
        return self._known(self._driver.run(self._put(name, flow, cron, options)))

    def list(self) -> builtins.list[Schedule]:
        """Fetch the schedules, by name.

        Raises `ApiError` or `ConnectionFailedError`, like every request.
        """
        return [self._known(facts) for facts in self._driver.run(self._list())]

    def get(self, name: str) -> Schedule:
        """Fetch a schedule with its latest jobs.

        Raises `InvalidArgumentError` for an invalid name; `NotFoundError`; and `ApiError` or
        `ConnectionFailedError`, like every request.
        """
        return self._known(self._driver.run(self._change(Route.SCHEDULE, name)))

    def pause(self, name: str) -> Schedule:
        """Pause a schedule: it submits nothing until it is resumed. Raises what `Schedules.get` raises."""
        return self._known(self._driver.run(self._change(Route.PAUSE_SCHEDULE, name)))

    def resume(self, name: str) -> Schedule:
        """Resume a paused schedule; `missed` says what becomes of the instants in between.

        Raises what `Schedules.get` raises.
        """
        return self._known(self._driver.run(self._change(Route.RESUME_SCHEDULE, name)))

    def trigger(self, name: str) -> Job:
        """Submit the schedule's job now, beside its instants.

        Raises what `Schedules.get` and `Flow.job` raise.
        """
        accepted = self._driver.run(self._trigger(name))
        return Job(accepted.id, self._api, self._driver, accepted)

    def delete(self, name: str) -> None:
        """Delete a schedule; its jobs stay. Raises what `Schedules.get` raises."""
        self._driver.run(self._delete(name))

    def _known(self, facts: ScheduleFacts) -> Schedule:
        return Schedule(facts.name, self._api, self._driver, facts)


class AsyncSchedules(_Schedules[AwaitingDriver]):
    """The async form of `Schedules`."""

    async def put(
        self, name: str, *, flow: str, cron: str, **options: Unpack[ScheduleOptions]
    ) -> AsyncSchedule:
        """Create or replace a schedule as `Schedules.put` does."""
        return self._known(await self._driver.run(self._put(name, flow, cron, options)))

    async def list(self) -> builtins.list[AsyncSchedule]:
        """Fetch the schedules as `Schedules.list` does."""
        return [self._known(facts) for facts in await self._driver.run(self._list())]

    async def get(self, name: str) -> AsyncSchedule:
        """Fetch a schedule as `Schedules.get` does."""
        return self._known(await self._driver.run(self._change(Route.SCHEDULE, name)))

    async def pause(self, name: str) -> AsyncSchedule:
        """Pause a schedule as `Schedules.pause` does."""
        return self._known(await self._driver.run(self._change(Route.PAUSE_SCHEDULE, name)))

    async def resume(self, name: str) -> AsyncSchedule:
        """Resume a schedule as `Schedules.resume` does."""
        return self._known(await self._driver.run(self._change(Route.RESUME_SCHEDULE, name)))

    async def trigger(self, name: str) -> AsyncJob:
        """Submit the schedule's job as `Schedules.trigger` does."""
        accepted = await self._driver.run(self._trigger(name))
        return AsyncJob(accepted.id, self._api, self._driver, accepted)

    async def delete(self, name: str) -> None:
        """Delete a schedule as `Schedules.delete` does."""
        await self._driver.run(self._delete(name))

    def _known(self, facts: ScheduleFacts) -> AsyncSchedule:
        return AsyncSchedule(facts.name, self._api, self._driver, facts)
