"""Schedules: their changes, and the submission of their jobs."""
