"""The generator of validators: Python code generated a JSON Schema says."""
