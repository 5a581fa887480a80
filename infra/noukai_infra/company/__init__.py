"""The rules of a company, applied to a composed stack in one place."""
