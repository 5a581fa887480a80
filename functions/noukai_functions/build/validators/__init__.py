"""The validators: code that is made from JSON Schemas."""
