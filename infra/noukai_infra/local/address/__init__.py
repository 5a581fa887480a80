"""The address of the local API."""
