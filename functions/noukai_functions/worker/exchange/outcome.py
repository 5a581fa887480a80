"""The outcomes of a flow's run, as sent from its process."""

from collections.abc import Mapping
from typing import Any

from noukai.flow.runtime import Raised, Returned
from noukai_functions.jobs.lifecycle import Payload

Outcome = Returned | Payload | Raised
"""A flow that returned what is too large for a row has left it as an object."""

_KINDS: dict[str, type[Outcome]] = {kind.__name__: kind for kind in (Returned, Payload, Raised)}


def outcome_of_kind(said: Mapping[str, Any]) -> Outcome:
    """Make an outcome of its kind's name and its values."""
    ((kind, values),) = said.items()
    return _KINDS[kind](**values)
