"""What a calculation is: a validated section that computes an xarray.Dataset. `kiral.calc` stores and caches the result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from kiral.config.base import Section

if TYPE_CHECKING:
    import xarray

    from kiral.report.style import Drawing


class Calculation(Section):
    """Base class: fields are the input, `compute` makes the result. `title` is one line for `kiral calc`."""

    title: ClassVar[str] = ""

    def compute(self) -> xarray.Dataset:
        """The result; every variable has units and long_name."""
        raise NotImplementedError

    def figures(self, data: xarray.Dataset) -> tuple[Drawing | None, ...]:
        """Figures of the result; None for one that has nothing to show. A calculation without any draws nothing."""
        return ()

    def depends_on(self) -> dict[str, Any]:
        """What the result depends on beside the fields (a run's hash and end): a stored result is of these, too."""
        return {}
