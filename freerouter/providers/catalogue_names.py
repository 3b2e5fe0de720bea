"""The ids of the catalogue's providers, from file names alone: for completion and did-you-mean."""

from __future__ import annotations

import os

from freerouter.resources import catalogue_directory


def known_ids() -> set[str]:
    return {n[:-5] for n in os.listdir(catalogue_directory()) if n.endswith(".yaml")}
