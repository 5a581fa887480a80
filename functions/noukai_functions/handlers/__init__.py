"""The handlers, one for each Lambda function."""
