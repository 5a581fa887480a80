"""The operations on schedules and webhook endpoints."""
