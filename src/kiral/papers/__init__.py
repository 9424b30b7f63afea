"""Papers reproduced: one folder per paper, and what reads, runs, judges and reports them (`kiral reproduce`).

A folder holds case.toml (the paper's set-up), runs.toml (its runs and their sizes), claims.toml (what the paper says),
values.py (how ours is computed), figures.py (its figures from our data). A paper without simulations has neither case.toml nor
runs.toml, and one size.
"""

from __future__ import annotations

from pathlib import Path

from kiral.config.messages import nearest
from kiral.errors import ConfigError


def paper_names() -> list[str]:
    """Keys of the papers that come with kiral."""
    return sorted(path.parent.name for place in __path__ for path in Path(place).glob("*/claims.toml"))


def paper_folder(key: str) -> Path:
    """The folder of a paper. ConfigError: there is no such paper."""
    if key not in paper_names():
        names = paper_names()
        raise ConfigError(f"no paper {key!r}{nearest(key, names)}; papers: {', '.join(names)}")
    return next(Path(place) / key for place in __path__ if (Path(place) / key / "claims.toml").is_file())
