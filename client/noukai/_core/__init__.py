"""The operations of the API, written once as generators."""
