"""Figures of the effective chiral magnetic effect, from the datasets of its calculations (`weak`, `weak-map`, `weak-star`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kiral.report import maps, style
from kiral.report.maps import Contour, Map
from kiral.report.style import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, Curve, Drawing, Mark, Panel

if TYPE_CHECKING:
    import xarray

ENERGY = "energy $q$  [MeV]"
TIME = "time  [s]"
SYMBOLS = {
    "xi_b": r"$\xi_B$",
    "xi_b_total": r"$\xi_B^\mathrm{tot}$",
    "kappa_b": r"$\kappa_B$",
    "kappa_b_total": r"$\kappa_B^\mathrm{tot}$",
}
UNITS = {"xi_b": "[MeV]", "xi_b_total": "[MeV]", "kappa_b": r"[MeV$^2$]", "kappa_b_total": r"[MeV$^2$]"}
AXES = {
    "density": (r"density $\rho$  [g cm$^{-3}$]", "log"),
    "temperature": ("temperature $T$  [MeV]", "linear"),
    "electron_fraction": ("electron fraction $Y_e$  [1]", "linear"),
}


def collision_terms(data: xarray.Dataset) -> Drawing | None:
    """F_W of electrons and of positrons against energy, from a result of `weak`."""
    q = _values(data, "energy")
    curves = (
        Curve("electrons, $F_W$", q, _values(data, "collision_term"), BLUE),
        Curve(r"positrons, $\tilde F_W$", q, _values(data, "collision_term_bar"), ORANGE),
    )
    zero = (Mark("balance", 0.0),)
    panel = Panel(ENERGY, r"collision term  [MeV$^2$]", curves, "", "linear", y_scale="linear", horizontal=zero)
    caption = "Collision terms of neutrino absorption on nucleons and its inverse; positive where capture prevails."
    return style.draw("weak_collision_terms", "Collision terms", caption, (panel,))


def occupations(data: xarray.Dataset) -> Drawing | None:
    """Changes of the occupations, linear and within the Pauli bound, from a result of `weak`."""
    panels = []
    for end, particles in (("", "electrons"), ("_bar", "positrons")):
        for name, text in (("delta_f", "linear"), ("delta_f_bounded", "Pauli-bounded")):
            panels.append(_occupation_panel(data, f"{name}{end}", f"occupation{end}", f"{particles}, {text}"))
    caption = (
        "Changes of the occupation of left-handed electrons and right-handed positrons. Shaded: no fermion can be there, an "
        "occupation lies between 0 and 1."
    )
    return style.draw("weak_occupations", "Changes of occupations", caption, tuple(panels), columns=2)


def _occupation_panel(data: xarray.Dataset, name: str, thermal: str, title: str) -> Panel:
    q, t, f = _values(data, "energy"), _values(data, "t_shown"), _values(data, thermal)
    low, high = -1.02, 1.02
    limits = (
        Curve(r"limit $1-f$", q, 1 - f, GREY, ":", fill="above"),
        Curve(r"limit $-f$", q, -f, GREY, "-.", fill="below"),
    )
    curves = []
    for now, change, color in zip(t, _values(data, name), (PURPLE, GREEN, BLUE, BLACK), strict=True):
        curves.append(Curve(_seconds(now), q, np.where((change >= low) & (change <= high), change, np.nan), color))
    drawn = tuple(c for c in (*limits, *curves) if np.isfinite(c.y).any())
    return Panel(ENERGY, r"$\delta f$  [1]", drawn, title, "linear", y_scale="linear", y_limits=(low, high))


def conductivities(data: xarray.Dataset) -> Drawing | None:
    """ξ and κ against time, linear and bounded, from a result of `weak`."""
    t, panels = _values(data, "t"), []
    for pair, symbol in ((("xi_b", "xi_b_total"), r"$\xi_B$  [MeV]"), (("kappa_b", "kappa_b_total"), r"$\kappa_B$  [MeV$^2$]")):
        curves = []
        for name, color in zip(pair, (BLUE, ORANGE), strict=True):
            curves.append(Curve(f"{SYMBOLS[name]}, linear", t, _values(data, f"{name}_of_t"), color, width=1.1))
            curves.append(Curve(f"{SYMBOLS[name]}, bounded", t, _values(data, f"{name}_bounded_of_t"), color, width=2.2))
        if pair[0] == "xi_b":
            label = rf"{SYMBOLS['xi_b_total']}, fast collisions"
            curves.append(Curve(label, t, _values(data, "xi_b_total_thermal_of_t"), GREEN, width=2.2))
        marks = tuple(Mark(text, float(data[name])) for text, name in ((r"max$|\delta f|$ = 1", "impossible_from"),))
        panels.append(Panel(TIME, symbol, tuple(curves), "electric" if pair[0] == "xi_b" else "energy", vertical=marks))
    caption = (
        "Conductivities of the electric and of the energy current along B. Thin: linear in time; thick: within the Pauli "
        "bound. Fast collisions: the limit in which electrons stay thermal and keep their chirality."
    )
    return style.draw("weak_conductivities", "Conductivities against time", caption, tuple(panels), columns=2)


def sign_map(data: xarray.Dataset) -> Drawing | None:
    """Sign of ξ_B,tot, linear and bounded, from a result of `weak-map` with electron_fraction and temperature."""
    y_name, x_name = (str(d) for d in data["xi_b_total"].dims)
    found = []
    for name, title in (("xi_b_total", "linear"), ("xi_b_total_bounded", "Pauli-bounded")):
        z = _values(data, name)
        contours = (Contour(rf"{SYMBOLS['xi_b_total']} = 0", (0.0,)),)
        limit = float(np.nanpercentile(np.abs(z), 80))
        lines = _equal_potentials(data, x_name, y_name)
        label = f"{SYMBOLS['xi_b_total']}  [MeV]"
        found.append(_map(data, x_name, y_name, z, label, title, "signed", (-limit, limit), contours, lines))
    caption = (
        "Sign of the total conductivity of the electric current. Dashed: equal chemical potentials of neutrons and protons, "
        "where it would change its sign if that of the electrons were 0."
    )
    return maps.draw("weak_sign_map", "Sign of the current", caption, tuple(found), columns=2)


def _equal_potentials(data: xarray.Dataset, x_name: str, y_name: str) -> tuple[Curve, ...]:
    """mu_n = mu_p, at Ye = 1/2 for equal masses."""
    if x_name != "electron_fraction" or not data[x_name].min() < 0.5 < data[x_name].max():
        return ()
    y = _values(data, y_name)
    return (Curve(r"$\mu_n=\mu_p$", np.full(y.size, 0.5), y, BLACK, "--", 1.1),)


def plane_maps(data: xarray.Dataset) -> Drawing | None:
    """|ξ_B,tot| and κ_B,tot, linear and bounded, from a result of `weak-map`."""
    y_name, x_name = (str(d) for d in data["xi_b_total"].dims)
    found = []
    for name in ("xi_b_total", "kappa_b_total"):
        for suffix, title in (("", "linear"), ("_bounded", "Pauli-bounded")):
            z = np.abs(_values(data, f"{name}{suffix}"))
            label = rf"$|${SYMBOLS[name]}$|$  {UNITS[name]}"
            one = Contour(r"max$|\delta f|$ = 1, linear", (1.0,), "--", of=_values(data, "max_delta_f"))
            dense = Contour("nucleons degenerate", (0.3,), ":", of=_values(data, "degeneracy"))
            quantity = "electric" if name == "xi_b_total" else "energy"
            found.append(_map(data, x_name, y_name, z, label, f"{quantity}, {title}", "log", None, (one, dense), ()))
    caption = (
        "Conductivities of the electric and of the energy current; dark lines where they change their sign. Beyond the dashed "
        "line the linear answer is impossible, beyond the dotted one Boltzmann statistics of the nucleons fails."
    )
    return maps.draw("weak_plane_maps", "Conductivities in a plane of parameters", caption, tuple(found), columns=2)


def _map(data, x_name, y_name, z, label, title, z_scale, limits, contours, curves) -> Map:
    """A map over two parameters of `weak-map`."""
    (x_label, x_scale), (y_label, y_scale) = AXES[x_name], AXES[y_name]
    return Map(x_label, y_label, label, _values(data, x_name), _values(data, y_name), z, title, x_scale, y_scale, z_scale,
               limits, contours=contours, curves=curves)  # fmt: skip


def star_profiles(data: xarray.Dataset) -> Drawing | None:
    """ξ_B,tot against radius at the last time, linear and bounded, and the growth times, from a result of `weak-star`."""
    last = data.isel(time=-1)
    r = _values(data, "radius") / 1e5
    label = "radius  [km]"
    curves = [
        Curve("linear", r, _values(last, "xi_b_total"), BLUE, width=1.1),
        Curve("bounded", r, _values(last, "xi_b_total_bounded"), BLUE, width=2.2),
    ]
    for way, color in (("radial", GREEN), ("tangential", PURPLE)):
        if (name := f"xi_b_total_flight_{way}") in data:
            curves.append(Curve(f"straight flight, {way} field", r, _values(last, name), color))
    growth = (
        Curve("linear", r, _values(last, "growth_time"), BLUE, width=1.1),
        Curve("bounded", r, _values(last, "growth_time_bounded"), BLUE, width=2.2),
    )
    panels = (
        Panel(label, rf"{SYMBOLS['xi_b_total']}  [MeV]", tuple(curves), "conductivity", "log"),
        Panel(label, "growth time  [s]", growth, "chiral plasma instability", "log"),
    )
    caption = f"The effective chiral magnetic effect in a star at {_seconds(float(data['time'][-1]))}."
    return style.draw("weak_star", "Profiles of a star", caption, panels, columns=2)


def _values(data: xarray.Dataset, name: str) -> np.ndarray:
    return np.asarray(data[name], dtype=float)


def _seconds(t: float) -> str:
    """0.0001 → "0.1 ms", 0.25 → "0.25 s"."""
    return f"{t:.3g} s" if t >= 0.1 else f"{1e3 * t:.3g} ms" if t >= 1e-4 else f"{1e6 * t:.3g} µs"
