"""The emulator of AWS that the local system runs on."""
