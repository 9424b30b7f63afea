"""What to cite for a run: kiral, and the papers whose equations and methods the run used. Plain text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

GURGENIDZE_2025 = (
    "M. Gurgenidze, A. J. Long, A. Roper Pol, A. Brandenburg, T. Kahniashvili (2025), "
    "Primordial magnetic field from chiral plasma instability with sourcing, NORDITA-2025-146"
)
ROGACHEVSKII_2017 = (
    "I. Rogachevskii, O. Ruchayskiy, A. Boyarsky, J. Fröhlich, N. Kleeorin, A. Brandenburg, J. Schober (2017), "
    "Laminar and turbulent dynamos in chiral magnetohydrodynamics. I. Theory, Astrophys. J. 846, 153"
)
BRANDENBURG_1996 = (
    "A. Brandenburg, K. Enqvist, P. Olesen (1996), "
    "Large-scale magnetic fields from hydromagnetic turbulence in the very early universe, Phys. Rev. D 54, 1291"
)
JOYCE_1997 = (
    "M. Joyce, M. Shaposhnikov (1997), "
    "Primordial magnetic fields, right electrons, and the Abelian anomaly, Phys. Rev. Lett. 79, 1193"
)
KROGSTAD_2005 = (
    "S. Krogstad (2005), Generalized integrating factor methods for stiff PDEs, J. Comput. Phys. 203, 72"
)
KENNEDY_2003 = (
    "C. A. Kennedy, M. H. Carpenter (2003), Additive Runge-Kutta schemes for convection-diffusion-reaction equations, "
    "Appl. Numer. Math. 44, 139"
)
MUNTHE_KAAS_1999 = "H. Munthe-Kaas (1999), High order Runge-Kutta methods on manifolds, Appl. Numer. Math. 29, 115"
SCHEMES = {
    "rk4": KROGSTAD_2005,  # with what relaxes exact it is the exponential scheme
    "etdrk4": KROGSTAD_2005,
    "ark4": KENNEDY_2003,
    "ark4_refreshed": KENNEDY_2003,
    "lie4": MUNTHE_KAAS_1999,
}
YAMAMOTO_2023 = (
    "N. Yamamoto, D.-L. Yang (2023), Effective chiral magnetic effect from neutrino radiation, Phys. Rev. Lett. 131, 012701"
)

FIORILLO_2024 = (
    "D. F. G. Fiorillo, G. G. Raffelt, G. Sigl (2024), "
    "Inhomogeneous kinetic equation for mixed neutrinos: tracing the missing energy, Phys. Rev. Lett. 133, 021002"
)
GORBAR_2016 = (
    "E. V. Gorbar, I. A. Shovkovy, S. Vilchinskii, I. Rudenok, A. Boyarsky, O. Ruchayskiy (2016), "
    "Anomalous Maxwell equations for inhomogeneous chiral plasma, Phys. Rev. D 93, 105028"
)
DEHMAN_2024 = (
    "C. Dehman, J. A. Pons (2024), "
    "On the origin of magnetar fields: chiral magnetic instability in neutron star crusts, arXiv:2408.05281"
)
POTEKHIN_1999 = (
    "A. Y. Potekhin, D. A. Baiko, P. Haensel, D. G. Yakovlev (1999), "
    "Transport properties of degenerate electrons in neutron star envelopes and white dwarf cores, Astron. Astrophys. 346, 345"
)
BAIKO_2001 = (
    "D. A. Baiko, A. Y. Potekhin, D. G. Yakovlev (2001), Thermodynamic functions of harmonic Coulomb crystals, "
    "Phys. Rev. E 64, 057402"
)
KAMINKER_1999 = (
    "A. D. Kaminker, C. J. Pethick, A. Y. Potekhin, V. Thorsson, D. G. Yakovlev (1999), "
    "Neutrino-pair bremsstrahlung by electrons in neutron star crusts, Astron. Astrophys. 343, 1009"
)
YAKOVLEV_2001 = (
    "D. G. Yakovlev, A. D. Kaminker, O. Y. Gnedin, P. Haensel (2001), Neutrino emission from neutron stars, Phys. Rep. 354, 1"
)
GUDMUNDSSON_1983 = (
    "E. H. Gudmundsson, C. J. Pethick, R. I. Epstein (1983), Structure of neutron star envelopes, Astrophys. J. 272, 286"
)
CRUST_CALCULATIONS = (
    "star", "crust-profile", "mass-radius", "crust-amplification", "crust-growth", "crust-imbalance",
    "crust-resolution",
)  # fmt: skip

PAPERS = {
    "dehmanpons2024": DEHMAN_2024, "fiorillo2024": FIORILLO_2024, "gorbar2016": GORBAR_2016, "gurgenidze2025": GURGENIDZE_2025,
    "yamamotoyang2023": YAMAMOTO_2023,
}  # fmt: skip
"""Papers that `kiral reproduce` knows, by key."""


def citations(config: Mapping[str, Any], version: str) -> list[str]:
    """One line per work, each with what it was used for. `config` is the content of config.json."""
    lines = [f"kiral {version} (Apache-2.0): The kiral developers, kiral: chiral matter on JAX"]
    model = config.get("model", {})
    if model.get("kind") == "chiral_mhd" or config.get("calculation") in ("estimates", "growth", "relic"):
        lines += [
            f"{GURGENIDZE_2025} [equations, source of chirality, estimates]",
            f"{ROGACHEVSKII_2017} [chiral magnetohydrodynamics]",
            f"{JOYCE_1997} [the instability]",
        ]
    if str(model.get("kind", "")).startswith("flavor"):
        lines.append(f"{FIORILLO_2024} [equations, exchange of refractive and kinetic energy]")
    if model.get("kind") in ("anomalous_maxwell", "chiral_kinetic"):
        lines.append(f"{GORBAR_2016} [equations]")
    if config.get("calculation") in CRUST_CALCULATIONS or model.get("kind") in ("crust_linear", "crust_emhd"):
        lines += _crust(config)
    if model.get("heat"):
        lines += [f"{POTEKHIN_1999} [heat conductivity]", f"{BAIKO_2001} [heat capacity]"]
        lines += [f"{KAMINKER_1999} [bremsstrahlung]", f"{YAKOVLEV_2001} [plasmon decay]"] if model["heat"]["neutrinos"] else []
        lines += [f"{GUDMUNDSSON_1983} [envelope]"] if model["heat"]["surface"] == "envelope" else []
    if model.get("kind") == "shell_emhd":
        lines.append(f"{DEHMAN_2024} [equations, feedback of the anomaly]")
    if model.get("flow") == "relativistic":
        lines.append(f"{BRANDENBURG_1996} [relativistic fluid]")
    if config.get("calculation") == "relic":
        from kiral.mhd.bounds import load_bounds

        lines += [f"{citation} [bound]" for citation in dict.fromkeys(found.citation for found in load_bounds())]
    if "time" in config:
        lines.append(f"{SCHEMES[config['time']['scheme']]} [time stepping]")
    return lines


def _crust(config: Mapping[str, Any]) -> list[str]:
    """Equations of state and composition of a star, and who asked for its chirality."""
    from kiral.crust.eos import equation_of_state

    eos = config["star"]["eos"] if "star" in config else config["eos"]
    names = [eos] if isinstance(eos, str) else eos
    found = [equation_of_state(name) for name in names]
    lines = [f"{eos.source} [equation of state]" for eos in found]
    if config.get("calculation") != "mass-radius":
        lines.append(f"{found[0].composition_source} [composition of the crust]")
    if config.get("calculation") not in ("star", "mass-radius"):
        lines.append(f"{DEHMAN_2024} [captures, spin flips, chirality]")
    return lines
