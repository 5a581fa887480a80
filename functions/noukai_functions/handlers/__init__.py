"""The handlers, one for each Lambda function: event in, answer out."""
