"""The limits that alarms and the operator's commands share."""

MOST_IN_FLIGHT = 80_000
"""Two thirds of the messages that a queue may have in flight, beyond which nothing more is delivered."""

SWEEP_WITHIN_SECONDS = 2 * 24 * 60 * 60
"""The time within which a sweep must have ended."""
