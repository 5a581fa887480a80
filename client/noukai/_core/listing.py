"""The paged iteration over the jobs that a filter selects."""

import warnings
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypedDict, TypeVar

from pydantic import ValidationError

from noukai._errors import InvalidArgumentError
from noukai_wire.models import JobCancellation, JobFilter, JobQuery, JobStatus, UnreadableJob
from noukai_wire.routes import Route

from .address import FlowAddress, slug
from .api import Api
from .operation import Operation

Filter = TypeVar("Filter", bound=JobFilter)

_USERS_FRAME = 6
"""The stack level of the caller's frame: below it are the method called, its driver, and these operations."""


class UnreadableJobWarning(UserWarning):
    """A warning that a job was left out of a list or a cancellation, because its row cannot be read."""

    def __init__(self, job: UnreadableJob) -> None:
        super().__init__(job)
        self.job = job

    def __str__(self) -> str:
        reason = self.job.error.get("message") or "its stored row cannot be read"
        return f"{self.job.id} is left out: {reason}"


class JobSelection(TypedDict, total=False):
    """A filter of jobs; an empty one selects all."""

    state: str | None
    """`pending`, `running`, `completed`, `failed` or `cancelled`: the state when the job is read."""
    created_after: datetime | str | None
    """The first included time: an aware datetime, or ISO 8601 text with a time zone."""
    created_before: datetime | str | None
    """The first excluded time."""


class Listing:
    """The jobs of a flow, a project or an org, newest first; `page_size` is 1 to 100."""

    def __init__(
        self, api: Api, route: Route, address: Mapping[str, str], selection: JobSelection, page_size: int
    ) -> None:
        self._api = api
        self._route = route
        self._address = address
        self._query = _checked(JobQuery, {**selection, "limit": page_size})
        self.has_more = True

    def page(self) -> Operation[list[JobStatus]]:
        """Fetch the next page, which may be short or empty."""
        page = yield from self._api.jobs(self._route, self._query, self._address)
        self._query = self._query.model_copy(update={"cursor": page.cursor})
        self.has_more = page.cursor is not None
        _warn_of(page.errors or [])
        return page.jobs


def listing_of_flow(api: Api, address: FlowAddress, selection: JobSelection, page_size: int) -> Listing:
    """List the jobs of a flow."""
    return Listing(api, Route.LIST_JOBS, address._asdict(), selection, page_size)


def listing_of_org(
    api: Api, org: str | None, project: str | None, selection: JobSelection, page_size: int
) -> Listing:
    """List the jobs of an org, by default the client's, or of one of its projects."""
    org = api.settings.org if org is None else org
    if org is None:
        raise InvalidArgumentError("a list needs an org: give it to the client, or set NOUKAI_ORG")
    address = {"org": slug("org", org)}
    if project is None:
        return Listing(api, Route.LIST_ORG, address, selection, page_size)
    address["project"] = slug("project", project)
    return Listing(api, Route.LIST_PROJECT, address, selection, page_size)


def cancellation(api: Api, address: FlowAddress, selection: JobSelection) -> Operation[int]:
    """Cancel the selected pending and running jobs of a flow; return their number."""
    return _cancel_pages(api, address, _checked(JobCancellation, selection))


def _cancel_pages(api: Api, address: FlowAddress, body: JobCancellation) -> Operation[int]:
    cancelled = 0
    unreadable: list[UnreadableJob] = []
    while True:
        page = yield from api.cancel_jobs(address, body)
        cancelled += page.cancelled
        unreadable += page.errors or []
        if page.cursor is None:
            # Warn at the end, so that turning warnings into errors leaves no job uncancelled.
            _warn_of(unreadable)
            return cancelled
        body = body.model_copy(update={"cursor": page.cursor})


def _warn_of(unreadable: Iterable[UnreadableJob]) -> None:
    for job in unreadable:
        warnings.warn(UnreadableJobWarning(job), stacklevel=_USERS_FRAME)


def _checked(model: type[Filter], fields: Mapping[str, Any]) -> Filter:
    try:
        return model.model_validate(dict(fields))
    except ValidationError as invalid:
        problem = invalid.errors(include_url=False)[0]
        name = ".".join(str(part) for part in problem["loc"])
        raise InvalidArgumentError(f"{'page_size' if name == 'limit' else name}: {problem['msg']}") from None
