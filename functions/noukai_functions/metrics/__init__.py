"""Metrics of jobs and queues, as the functions write them to their logs."""
