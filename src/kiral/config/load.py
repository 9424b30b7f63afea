"""From a case's name or file, and overrides, to a validated configuration; every mistake becomes one ConfigError."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from kiral.config.base import Section
from kiral.config.case import RunConfig
from kiral.config.messages import bare, explain, is_section, members, nearest
from kiral.config.run import RUNS
from kiral.config.table import TableConfig
from kiral.errors import ConfigError


@dataclass(frozen=True)
class LoadedCase:
    """A validated case: `text` is the TOML file as it stands, `directory` is what file paths in it are relative to."""

    config: RunConfig
    text: str
    name: str
    directory: Path


def cases_directory() -> Path:
    """The folder of the cases that come with kiral."""
    return Path(str(resources.files("kiral.cases")))


def case_names() -> list[str]:
    """Names of the cases that come with kiral."""
    return sorted(path.stem for path in cases_directory().glob("*.toml"))


def find_case(case: str | Path) -> Path:
    """The file of a named case, or the given file. ConfigError: neither exists."""
    path = Path(case)
    named = cases_directory() / f"{case}.toml"
    if path.is_file():
        return path
    if str(case) in case_names():
        return named
    if path.is_dir():
        raise ConfigError(f"{path} is a folder; give a case file (.toml) or one of the cases {', '.join(case_names())}")
    if path.suffix == ".toml" or len(path.parts) > 1:
        beside = [p.name for p in path.parent.glob("*.toml")] if path.parent.is_dir() else []
        raise ConfigError(f"no such case file: {path}{nearest(path.name, beside)}")
    raise ConfigError(
        f"no case named {str(case)!r}{nearest(str(case), case_names())}; cases: {', '.join(case_names())}"
    )


def load_case(case: str | Path, overrides: Mapping[str, Any] | None = None, *, size: str | None = None) -> LoadedCase:
    """Read, override and validate a case.

    Args: case - name of a case that comes with kiral, or path of a TOML file; overrides - {"model.viscosity": 1e-6};
        size - one of the file's sections [sizes.NAME], whose dotted keys apply before `overrides`.
    Errors: ConfigError with one line per problem.
    """
    path = find_case(case)
    where = f"case {path.stem}" if path.parent == cases_directory() else str(path)
    text, values = read_toml(path)
    sizes = _sizes(values.pop("sizes", {}), where)
    if size is not None:
        if size not in sizes:
            allowed = f"allowed: {', '.join(sizes)}" if sizes else "the case has no sections [sizes.NAME]; leave it out"
            raise ConfigError(f"{where}: --size {size}: no such size; {allowed}")
        values = apply_overrides(values, sizes[size])
    config = validate(apply_overrides(values, overrides or {}), where)
    check_inputs(config, path.parent, where)
    return LoadedCase(config, text, path.stem, path.parent)


def case_sizes(case: str | Path) -> list[str]:
    """Names of the sizes that a case has beside its own."""
    path = find_case(case)
    return list(_sizes(read_toml(path)[1].get("sizes", {}), str(path)))


def _sizes(given: Any, where: str) -> dict[str, dict[str, Any]]:
    if isinstance(given, dict) and all(isinstance(keys, dict) for keys in given.values()):
        return given
    raise ConfigError(f'{where}: sizes: expected sections [sizes.NAME] of dotted keys like "geometry.n" = 64; got {given!r}')


def read_toml(path: Path) -> tuple[str, dict[str, Any]]:
    """(text, values) of a TOML file."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not a text file in UTF-8: {error.reason} at byte {error.start}") from None
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from None


def validate(values: Mapping[str, Any], where: str = "configuration") -> RunConfig:
    """The validated configuration of plain values (of a TOML file, or of config.json)."""
    model = values.get("model")
    kind = model.get("kind") if isinstance(model, Mapping) else None
    if not isinstance(kind, str) or kind not in RUNS:
        raise _failure(where, [_kind_problem(model, kind)])
    try:
        return RUNS[kind].model_validate(values)
    except ValidationError as failure:
        raise _failure(where, explain(failure, RUNS[kind])) from None


def _kind_problem(model: Any, kind: Any) -> str:
    allowed = ", ".join(RUNS)
    if not isinstance(model, Mapping):
        return f"model: is missing; give a section [model] with kind = one of: {allowed}"
    if kind is None:
        return f"model.kind: is missing; allowed: {allowed}"
    return f"model.kind: got {kind!r}{nearest(str(kind), RUNS)}; allowed: {allowed}"


def _failure(where: str, problems: list[str]) -> ConfigError:
    if len(problems) == 1:
        return ConfigError(f"{where}: {problems[0]}")
    return ConfigError(f"{where}: {len(problems)} problems\n" + "\n".join(f"  {line}" for line in problems))


