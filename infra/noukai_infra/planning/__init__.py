"""The plan for a number of jobs a second: settings, quotas and the bill."""
