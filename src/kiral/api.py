"""Python's door to kiral: run, resume and open runs; the commands use the same functions.

`run = kiral.run("sourced-cpi", {"geometry.n": 64})`, then `run.series`, `run.spectra`, `run.drift`.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import kiral
from kiral.config.case import Devices, Output, RunConfig, When
from kiral.config.load import LoadedCase, apply_overrides, check_inputs, load_case, validate
from kiral.core.folder import Run, RunFolder, open_run
from kiral.core.provenance import file_checksum
from kiral.errors import ConfigError, RunFolderError
from kiral.resources import check_fits

if TYPE_CHECKING:
    from kiral.core.problem import Problem
    from kiral.core.progress import Reporter
    from kiral.core.settings import LoopSettings

__all__ = ["build", "load_case", "open_run", "resume", "run", "setup_jax"]

# glibc's M_MMAP_THRESHOLD, M_TRIM_THRESHOLD and M_TOP_PAD: blocks up to 32 MiB (its largest) from the heap, heap kept.
_MALLOC_OPTIONS = {-3: 1 << 25, -1: 1 << 30, -2: 1 << 26}

RESUMABLE = ("time.t_end", "time.wall_limit", "output.", "devices.kind", "devices.count")
"""Keys that may change when a run is resumed."""


def run(
    case: str | Path,
    overrides: Mapping[str, Any] | None = None,
    *,
    size: str | None = None,
    out: str | Path | None = None,
    progress: bool = True,
) -> Run:
    """Run a case from its start to time.t_end, or until it is stopped; returns the run, for reading.

    Args: case - name or TOML file; overrides - {"geometry.n": 64}; size - one of the sizes that the file has;
        out - run folder, by default runs/<case>-<hash>; progress - show it on stderr.
    Errors: ConfigError; RunFolderError (folder in use, disk full); NumericalError (a solution that is not finite).
    """
    return run_loaded(load_case(case, overrides, size=size), out, _reporter(progress))


def run_loaded(loaded: LoadedCase, out: str | Path | None, reporter: Reporter) -> Run:
    """Run a case that has been loaded."""
    path = Path(out) if out is not None else default_folder(loaded)
    setup_jax(loaded.config.devices)
    check_fits(loaded.config, path)
    facts = _facts(loaded.config, loaded.directory)
    problem = loaded.config.build(loaded.directory)
    with _opened(lambda: RunFolder.create(path, loaded.text, loaded.config.as_dict(), facts), path) as folder:
        return _advance(folder, problem, loaded.config, reporter, resumed=False)


def resume(path: str | Path, overrides: Mapping[str, Any] | None = None, *, progress: bool = True) -> Run:
    """Go on with a stopped or killed run from its last good checkpoint, with the same bits as if it had never stopped.

    Only time.t_end, time.wall_limit and output.* may be overridden; what changed is recorded in the provenance.
    Errors: RunFolderError (no run folder, in use, other keys changed), CheckpointError (no usable checkpoint).
    """
    stored = open_run(path)
    values = apply_overrides(stored.config, overrides or {})
    config = validate(values, f"{path}/config.json" + (" with --set" if overrides else ""))
    directory = Path(stored.provenance.get("case_directory", "."))
    _check_changes(stored, config)
    check_inputs(config, directory, str(path))
    _check_unchanged_inputs(stored, config, directory)
    setup_jax(config.devices)
    check_fits(config, Path(path))
    problem = config.build(directory)
    with _opened(lambda: RunFolder.open(path, config.as_dict(), RESUMABLE), path) as folder:
        return _advance(folder, problem, config, _reporter(progress), resumed=True)


def open_folder(loaded: LoadedCase, path: Path) -> tuple[RunFolder, bool]:
    """(locked folder, whether there is a run of this case to go on with) of a loaded case; made where there is none."""
    config = loaded.config.as_dict()
    if not (path / "config.json").exists():
        return RunFolder.create(path, loaded.text, config, _facts(loaded.config, loaded.directory)), False
    _check_unchanged_inputs(open_run(path), loaded.config, loaded.directory)
    return RunFolder.open(path, config, RESUMABLE), True


def run_or_resume(loaded: LoadedCase, path: Path, reporter: Reporter) -> Run:
    """Run a loaded case in a folder, or go on with its run there."""
    setup_jax(loaded.config.devices)
    check_fits(loaded.config, path)
    problem = loaded.config.build(loaded.directory)
    folder, resumed = open_folder(loaded, path)
    with folder:
        return _advance(folder, problem, loaded.config, reporter, resumed=resumed)


def _opened(open_it: Callable[[], RunFolder], path: str | Path) -> RunFolder:
    """The folder, opened by the first of the processes of a run."""
    from kiral.core import processes

    return processes.by_first(open_it) or RunFolder.join(path)


def build(case: str | Path, overrides: Mapping[str, Any] | None = None) -> Problem:
    """The built problem of a case, for stepping by hand: equation, initial state, observables."""
    loaded = load_case(case, overrides)
    setup_jax(loaded.config.devices)
    return loaded.config.build(loaded.directory)


def default_folder(loaded: LoadedCase) -> Path:
    """runs/<case>-<first 8 digits of the configuration's hash>."""
    return Path("runs") / f"{loaded.name}-{loaded.config.config_hash()[:8]}"


def _advance(folder: RunFolder, problem: Problem, config: RunConfig, reporter: Reporter, *, resumed: bool) -> Run:
    from kiral.core.loop import run_loop

    try:
        reporter.message(_header(config, folder.path))
        with _enough_memory():
            run_loop(problem, folder, loop_settings(config, problem.dt_max), resume=resumed, reporter=reporter)
    finally:
        reporter.close()
    return open_run(folder.path)


