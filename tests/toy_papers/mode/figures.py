"""Figures of a toy paper."""

from kiral.report.style import Curve, Panel, draw


def decay(context):
    series = context.run("slow").series
    curve = Curve("b_rms", series.t.values, series.b_rms.values)
    return draw("fig1", "Fig. 1: decay", "Field against time.", (Panel("t [t*]", "B", (curve,), x_scale="linear"),))


def late(context):
    return decay(context) if context.has("long") else None


FIGURES = {"fig1": decay, "fig2": late}
