"""Test servers that speak as the catalogue's providers do, described in a file."""

from freerouter.fakes.running import FakeProviders, fake_providers

__all__ = ["FakeProviders", "fake_providers"]
