"""The stack, its bundle, and its deploys.

Refers to the functions' handlers by name, and runs none of them.
"""
