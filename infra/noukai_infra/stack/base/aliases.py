"""The aliases of functions, and the descriptions of their versions."""

LIVE = "live"
"""The alias that the gateway, mappings and schedules invoke; each deploy sets its version."""

CANARY = "canary"
"""The alias of workers that runs a share of new jobs, with a queue of its own."""

PREVIOUS = "previous"
"""The alias of the version that was live before the last deploy."""

FINGERPRINTS = "FlowFingerprints"
"""The metadata of a template with a canary: for each flow, a fingerprint of what it accepts."""

UNKNOWN = "unknown"
"""The fingerprint of a flow that was deployed without a canary: it is taken to be as it is now."""

_FLOWS = "flows "


def flows_description(version: str) -> str:
    """Return the description of a function with this version of the flows."""
    return f"{_FLOWS}{version}"


def flows_version(description: str) -> str | None:
    """Parse the version of the flows from a function's description; None if it has none."""
    return description.removeprefix(_FLOWS) if description.startswith(_FLOWS) else None
