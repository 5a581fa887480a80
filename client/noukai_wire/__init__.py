"""The contract between the API and its callers: routes, errors, limits and models.

Importing this package loads none of its modules. Only `models` and what uses it need pydantic, so that a
function that only routes and refuses starts fast.
"""
