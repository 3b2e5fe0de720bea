"""Providers: what the catalogue knows of them, and what they answer when asked."""
