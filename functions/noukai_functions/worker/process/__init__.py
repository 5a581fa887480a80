"""The flow processes as their worker sees them: made, kept, heard, interrupted and reaped."""
