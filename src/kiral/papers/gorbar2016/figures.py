"""What the equations of G16 say, drawn: as printed against corrected, first orders against exact. The paper has no figures."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from kiral.kinetic import drag, equilibrium, exact, printed, transport
from kiral.kinetic.calculations import Currents
from kiral.kinetic.drift import drift, drift_functions, perpendicular_function
from kiral.kinetic.figures import terms
from kiral.papers.context import Context
from kiral.papers.gorbar2016 import figures_runs
from kiral.papers.gorbar2016.common import CHARGE, MU, MU5, TAU, TEMPERATURE, C, apart, general, inputs, moments, plasma
from kiral.papers.gorbar2016.values_dissipative import REPAIRS, WITHOUT_C
from kiral.papers.gorbar2016.values_foundations import STRENGTH, driven_anomaly
from kiral.papers.gorbar2016.values_limits import EXAMPLE, wave_root, with_gauss
from kiral.report import style
from kiral.report.style import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, Curve, Drawing, Mark, Panel

DRIFT = r"drift $\beta=\bar v/c$  [1]"


def drift_function_curves(context: Context) -> Drawing | None:
    """g0, g1, g2, gL against β, with (30) as printed."""
    beta = np.linspace(0.005, 0.98, 300)
    g = drift_functions(beta)
    curves = (
        Curve("$g_0$", beta, g.g0, BLUE), Curve("$g_1$", beta, g.g1, GREEN), Curve("$g_2$, by its integral", beta, g.g2, BLACK),
        Curve("$g_2$, Eq. (30) as printed", beta, printed.g2(beta), ORANGE, "--"),
        Curve("$g_L$, missing in (27)", beta, g.gL, PURPLE, "-."),
    )  # fmt: skip
    panel = Panel(DRIFT, "drift functions  [1]", curves, x_scale="linear", decades=16, y_limits=(1e-6, 1e6))
    caption = "Eqs. (28)–(30). With + 15/2 ln the closed form of g2 goes as 10/β³, with - 15/2 ln it is the integral, 16/7 β³."
    return style.draw("drift-functions", "Functions of the drift's speed", caption, (panel,))


def dissipative(context: Context) -> Drawing | None:
    """Relative error of (27) in the general state against β, for each error alone and all, with c = 1."""
    beta = np.linspace(0.05, 0.7, 9)
    forms = {name: kept for name, kept in WITHOUT_C.items() if name != "a"} | {"both": ("powers",)}
    labels = {"b": r"without $\partial_t\mu$", "c": r"$g_0$ for $g_L$ along the drift", "both": "as printed"}
    off: dict[str, list[float]] = {name: [] for name in (*forms, "right")}
    for value in beta:
        state = _at_speed(float(value))
        s = plasma(state, 1)
        found = moments(state, 1, drifting=True).j_first
        given = {"temperature": s.temperature, "mu": s.mu, "tau": s.tau, "charge": s.charge, "c": 1.0, "grad_mu": s.grad_mu,
                 "parallel_field": s.b * (s.e @ s.b) / (s.b @ s.b), "dt_mu": s.dt_mu}  # fmt: skip
        flow = drift(s.e, s.b, 1.0, s.grad_e, s.grad_b, s.dt_e, s.dt_b)
        for name, kept in (forms | {"right": REPAIRS}).items():
            off[name].append(apart(found, printed.dissipative_current(flow, **given, repairs=kept)))
    colors = {"b": BLUE, "c": GREEN, "both": ORANGE}
    curves = [Curve(labels[name], beta, np.array(off[name]), colors[name], marker="o") for name in forms]
    curves.append(Curve("corrected", beta, np.array(off["right"]), BLACK, marker="o"))
    panel = Panel(DRIFT, "relative error of the current  [1]", tuple(curves), x_scale="linear", decades=18)
    caption = (
        "Eq. (27) against the sum over momenta of v δf, in a state with every driver and c = 1, where its wrong powers of c do "
        "not show. Corrected, what is left is rounding."
    )
    return style.draw("dissipative", "Dissipative current of a drifting plasma", caption, (panel,))


def _at_speed(beta: float) -> dict:
    state = general(drifting=True) | {"c": 1.0}
    e_field, b = state["e"], state["b"]
    parallel = b * (e_field @ b) / (b @ b)
    across = e_field - parallel
    return state | {"e": parallel + across / np.linalg.norm(across) * beta * np.linalg.norm(b)}


def transverse(context: Context) -> Drawing | None:
    """Coefficient of the current along E_perp against β: (25), and the boosted chiral magnetic current."""
    beta = np.linspace(0.0, 0.95, 200)
    curves = (
        Curve("Eq. (25)", beta, perpendicular_function(beta), BLUE),
        Curve(r"chiral magnetic current, boosted: $\gamma^2$", beta, 1 / (1 - beta**2), BLACK, "--"),
    )
    panel = Panel(DRIFT, r"coefficient  [1]", curves, x_scale="linear", decades=3)
    caption = (
        "Current along E_perp in units of λ e mu E_perp (E·B)/(4π²c B²). The chiral magnetic current of the drifting frame has "
        "it in the laboratory, too, three times as large at slow drift: the kinetic theory with ε = c p is not covariant."
    )
    return style.draw("transverse", "Chiral current across B", caption, (panel,))


def driven(context: Context) -> Drawing | None:
    """Ohm's current and the anomaly against the field: first order, exact, and the phase-space solver."""
    strength = np.geomspace(1e-3, 30, 60)
    fields = strength * TEMPERATURE / (C * CHARGE * TAU)
    common = {"temperature": TEMPERATURE, "tau": TAU, "charge": CHARGE, "c": C}
    ohm = np.array([exact.ohm_current(electric_field=e, mu_l=0.0, **common) for e in fields])
    linear = equilibrium.chirality_conductivity(TEMPERATURE, 0.0, TAU, CHARGE, C) * fields / CHARGE
    cold, dense = (np.array([exact.anomaly_factor(electric_field=e, mu_l=mu, **common) for e in fields])
                   for mu in (0.0, 2 * TEMPERATURE))  # fmt: skip
    label, name = r"$c\,eE\tau/T$  [1]", r"$A$  [1]"
    current = Panel(label, r"$j/j_0$  [1]", (
        Curve("exact in $E$", strength, ohm / linear[0] * strength[0], BLACK),
        Curve("Eq. (42)", strength, linear / linear[0] * strength[0], ORANGE, "--"),
    ), "Ohm's current")  # fmt: skip
    point = np.array([float(context.cached("driven", lambda: driven_anomaly(context)).value)])
    anomaly = Panel(label, name, (
        Curve("Eq. (8), $f_p(0)+f_a(0)=1$", strength, np.ones_like(strength), ORANGE, "--"),
        Curve(r"exact, $\mu_\lambda=0$", strength, cold, BLACK), Curve(r"exact, $\mu_\lambda=2T$", strength, dense, BLUE),
        Curve("phase-space solver", np.array([STRENGTH]), point, GREEN, "", marker="o"),
    ), "anomaly over $\\lambda e^2 E\\cdot B/4\\pi^2c$", y_scale="linear", y_limits=(0.0, 1.1))  # fmt: skip
    caption = (
        "Steady state along E to every order in the field. Left: one chirality, mu = 0, in units of the linear current at "
        "c e E tau = T. Right: what the driven state makes of the anomaly, which (8) takes as one."
    )
    return style.draw("driven", "Beyond small fields", caption, (current, anomaly), columns=2)


