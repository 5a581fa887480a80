"""The filter of jobs, pure: a range of the index, and a set of states."""

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any

from noukai_functions.catalog.entries import Catalog, InputError
from noukai_functions.jobs.lifecycle import Job, State
from noukai_functions.jobs.row import moment
from noukai_functions.moment import NO_MOMENT, read_moment
from noukai_functions.refusals import FlowNotFoundError, InvalidInputError, ProjectNotFoundError
from noukai_wire.slug import is_slug

_FIELDS = frozenset({"state", "createdAfter", "createdBefore", "cursor"})
_FOREIGN = "belongs to no list of these jobs: send that of the page before, with the same path and filter, or none"
_LATEST = 9_999_999_999_999
_CHECK_BYTES = 9
_POSITION = re.compile(r"[0-9]{13}#[!-~]{1,100}")
"""Of a job: a cursor is no secret, and the index takes no key of more than 1,024 bytes."""

_ZONE = re.compile(r"(:[0-9]{2}(?:\.[0-9]+)?) ([0-9]{2}:?[0-9]{2})\Z")
"""A time and its zone in a query whose `+` was not escaped, and so means a space."""


@dataclass(frozen=True, slots=True)
class FlowSet:
    """The flows that a filter covers: one, or those of a project or an org."""

    org: str
    name: str
    """`project/flow`, `project`, or nothing."""
    flows: tuple[str, ...]
    """`project/flow` of each flow that it covers, of those that are deployed and those that were."""

    @classmethod
    def named(cls, path: Mapping[str, str], catalog: Catalog, has_jobs: Callable[[str, str], bool]) -> "FlowSet":
        """Parse a path; raise for an unknown flow or project.

        A flow of which this deployment does not know is here if the org `has_jobs` of it: a version that was
        taken back has accepted them.
        """
        parts = [path[part] for part in ("project", "flow") if part in path]
        known = (*catalog.flows, *catalog.former)
        flows = tuple(flow for flow in known if flow.split("/")[: len(parts)] == parts)
        name = "/".join(parts)
        if "flow" in path and not flows:
            if not all(map(is_slug, parts)) or not has_jobs(path["org"], name):
                raise FlowNotFoundError(name)
            flows = (name,)
        if "project" in path and not flows:
            raise ProjectNotFoundError(name)
        return cls(path["org"], name, flows)


@dataclass(frozen=True, slots=True)
class JobFilter:
    """The jobs of some flows, a time span and a set of states, from a cursor on."""

    flow_set: FlowSet
    states: AbstractSet[State]
    created_after: int
    """The first millisecond that counts."""
    created_before: int
    """The first one that does not."""
    position: str | None = None
    """That of the last job in the index that the page before has come to."""

    @property
    def above(self) -> str:
        """Return the lowest included position in the index."""
        return moment(self.created_after)

    @property
    def below(self) -> str:
        """Return the lowest position in the index beyond the range."""
        return self.position or moment(self.created_before)

    def matches(self, job: Job, now: int) -> bool:
        """Return whether a job of this range is selected in its current state."""
        return job.state in self.states and not job.is_expired(now)

    def cursor(self, position: str) -> str:
        """Return the cursor behind a page.

        It holds for these jobs only, and whoever forges one gets no others.
        """
        return base64.urlsafe_b64encode(self._check(position) + position.encode()).decode().rstrip("=")

    def since(self, cursor: str) -> "JobFilter":
        """Return the filter from a cursor on; refuse the cursor of another filter."""
        try:
            content = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            check, position = content[:_CHECK_BYTES], content[_CHECK_BYTES:].decode()
        except ValueError:
            check, position = b"", ""
        if check != self._check(position) or not _POSITION.fullmatch(position):
            raise InvalidInputError([("cursor", _FOREIGN)])
        return replace(self, position=position)

    def _check(self, position: str) -> bytes:
        span = f"{self.created_after} {self.created_before}"
        text = "\n".join([self.flow_set.org, self.flow_set.name, *sorted(self.states), span, position])
        return hashlib.sha256(text.encode()).digest()[:_CHECK_BYTES]


def parse_filter(
    flow_set: FlowSet, fields: Mapping[str, Any], *, among: AbstractSet[State], beside: AbstractSet[str] = frozenset()
) -> JobFilter:
    """Parse the filter and the cursor of a request; `among` are the allowed states.

    It has no other fields but those `beside`, which are not read here.
    """
    errors: list[InputError] = [(name, "is not known here") for name in fields if name not in _FIELDS | beside]
    stated = {name: value if isinstance(value, str) else "" for name, value in fields.items()}
    states = frozenset(state for state in among if stated.get("state", state) == state)
    if not states:
        errors.append(("state", f"must be one of {', '.join(sorted(among))}"))
    after, before = (_milliseconds(stated, name, errors) for name in ("createdAfter", "createdBefore"))
    if after is not None and before is not None and after > before:
        errors.append(("createdAfter", "must not be later than createdBefore"))
    if errors:
        raise InvalidInputError(errors)
    job_filter = JobFilter(flow_set, states, 0 if after is None else after, _LATEST if before is None else before)
    return job_filter.since(stated["cursor"]) if "cursor" in stated else job_filter


def _milliseconds(stated: Mapping[str, str], name: str, errors: list[InputError]) -> int | None:
    """Parse a time, clamped to the range of the index."""
    if name not in stated:
        return None
    try:
        return min(max(0, read_moment(_ZONE.sub(r"\1+\2", stated[name]))), _LATEST)
    except ValueError:
        errors.append((name, NO_MOMENT))
        return None
