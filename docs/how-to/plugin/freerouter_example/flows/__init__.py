"""Flows, a YAML file each."""
