"""The interactive shell. Nothing here does what a plain command could not; it is comfort."""
