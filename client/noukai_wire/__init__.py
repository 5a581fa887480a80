"""The contract between the API and its callers: routes, errors, limits and models.

Importing this package loads none of its modules: `models` needs pydantic, the others need nothing, so that a
function that only routes and refuses starts fast.
"""
