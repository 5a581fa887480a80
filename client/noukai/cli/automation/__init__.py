"""The commands for schedules and webhooks, which act without a person."""
