"""The export of jobs as JSON lines, and their import into another stack."""
