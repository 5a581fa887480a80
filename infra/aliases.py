"""The aliases of every function."""

LIVE = "live"
"""What gateway, mappings and schedules invoke; each deployment names the version."""

PREVIOUS = "previous"
"""The version that was live before the last deployment."""
