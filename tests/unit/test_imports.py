"""Imports point one way, and the commands that need no jax start without it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import kiral

SOURCE = Path(kiral.__file__).parent
LAYERS = {
    "errors": 0, "constants": 0, "units": 1, "quantity": 1,
    "core": 2, "geometry": 2, "devices": 3,
    "kinetic.run_config": 4, "kinetic.run_figures": 4, "kinetic.run_page": 4, "kinetic.run_estimates": 4,
    "kinetic": 3, "kinetic.calculations": 4, "kinetic.figures": 4,
    "kinetic.homogeneous_calculations": 4, "kinetic.homogeneous_figures": 4,
    "kinetic.response_calculations": 4, "kinetic.response_figures": 4,
    "kinetic.validity_calculations": 4, "kinetic.validity_figures": 4,
    "config.base": 3, "config.box": 3, "config.messages": 3, "config.table": 3, "config.calculation": 3, "config.units": 3,
    "report.style": 3, "report.maps": 3,
    "mhd": 4, "weak": 4, "flavor": 4, "maxwell": 4, "crust": 4,
    "config": 5,
    "report": 6, "citations": 6, "export": 6, "summary": 6, "resources": 6,
    "api": 7, "calc": 7, "measure": 8, "papers": 8, "sweeps": 8,
    "console": 8, "cli_common": 9, "cli_runs": 10, "cli_results": 10, "cli": 11, "__main__": 12,
}  # fmt: skip
"""A module may import from its own layer's package and from lower layers. The package's door (kiral) is lazy."""


def layer_of(module: str) -> tuple[str, int]:
    for name in (".".join(module.split(".")[:2]), module.split(".")[0]):
        if name in LAYERS:
            return name, LAYERS[name]
    raise AssertionError(f"kiral.{module} has no layer: add it to LAYERS")


def imports(path: Path) -> set[str]:
    """Modules of kiral that a file imports, those under `if TYPE_CHECKING` left out."""
    tree = ast.parse(path.read_text())
    typed = {id(n) for node in ast.walk(tree) if _type_checking(node) for n in ast.walk(node)}
    found = set()
    for node in ast.walk(tree):
        if id(node) in typed:
            continue
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("kiral."):
            base = node.module.removeprefix("kiral.")
            submodules = {f"{base}.{a.name}" for a in node.names if (SOURCE / base.replace(".", "/") / f"{a.name}.py").exists()}
            found |= submodules or {base}
        elif isinstance(node, ast.Import):
            found |= {a.name.removeprefix("kiral.") for a in node.names if a.name.startswith("kiral.")}
    return found


def _type_checking(node) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def modules() -> list[tuple[str, Path]]:
    files = sorted(SOURCE.rglob("*.py"))
    return [(".".join(p.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"), p) for p in files]


@pytest.mark.parametrize(("module", "path"), [(m, p) for m, p in modules() if m not in ("__init__", "cases")])
def test_imports_point_down(module, path):
    package, layer = layer_of(module)
    for target in imports(path):
        other, other_layer = layer_of(target)
        same = other.split(".")[0] == package.split(".")[0]
        assert same or other_layer < layer, f"kiral.{module} imports kiral.{target}"


def test_core_and_geometry_do_not_know_each_other():
    for module, path in modules():
        for here, there in (("core", "geometry"), ("geometry", "core")):
            if module.split(".")[0] == here:
                assert not [t for t in imports(path) if t.split(".")[0] in (there, "mhd", "config")], module


@pytest.mark.parametrize(
    "statement",
    [
        "import kiral.cli",
        "import kiral.mhd.config, kiral.config.run",
        "import kiral.mhd.estimates, kiral.units",
        "import kiral.cli; kiral.cli.main(['estimate', 'cpi', '--resources', '--json'])",
        "import kiral",
        "import kiral; kiral.weak.effective_cme(time=1e-5)",
    ],
)
def test_starts_without_jax(statement):
    code = f"{statement}\nimport sys\nsys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
