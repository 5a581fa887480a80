"""Schedules: cron expressions, their instants, and the jobs that are submitted at each of them."""
