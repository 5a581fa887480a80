"""The wait for jobs, with as few requests as can be."""
