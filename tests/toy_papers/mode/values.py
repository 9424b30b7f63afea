"""Ours, for a toy paper: each from theory or from what a run stored."""

import numpy as np

from kiral.config.load import read_toml
from kiral.papers import paper_folder
from kiral.papers.context import Measured


def rate(context):
    case = read_toml(paper_folder("mode") / "case.toml")[1]
    return Measured(case["model"]["magnetic_diffusivity"] * case["geometry"]["k_min"] ** 2, "eta k^2")


def left(context, name):
    """Field at the end over the field at the start."""
    b_rms = context.run(name).series.b_rms.values
    return Measured(b_rms[-1] / b_rms[0], "b_rms at the end over b_rms at the start", (name,))


def slow(context):
    return context.cached("slow", lambda: left(context, "slow"))


def monotonic(context):
    return np.all(np.diff(context.run("slow").series.b_rms.values) < 0)


def faster(context):
    return "corrected" if left(context, "fast").value < slow(context).value else "printed"


VALUES = {
    "rate": rate,
    "decay": slow,
    "fast": lambda context: left(context, "fast").value,
    "monotonic": monotonic,
    "faster": faster,
    "late": lambda context: left(context, "long"),
}
