"""The display of jobs: progress bars, and tables in notebooks."""
