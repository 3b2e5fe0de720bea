"""Flows: questions first, then commands. Knows the registry and nothing of files or networks."""