def corrections(context: Context) -> Drawing | None:
    """Size of the errors of (67), (72) against e, and of (54) against E."""
    state = general()
    left_out = ("dt_mu", "dt_mu5", "grad_electric_field", "grad_magnetic_field")
    fields = ("electric_field", "magnetic_field", "dt_electric_field", "dt_magnetic_field")
    given = inputs(state, *left_out, "div_electric_field", "laplacian_mu", "laplacian_mu5")
    charge, electric, axial = np.geomspace(0.02, 2.0, 80), [], []
    for e in charge:
        made = transport.currents(**given | {"charge": e, **{name: given[name] * CHARGE / e for name in fields}})
        electric.append(apart(made.electric, printed.electric(made, e)))
        axial.append(apart(made.axial, printed.axial(made, e)))
    stray = Panel("charge $e$ at fixed $eE$, $eB$  [1]", "relative error  [1]", (
        Curve("electric current, (67)", charge, np.array(electric), BLUE),
        Curve("axial current, (72)", charge, np.array(axial), ORANGE),
    ), "stray factors $e$", decades=5, vertical=(Mark(r"$\sqrt{\alpha}$", 1 / math.sqrt(137.036)),))  # fmt: skip
    factor = np.geomspace(0.01, 100.0, 80)
    given = inputs(state, *left_out, *fields[2:])
    right = [drag.chemical_potential_rates(**given | {"electric_field": f * state["e"]}).dmu5_dt for f in factor]
    same, mixed = 3 * MU**2 + 3 * MU5**2 + math.pi**2 * TEMPERATURE**2, 6 * MU * MU5
    lost = 1.5 * CHARGE**2 * C**2 * factor * (state["e"] @ state["b"]) * same / (same**2 - mixed**2)
    label = r"lost part of $\partial_t\mu_5$  [1]"
    curve = Curve("Eq. (54)", factor, np.abs(lost / np.array(right, dtype=float)), BLACK)
    anomaly = Panel("factor of the electric field  [1]", label, (curve,), "missing anomaly", decades=5)
    caption = (
        "In the state with every driver. Left: at fixed eE, eB currents cannot depend on e; terms with a stray e do. Right: "
        "what (54) leaves out of the rate of mu5, over that rate, when E is multiplied by a factor."
    )
    return style.draw("corrections", "Size of the corrections", caption, (stray, anomaly), columns=2)


