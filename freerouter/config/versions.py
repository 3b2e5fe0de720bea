"""The version of providers.yaml: which ones there are, and the refusal of one that is newer.

0 is a file without `version`: the original's, or one written by hand. 1 is what is written now.
What leads from one to the next is in `commands/migrations.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freerouter.config.yaml_file import read_yaml
from freerouter.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.config.yaml_file import Document

UNVERSIONED = 0
VERSION = 1


def version_of(data: Mapping[str, Any]) -> int:
    value = data.get("version")
    return value if isinstance(value, int) else UNVERSIONED


def read_version(path: str) -> int:
    """That of a file; one that cannot be read is left to those who need what is in it."""
    try:
        data = read_yaml(path).data
    except FileError:
        return VERSION
    return version_of(data) if isinstance(data, dict) else VERSION


def check_version(document: Document) -> None:
    """Refuse a file of which nobody can know yet what stands in it."""
    if isinstance(document.data, dict) and version_of(document.data) > VERSION:
        raise FileError(
            f"{document.place(('version',))}: this file is of version "
            f"{version_of(document.data)}, and this FreeRouter knows versions up to {VERSION}.",
            "A newer FreeRouter wrote it.",
            "Upgrade FreeRouter; the file was left as it is.",
        )
