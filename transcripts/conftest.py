"""Sessions are collected as tests, one a file."""

from replay import pytest_collect_file

__all__ = ["pytest_collect_file"]
