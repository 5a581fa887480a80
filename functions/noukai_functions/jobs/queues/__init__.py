"""The queues of jobs, and which of them a job goes to."""
