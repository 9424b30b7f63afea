"""A local state of a chiral plasma, shared by the tests of the closed forms: reference set D1, regime with drag."""

D1 = {
    "temperature": 1.0, "mu": 0.2, "mu5": 0.05, "tau": 2.0, "charge": 0.3, "c": 1.0,
    "electric_field": (0.01, 0.02, -0.03), "magnetic_field": (0.05, -0.04, 0.1),
    "grad_mu": (0.003, -0.002, 0.001), "grad_mu5": (-0.001, 0.004, 0.002),
}  # fmt: skip
D1_RATES = {"dt_electric_field": (0.001, -0.002, 0.0005), "dt_magnetic_field": (-0.0007, 0.0011, 0.0003)}
D1_SECOND = {"div_electric_field": 0.004, "laplacian_mu": -0.0006, "laplacian_mu5": 0.0009}
