"""The sections that every case shares, whatever its subject, and the base of all cases. No jax; `build` imports it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from kiral.config.base import Count, Duration, Number, Positive, Section
from kiral.config.table import TableConfig
from kiral.config.units import AnyUnits, Units
from kiral.core.folder import config_hash

if TYPE_CHECKING:
    from kiral.core.estimate import Needs
    from kiral.core.problem import Problem


class Time(Section):
    """Time span, scheme and step control."""

    t_start: Number = Field(default=0.0, description="start [t*]")
    t_end: Number = Field(description="end [t*]")
    scheme: Literal["rk4", "etdrk4"] = Field(
        default="rk4", description="rk4: waves resolved; etdrk4: diffusion, viscosity, sound exact"
    )
    tolerance: Positive = Field(default=1e-5, description="relative error per step that the adaptive step aims at")
    dt: Positive | None = Field(default=None, description="fixed step; adaptive where not given [t*]")
    wall_limit: Duration | None = Field(
        default=None, description='stop with a checkpoint before this wall time: seconds or "10 min" [s]'
    )

    @model_validator(mode="after")
    def _forwards(self) -> Time:
        if self.t_end <= self.t_start:
            given = f"t_end = {self.t_end:g}, t_start = {self.t_start:g}"
            raise ValueError(f"t_end must be greater than t_start; got {given}")
        return self


class When(Section):
    """When to write: every so much time, steps or wall time, or at listed times. It never changes the time steps."""

    exclusive: ClassVar[tuple[str, ...]] = ("every_time", "every_steps", "every_wall", "at")
    every_time: Positive | None = Field(default=None, description="interval of the run's time [t*]")
    every_steps: Count | None = Field(default=None, description="number of steps")
    every_wall: Duration | None = Field(default=None, description='interval of wall time: seconds or "60 s" [s]')
    at: tuple[Number, ...] | None = Field(default=None, description="list of times, increasing [t*]")

    @field_validator("at")
    @classmethod
    def _increasing(cls, at: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if at is not None and any(b <= a for a, b in pairwise(at)):
            raise ValueError("times must increase")
        return at


class CheckpointWhen(When):
    """When to write checkpoints, and how many to keep."""

    keep: Count = Field(default=2, description="number of checkpoints to keep")


class Output(Section):
    """What is written, and when."""

    series: When = Field(default=When(every_steps=10), description="numbers in time")
    spectra: When | None = Field(default=None, description="spectra; never where not given")
    snapshots: When | None = Field(default=None, description="fields on the grid; never where not given")
    checkpoint: CheckpointWhen = Field(default=CheckpointWhen(every_wall=60.0), description="states to resume from")


class Devices(Section):
    """Where and in which precision the state is advanced; time, budgets and accumulators are float64 always."""

    kind: Literal["auto", "cpu", "gpu"] = Field(default="auto", description="auto takes a GPU where jax finds one")
    count: Literal["auto"] | Count = Field(
        default="auto", description="devices that share the box; auto: all GPUs that divide it evenly, or one CPU"
    )
    precision: Literal["float64", "float32"] = Field(
        default="float64", description="precision of the fields; float32: half the memory, errors near 1e-5"
    )


class RunConfig(Section):
    """Base of all cases: the shared sections. A subject's class adds `model`, `geometry` and `initial`."""

    title: str = Field("", description="one line that says what the case shows")
    seed: Annotated[int, Field(strict=True, ge=0, lt=2**63)] = Field(
        default=1, description="seed of all random numbers"
    )
    time: Time
    output: Output = Output()
    devices: Devices = Devices()
    units: AnyUnits = Units()

    def build(self, directory: Path | str = ".") -> Problem:
        """The built problem; files of the case are relative to `directory`. Imports jax."""
        raise NotImplementedError

    def estimates(self) -> dict[str, Any]:
        """What theory expects of the case, see `kiral.mhd.estimates.scenario`; without jax."""
        raise NotImplementedError

    def needs(self, devices: int, gpu: bool = False) -> Needs | None:
        """What memory, steps and disk on so many devices are estimated from; None where the subject does not. Without jax."""
        return None

    def tables(self) -> dict[str, TableConfig]:
        """All tables in time, by dotted key; each must cover [t_start, t_end]."""
        return {}

    def files(self) -> dict[str, str]:
        """Paths of all files that the case reads, by dotted key."""
        return {f"{key}.file": table.file for key, table in self.tables().items() if table.file is not None}

    def as_dict(self) -> dict[str, Any]:
        """The resolved configuration as plain JSON values: the content of config.json."""
        return self.model_dump(mode="json")

    def config_hash(self) -> str:
        """sha256 of the canonical JSON of the resolved configuration."""
        return config_hash(self.as_dict())
