"""The rule for the names of orgs, projects and flows."""

import re

from noukai_wire.limits import MAX_SLUG_LENGTH, MIN_SLUG_LENGTH

SLUG_RULE = (
    f"{MIN_SLUG_LENGTH} to {MAX_SLUG_LENGTH} lower-case letters, digits and hyphens, no hyphen first or last"
)

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")


def is_slug(text: str) -> bool:
    """Return whether a text follows `SLUG_RULE`."""
    return MIN_SLUG_LENGTH <= len(text) <= MAX_SLUG_LENGTH and _SLUG.fullmatch(text) is not None
