"""The fields of Noukai's published SDKs that this API does not implement: accepted only if empty."""

UNSUPPORTED_FIELDS = frozenset(
    {
        *("trace", "attachments", "messages", "tools"),
        *("iterationsUsed", "iterations_used"),
        *("accumulatedOutputs", "accumulated_outputs"),
        *("blockOverrides", "block_overrides"),
        *("toolChoice", "tool_choice"),
        *("executionId", "execution_id"),
        *("pausedAtStep", "paused_at_step"),
        *("toolCallMessages", "tool_call_messages"),
    }
)
"""The fields of a submit request that are refused unless null, empty, zero or false."""

IGNORED_FIELDS = frozenset({"trace"})
"""Those fields of which both boolean values are accepted."""
