"""The filter of jobs: a range of the index and a set of states, parsed from a request. Pure."""

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any

from noukai_functions.catalog.entries import Catalog, InputError
from noukai_functions.jobs.lifecycle import Job, State
from noukai_functions.jobs.row import position_before
from noukai_functions.refusals import FlowNotFoundError, InvalidInputError, ProjectNotFoundError
from noukai_functions.timestamps import NOT_A_TIMESTAMP, parse_timestamp
from noukai_wire.slug import is_slug

_FIELDS = frozenset({"state", "createdAfter", "createdBefore", "cursor"})
_FOREIGN = (
    "is not from a list of these jobs: "
    "send the cursor of the previous page with the same path and filter, or none"
)
_LATEST = 9_999_999_999_999
_CHECK_BYTES = 9
_POSITION = re.compile(r"[0-9]{13}#[!-~]{1,100}")
"""An index position. Cursors are not secret, so a forged one is checked: DynamoDB refuses keys of more than
1,024 bytes."""

_ZONE = re.compile(r"(:[0-9]{2}(?:\.[0-9]+)?) ([0-9]{2}:?[0-9]{2})\Z")
"""A time and its zone from a query whose `+` was not escaped, and so became a space."""


@dataclass(frozen=True, slots=True)
class FlowSet:
    """The flows that a filter covers: one, or those of a project or an org."""

    org: str
    name: str
    """`project/flow`, `project`, or empty."""
    flows: tuple[str, ...]
    """`project/flow` of each deployed or former flow in the scope."""

    @classmethod
    def named(
        cls, path: Mapping[str, str], catalog: Catalog, has_jobs: Callable[[str, str], bool]
    ) -> "FlowSet":
        """Parse a path; raise for an unknown flow or project.

        A flow unknown to this deployment is accepted if the org `has_jobs` of it: a version that was rolled
        back may have accepted them.
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
    """The jobs of some flows within a time span and a set of states, after a cursor."""

    flow_set: FlowSet
    states: AbstractSet[State]
    created_after: int
    """Inclusive, in milliseconds."""
    created_before: int
    """Exclusive, in milliseconds."""
    position: str | None = None
    """The index position of the last job that the previous page has read."""

    @property
    def above(self) -> str:
        """Return the lowest included position in the index."""
        return position_before(self.created_after)

    @property
    def below(self) -> str:
        """Return the exclusive upper bound of the positions in the index."""
        return self.position or position_before(self.created_before)

    def matches(self, job: Job, now: int) -> bool:
        """Return whether the selection includes a job of its range in its current state."""
        return job.state in self.states and not job.is_expired(now)

    def cursor(self, position: str) -> str:
        """Return the cursor after a page.

        It is valid for this selection only; a forged cursor cannot reveal other jobs.
        """
        return base64.urlsafe_b64encode(self._check(position) + position.encode()).decode().rstrip("=")

    def since(self, cursor: str) -> "JobFilter":
        """Return the filter after a cursor; refuse the cursor of another filter."""
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
    flow_set: FlowSet,
    fields: Mapping[str, Any],
    *,
    among: AbstractSet[State],
    beside: AbstractSet[str] = frozenset(),
) -> JobFilter:
    """Parse the filter and the cursor of a request.

    `among` are the allowed states; `beside` are further allowed fields, which are not parsed here.
    """
    errors: list[InputError] = [
        (name, "is not known here") for name in fields if name not in _FIELDS | beside
    ]
    stated = {name: value if isinstance(value, str) else "" for name, value in fields.items()}
    states = frozenset(state for state in among if stated.get("state", state) == state)
    if not states:
        errors.append(("state", f"must be one of {', '.join(sorted(among))}"))
    after, before = (_milliseconds(stated, name, errors) for name in ("createdAfter", "createdBefore"))
    if after is not None and before is not None and after > before:
        errors.append(("createdAfter", "must not be later than createdBefore"))
    if errors:
        raise InvalidInputError(errors)
    job_filter = JobFilter(
        flow_set, states, 0 if after is None else after, _LATEST if before is None else before
    )
    return job_filter.since(stated["cursor"]) if "cursor" in stated else job_filter


def _milliseconds(stated: Mapping[str, str], name: str, errors: list[InputError]) -> int | None:
    """Parse a time, clamped to the range of the index."""
    if name not in stated:
        return None
    try:
        return min(max(0, parse_timestamp(_ZONE.sub(r"\1+\2", stated[name]))), _LATEST)
    except ValueError:
        errors.append((name, NOT_A_TIMESTAMP))
        return None