@contextmanager
def _enough_memory() -> Iterator[None]:
    """A grid that does not fit is a wrong configuration."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:  # jax raises a RuntimeError
        if not isinstance(error, MemoryError) and "RESOURCE_EXHAUSTED" not in str(error):
            raise
        raise ConfigError(f"geometry.n: not enough memory for this grid ({error}); give fewer points") from None


def loop_settings(config: RunConfig, dt_max: float) -> LoopSettings:
    """The loop's settings of a configuration; `dt_max` is the problem's largest step."""
    from kiral.core.advance import step_options
    from kiral.core.settings import LoopSettings

    output: Output = config.output
    return LoopSettings(
        t_end=config.time.t_end,
        scheme=config.time.scheme,
        options=step_options(config.time.tolerance, config.time.dt or 0.0, dt_max),
        series=_schedule(output.series, "output.series"),
        spectra=_schedule(output.spectra, "output.spectra") if output.spectra else None,
        snapshots=_schedule(output.snapshots, "output.snapshots") if output.snapshots else None,
        checkpoint=_schedule(output.checkpoint, "output.checkpoint"),
        keep=output.checkpoint.keep,
        wall_limit=config.time.wall_limit,
    )


def _schedule(when: When, where: str) -> Any:
    from kiral.core.schedule import Schedule

    return Schedule.from_dict(when.model_dump(exclude={"keep"}), where)


def _reporter(progress: bool) -> Reporter:
    from kiral.core import processes
    from kiral.core.progress import make_reporter

    return make_reporter(quiet=not (progress and processes.is_first()))


def _header(config: RunConfig, path: Path) -> str:
    """First line of a run: version, devices, precision, grid, folder."""
    import jax

    devices = jax.devices()
    geometry = config.as_dict().get("geometry", {})
    size = " x ".join(str(n) for n in geometry.get("n", []))
    size = size or " ".join(f"{key} {geometry[key]}" for key in ("n_r", "l_max", "m_max") if key in geometry)
    parts = [f"kiral {kiral.__version__}", f"{len(devices)} x {devices[0].device_kind}", config.devices.precision]
    parts += [f"grid {size}"] if size else []
    return " · ".join([*parts, config.time.scheme, f"-> {path}"])


def _facts(config: RunConfig, directory: Path) -> dict[str, Any]:
    """What the provenance keeps about the case beside its configuration."""
    inputs = {key: _input(directory / path) for key, path in config.files().items()}
    facts = {"seed": config.seed, "precision": config.devices.precision}
    return facts | {"case_directory": str(directory.resolve()), "inputs": inputs}


def _input(path: Path) -> dict[str, str]:
    return {"path": str(path.resolve()), "sha256": file_checksum(path)}


def _check_changes(stored: Run, config: RunConfig) -> None:
    """An earlier end than the run has reached cannot be had by resuming."""
    reached = stored.status.get("t")
    if reached is not None and config.time.t_end < reached and config.time.t_end != stored.config["time"]["t_end"]:
        raise ConfigError(
            f"time.t_end: got {config.time.t_end:g}, but {stored.path} has reached t = {reached:g}; "
            "give a later end, or run the case into another folder with --out"
        )


def _check_unchanged_inputs(stored: Run, config: RunConfig, directory: Path) -> None:
    """Files that the case reads must be the ones that it started with."""
    for key, path in config.files().items():
        known = stored.provenance.get("inputs", {}).get(key)
        if known is not None and known["sha256"] != file_checksum(directory / path):
            raise RunFolderError(
                f"{key}: {directory / path} has changed since {stored.path} was started; restore the file, "
                "or run the case into another folder with --out"
            )


# --- jax -------------------------------------------------------------------------------------------------------------


def cache_directory() -> Path:
    """Where kiral keeps compiled programs: KIRAL_CACHE_DIR, else kiral in XDG_CACHE_HOME or ~/.cache."""
    if own := os.environ.get("KIRAL_CACHE_DIR"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kiral"


def setup_jax(devices: Devices | None = None) -> None:
    """Set up jax before any array exists: float64, platform, and the cache of compiled programs on disk.

    Errors: ConfigError when devices.kind = "gpu" and jax finds none.
    """
    import jax

    kind = "auto" if devices is None else devices.kind
    _keep_freed_memory()
    jax.config.update("jax_enable_x64", True)
    if jax.config.values["jax_compilation_cache_dir"] is None:
        jax.config.update("jax_compilation_cache_dir", str(cache_directory() / "jax"))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    if kind == "cpu":
        jax.config.update("jax_platforms", "cpu")
    _set_cpu_devices(1 if devices is None or devices.count == "auto" else devices.count)
    if kind == "auto":
        jax.config.update("jax_default_device", None)
    else:
        jax.config.update("jax_default_device", _first(jax.devices, kind))


def _set_cpu_devices(count: int) -> None:
    """Let jax divide the cores into `count` devices, where it has not started yet and processes do not share the run."""
    import jax

    from kiral.core import processes

    if count == 1 or processes.number() > 1:
        return
    with contextlib.suppress(RuntimeError):  # jax has started: slab_mesh says what there is
        jax.config.update("jax_num_cpu_devices", count)


def _keep_freed_memory() -> None:
    """Let glibc keep large freed blocks: otherwise each transform's buffers are mapped, zeroed and unmapped every time."""
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):  # another C library: only slower
        return
    for option, value in _MALLOC_OPTIONS.items():
        mallopt(option, value)


def _first(devices: Callable[[str], list], kind: str) -> Any:
    try:
        return devices(kind)[0]
    except RuntimeError:
        raise ConfigError(
            f'devices.kind = "{kind}": jax finds no {kind}; set devices.kind = "auto", or install kiral[cuda] on a '
            "machine with a GPU"
        ) from None