def wave(context: Context) -> Drawing | None:
    """Frequency and damping of the chiral magnetic wave: (65), kinetic with E = 0, with Gauss's law."""
    k = np.geomspace(2e-3, 0.6, 60)
    tau, b = EXAMPLE["tau"], 6.0
    v = float(equilibrium.wave_speed(1.0, b, EXAMPLE["charge"]))
    roots = np.array([wave_root(x * tau, v, tau) for x in k])
    light, strong = (np.array([with_gauss(x, field) for x in k]) for field in (1.0, b))
    paper = (v * k, tau * k**2 / 3)
    label = r"$k$  [$T$]"
    moving = Panel(label, r"$|\mathrm{Re}\,\omega|$  [$T$]", (
        Curve(f"Eq. (65), $B={b:g}\\,T^2$", k, paper[0], ORANGE, "--"),
        Curve("kinetic, $E=0$", k, np.abs(roots.imag), GREEN, ":", 2.4),
        Curve("with Gauss's law", k, np.abs(strong[:, 0].imag), BLACK),
    ), "frequency", decades=4)  # fmt: skip
    damping = Panel(label, r"damping $-\mathrm{Im}\,\omega$  [$T$]", (
        Curve("Eq. (65), any $B$", k, paper[1], ORANGE, "--"),
        Curve(f"kinetic, $E=0$, $B={b:g}\\,T^2$", k, -roots.real, GREEN, ":", 2.4),
        Curve(f"Gauss, $B={b:g}\\,T^2$", k, -strong[:, 0].real, BLACK),
        Curve("Gauss, $B=T^2$, fast", k, -light[:, 0].real, GREY), Curve("Gauss, $B=T^2$, slow", k, -light[:, 1].real, BLUE),
    ), "damping", decades=6)  # fmt: skip
    caption = (
        "Chiral magnetic wave along B, e = 0.3, tau T = 2. Eq. (65) sets E = 0; the wave carries charge, and with the E of "
        "Gauss's law it is gapped in strong fields, and at B = T² there is no wave for k below 0.6 T but two decaying modes."
    )
    return style.draw("wave", "Chiral magnetic wave", caption, (moving, damping), columns=2)


def hall(context: Context) -> Drawing | None:
    """Conductivities against B: (50), and exact in B."""
    strength = np.geomspace(1e-2, 30.0, 50)
    mu = 0.5
    x_axis, _, z_axis = np.eye(3)
    found = np.array([exact.hall_current(electric_field=x_axis, magnetic_field=b * z_axis, mu_l=mu)[:2] for b in strength])
    x = 3 * mu**2 + math.pi**2
    curves = (
        Curve(r"$\sigma_{xx}$", strength, found[:, 0], BLACK), Curve(r"$\sigma_{xx}$, Eq. (50)", strength,
              np.full_like(strength, x / (18 * math.pi**2)), GREY, "--"),
        Curve(r"$|\sigma_{xy}|$", strength, np.abs(found[:, 1]), BLUE),
        Curve(r"$|\sigma_{xy}|$, Eq. (50)", strength, mu * strength / (6 * math.pi**2), ORANGE, "--"),
    )  # fmt: skip
    panel = Panel(r"$c\,eB\tau/T$  [1]", r"$j/(e\tau T^2E/c)$  [1]", curves, decades=5)
    caption = "Ohm's and Hall current of one chirality with mu = 0.5 T: second order, and to every order in B, linear in E."
    return style.draw("hall", "Ohm's and Hall current against B", caption, (panel,))


def all_terms(context: Context) -> Drawing | None:
    """All terms of (67) and (72) against the fields."""
    given = Currents(points=61, dt_electric_field=(0.001, -0.002, 0.0005), dt_magnetic_field=(-0.0007, 0.0011, 0.0003))
    return terms(context.cached("terms", given.compute))


FIGURES: dict[str, Callable[[Context], Drawing | None]] = {
    "drift-functions": drift_function_curves,
    "dissipative": dissipative,
    "transverse": transverse,
    "terms": all_terms,
    "corrections": corrections,
    "driven": driven,
    "hall": hall,
    "wave": wave,
} | figures_runs.FIGURES
