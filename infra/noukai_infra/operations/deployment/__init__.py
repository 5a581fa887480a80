"""The deployment of the stack, and its way back."""
