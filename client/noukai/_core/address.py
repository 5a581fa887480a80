"""The addresses of flows and jobs."""

import re
from typing import NamedTuple

from noukai._errors import InvalidArgumentError
from noukai_wire.slug import SLUG_RULE, is_slug

_JOB_ID = re.compile(r"[A-Za-z0-9_-]+")
_SEGMENTS = 3


class FlowAddress(NamedTuple):
    """The address of a flow: `org/project/flow`."""

    org: str
    project: str
    flow: str

    def __str__(self) -> str:
        return "/".join(self)

    @classmethod
    def parse(cls, text: str, *, org: str | None, project: str | None) -> "FlowAddress":
        """Parse `org/project/flow`, or `flow` alone with the given org and project."""
        segments = str(text).split("/")
        if len(segments) == 1:
            if org is None or project is None:
                raise InvalidArgumentError(
                    f"flow {text!r} needs an org and a project: write org/project/flow, "
                    "or give both to the client, or set NOUKAI_ORG and NOUKAI_PROJECT"
                )
            segments = [org, project, text]
        if len(segments) != _SEGMENTS:
            raise InvalidArgumentError(
                f"a flow is addressed as org/project/flow, or as flow alone, not {text!r}"
            )
        return cls(*(slug(name, segment) for name, segment in zip(cls._fields, segments, strict=True)))


def slug(name: str, text: object) -> str:
    """Return the text if it is a slug; `name` describes it in the error."""
    if not isinstance(text, str) or not is_slug(text):
        raise InvalidArgumentError(f"{name} {text!r} is not a slug: {SLUG_RULE}")
    return text


def name_of(kind: str, name: object) -> str:
    """Return the name of a schedule or a webhook endpoint, which is a slug."""
    return slug(f"the name of a {kind},", name)


def schedule_name(name: object) -> str:
    """Return the name of a schedule: a slug, or `project.flow` if a flow declares it."""
    if isinstance(name, str) and name.count(".") == 1 and all(map(is_slug, name.split("."))):
        return name
    return name_of("schedule", name)


def is_host(name: str | None) -> bool:
    """Return whether the name is a valid host name.

    Looking up a name with an empty or too long label would raise a `UnicodeError`.
    """
    try:
        return bool(name and name.encode("idna")) and re.search(r"\s", str(name)) is None
    except UnicodeError:
        return False


def job_id(text: object) -> str:
    """Return the text if it can be a job id, and so is safe in a path."""
    if not isinstance(text, str) or not _JOB_ID.fullmatch(text):
        raise InvalidArgumentError(f"{text!r} is not a job's id, which looks like job_4kq0…")
    return text
