"""Telemetry of the functions: log lines, audit lines, metrics and spans."""
