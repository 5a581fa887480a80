"""The wait for one job or many, with as few requests as possible."""
