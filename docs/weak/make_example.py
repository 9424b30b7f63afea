"""Writes neutrino-bulb.csv, the example of the input format, and its figures: `python docs/weak/make_example.py`."""

from pathlib import Path

from kiral.report.style import png_bytes
from kiral.weak import figures
from kiral.weak.bulb import as_csv, neutrino_bulb
from kiral.weak.calculations import Weak

HERE = Path(__file__).parent
COMMENTS = (
    "Profiles for `kiral calc weak-star --set file=...`: an analytic neutrino bulb in a power-law atmosphere",
    "(kiral.weak.bulb.neutrino_bulb), not a simulation. Written by docs/weak/make_example.py.",
    "Units: time s, radius cm, density g/cm^3, temperature MeV, number_density 1/cm^3, mean_energy MeV.",
)

if __name__ == "__main__":
    (HERE / "neutrino-bulb.csv").write_text(as_csv(neutrino_bulb(), COMMENTS))
    zone = Weak().compute()
    for drawing in (figures.conductivities(zone), figures.occupations(zone)):
        if drawing is not None:
            name = drawing.name.replace("_", "-")
            (HERE.parent / "images" / f"{name}.png").write_bytes(png_bytes(drawing.figure, 110))