def parse_override(text: str) -> tuple[str, Any]:
    """(key, value) of "KEY=VALUE"; the value is read as TOML, a bare word as a text."""
    key, sign, value = text.partition("=")
    key = key.strip()
    if not sign or not key or not all(key.split(".")):
        raise ConfigError(f"--set {text!r}: expected KEY=VALUE, for example model.viscosity=1e-6")
    return key, parse_value(value)


def parse_value(text: str) -> Any:
    """A TOML value; what is not valid TOML is a text."""
    try:
        parsed = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text.strip()
    return parsed["value"] if len(parsed) == 1 else text.strip()


def parse_overrides(texts: list[str]) -> dict[str, Any]:
    """All of a command's `--set`; the same key twice is an error."""
    found: dict[str, Any] = {}
    for text in texts:
        key, value = parse_override(text)
        if key in found:
            raise ConfigError(f"--set {key}: given twice, {found[key]!r} and {value!r}")
        found[key] = value
    return found


def apply_overrides(values: dict[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of `values` with dotted keys replaced.

    An override replaces what it excludes: a new `kind` keeps only those of the file's keys that mean the same in both
    kinds; one of several exclusive keys (k_min or length; every_time, every_steps, every_wall or at) drops the others.
    """
    result = _copy(values)
    for key in overrides:
        _drop_excluded(result, key, overrides)
    return apply_plain(result, overrides)


def apply_plain(values: dict[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of `values` with dotted keys replaced, and nothing else changed."""
    result = _copy(values)
    for key, value in overrides.items():
        section = result
        *parents, last = key.split(".")
        for depth, name in enumerate(parents):
            section = section.setdefault(name, {})
            if not isinstance(section, dict):
                raise ConfigError(f"--set {key}: {'.'.join(parents[: depth + 1])} is a value, not a section")
        section[last] = plain(value)
    return result


def _copy(value: Any) -> Any:
    return {key: _copy(item) for key, item in value.items()} if isinstance(value, Mapping) else value


def plain(value: Any) -> Any:
    """NumPy numbers and arrays as Python's own."""
    return value.tolist() if hasattr(value, "tolist") else _copy(value)


def _drop_excluded(values: dict[str, Any], key: str, overrides: Mapping[str, Any]) -> None:
    *parents, last = key.split(".")
    section: Any = values
    for name in parents:
        section = section.get(name) if isinstance(section, dict) else None
    old = _section_class(values, parents)
    if not isinstance(section, dict) or old is None:
        return
    foreign: list[str] = []
    if last in old.exclusive:
        foreign = [name for name in old.exclusive if name != last]
    elif last == "kind" and section.get("kind") != overrides[key]:
        new = _section_class(values, parents, str(overrides[key]))
        foreign = [name for name in section if new is None or not _same_meaning(name, old, new)]
    for name in foreign:
        section.pop(name, None)


def _same_meaning(name: str, old: type[Section], new: type[Section]) -> bool:
    a, b = old.model_fields.get(name), new.model_fields.get(name)
    return a is None or (b is not None and a.description == b.description)


def _section_class(values: dict[str, Any], parents: list[str], kind: str | None = None) -> type[Section] | None:
    """The class of the section at `parents`; `kind` replaces the kind that the values give for the last one."""
    model = values.get("model")
    here: Any = RUNS.get(str(model.get("kind")) if isinstance(model, dict) else "")
    data: Any = values
    for depth, name in enumerate(parents):
        field = here.model_fields.get(name) if is_section(here) else None
        data = data.get(name) if isinstance(data, dict) else None
        if field is None or data is None:
            return None
        choices = members(field.annotation)
        given = data.get("kind", "table") if isinstance(data, dict) else None
        tag = kind if kind and depth == len(parents) - 1 else given
        here = choices.get(str(tag)) if choices else bare(field.annotation)
    return here if is_section(here) else None


def check_inputs(config: RunConfig, directory: Path, where: str = "configuration") -> None:
    """ConfigError unless all files exist and all tables are readable and cover the run's time span."""
    problems = []
    for key, path in config.files().items():
        if not (directory / path).is_file():
            problems.append(f"{key}: no such file: {directory / path} (paths are relative to the case file)")
    for key, table in config.tables().items():
        if f"{key}.file" not in {line.split(":")[0] for line in problems}:
            problems += _table_problems(key, table, directory, config.time.t_start, config.time.t_end)
    if problems:
        raise _failure(where, problems)


def _table_problems(key: str, table: TableConfig, directory: Path, t_start: float, t_end: float) -> list[str]:
    try:
        t, _ = table.load(directory)
    except ConfigError as error:
        return [f"{key}: {error}"]
    if t[0] > t_start or t[-1] < t_end:
        return [
            f"{key}: the table covers t = {t[0]:g} to {t[-1]:g}, the run {t_start:g} to {t_end:g}; "
            "extend the table, or change time.t_start, time.t_end"
        ]
    return []
