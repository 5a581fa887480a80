"""The code of the Lambda functions: handlers, the API, the worker, and parts come job lifecycle."""
