"""The stack, its bundle and its deployment.

Refers to the functions' handlers by name, and runs none of them.
"""
