"""The stack, its bundle and its deployment.

Names the functions' handlers as strings and runs none of them.
"""
