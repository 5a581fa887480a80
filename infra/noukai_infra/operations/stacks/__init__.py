"""Stacks as wholes: guards of stages, their drift, and the data of one for another."""
