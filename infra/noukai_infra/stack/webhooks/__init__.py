"""The constructs of webhooks, and of events on the account's bus."""
