"""Turn a result of benchmarks/mhd.py into the cost that `kiral estimate --resources` reckons with, src/kiral/mhd/cost.toml.

python benchmarks/mhd.py --precision float64 float32 && python benchmarks/cost.py benchmarks/results/mhd-….json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

TARGET = Path(__file__).parents[1] / "src" / "kiral" / "mhd" / "cost.toml"
HEAD = """\
# What a right-hand side of chiral MHD costs: ns per grid point and transform, the best and the median of the repetitions.
# Made by `python benchmarks/cost.py benchmarks/results/{name}`: whole steps of the relativistic equations,
# with ledgers and step control.

machine = "{cpu}, {cores} cores of a shared virtual machine"
date = "{date}"
"""


def main(path: Path) -> None:
    """Write the rows that were measured on all cores."""
    record = json.loads(path.read_text())
    cores = max(row["cores"] for row in record["rows"])
    groups: dict[tuple[str, str], list[dict]] = {}
    for row in sorted(record["rows"], key=lambda row: row["n"]):
        if row["cores"] == cores:
            groups.setdefault((row["scheme"], row.get("precision", "float64")), []).append(row)
    parts = [HEAD.format(name=path.name, cpu=record["machine"]["cpu"], cores=cores, date=record["when"][:10])]
    for (scheme, precision), rows in sorted(groups.items()):
        columns = {"points": [row["n"] ** 3 for row in rows]}
        for name in ("best", "median"):
            columns[name] = [round(row[f"ns_per_point_rhs_{name}"] / row["transforms_per_rhs"], 3) for row in rows]
        parts.append("\n".join([f"[{scheme}.{precision}]", *(f"{name} = {values}" for name, values in columns.items())]) + "\n")
    TARGET.write_text("\n".join(parts))
    print(f"written: {TARGET}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
