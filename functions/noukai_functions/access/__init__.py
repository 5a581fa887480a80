"""The access of callers: API keys and their rate limits."""
