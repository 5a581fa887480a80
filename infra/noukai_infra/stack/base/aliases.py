"""The aliases of functions, and the descriptions of their versions."""

LIVE = "live"
"""What gateway, mappings and schedules invoke; each deployment names the version."""

PREVIOUS = "previous"
"""The version that was live before the last deployment."""

_FLOWS = "flows "


def flows_description(version: str) -> str:
    """Describe a function that has this version of the flows."""
    return f"{_FLOWS}{version}"


def flows_version(description: str) -> str | None:
    """Read the version of the flows from the description of a function; None if it names none."""
    return description.removeprefix(_FLOWS) if description.startswith(_FLOWS) else None
