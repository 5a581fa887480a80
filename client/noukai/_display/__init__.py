"""The display of jobs and lists."""
