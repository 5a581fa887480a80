"""The generator of validators: it writes Python code that checks what a JSON Schema says."""
