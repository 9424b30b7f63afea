"""The runs of a paper as case files of their own, with what each will need."""

from __future__ import annotations

from pathlib import Path

from kiral.config.load import apply_overrides
from kiral.config.write import to_toml
from kiral.core.files import disk_errors
from kiral.errors import ConfigError
from kiral.papers.runs import PaperRun, load_runs
from kiral.resources import Resources, resources


def write_cases(key: str, size: str, folder: Path) -> list[tuple[Path, PaperRun, Resources | None]]:
    """Write NAME.toml for every run of a paper at a size: complete cases, of the same configuration as in the reproduction.

    Returns (file, run, its resources where its subject estimates them). Errors: ConfigError (unknown paper or size, or a
    file is there: none is replaced, and then none is written).
    """
    runs = load_runs(key, size).runs
    if not runs:
        raise ConfigError(f"--cases: {key} has no simulations")
    paths = {name: folder / f"{name}.toml" for name in runs}
    if there := [str(path) for path in paths.values() if path.exists()]:
        raise ConfigError(f"{', '.join(there)}: exists already; kiral overwrites nothing. Give another folder.")
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, run in runs.items():
            paths[name].write_text(_text(key, size, run), encoding="utf-8")
    configs = {name: run.case.config for name, run in runs.items()}
    return [(paths[name], run, resources(configs[name]) if configs[name].needs(1) else None) for name, run in runs.items()]


def _text(key: str, size: str, run: PaperRun) -> str:
    head = f"# {run.name} of {key} at size {size}; all keys, also those at their defaults.\n# {run.note}"
    case = run.case
    files = {name: str((case.directory / path).resolve()) for name, path in case.config.files().items()}
    return f"{head}\n\n{to_toml(apply_overrides(case.config.as_dict(), files))}"
