"""The assembly of the local system, and its stack in the emulator."""
