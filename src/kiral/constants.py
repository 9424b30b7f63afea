"""Numbers of physics, each with its source and year. The unit is the suffix of the name.

SI 2019: exact by definition of the SI. CODATA 2022: Mohr, Newell, Taylor & Tiesinga, Rev. Mod. Phys. 97, 025002 (2025).
"""

from __future__ import annotations

import math

SPEED_OF_LIGHT_CM_S = 2.99792458e10  # SI 2019, exact
PLANCK_ERG_S = 6.62607015e-27  # SI 2019, exact
EV_ERG = 1.602176634e-12  # SI 2019, exact (elementary charge times one volt)
BOLTZMANN_ERG_K = 1.380649e-16  # SI 2019, exact

HBAR_EV_S = PLANCK_ERG_S / (2 * math.pi) / EV_ERG
BOLTZMANN_EV_K = BOLTZMANN_ERG_K / EV_ERG
HBAR_C_EV_CM = HBAR_EV_S * SPEED_OF_LIGHT_CM_S

FINE_STRUCTURE = 7.2973525643e-3  # CODATA 2022, relative uncertainty 1.6e-10
FERMI_GEV_2 = 1.1663787e-5  # G_F/(ħc)³ in GeV⁻², CODATA 2022, relative uncertainty 5.1e-7
ELECTRON_MASS_EV = 5.1099895069e5  # m_e c², CODATA 2022, relative uncertainty 3.1e-10
NEUTRON_MASS_EV = 9.3956542194e8  # m_n c², CODATA 2022, relative uncertainty 5.1e-10
NEUTRON_PROTON_EV = 1.29333251e6  # (m_n - m_p) c², CODATA 2022, relative uncertainty 2.9e-7
ATOMIC_MASS_EV = 9.3149410372e8  # unified atomic mass unit c², CODATA 2022, relative uncertainty 3.1e-10
AXIAL_COUPLING = 1.27  # |g_A/g_V| of the nucleon: 1.2754 ± 0.0013 (Particle Data Group, PTEP 2022, 083C01), to three digits
REDUCED_PLANCK_MASS_EV = 2.435323e27  # sqrt(ħc/(8πG)) c², from CODATA 2022 G, relative uncertainty 1.1e-5

ASTRONOMICAL_UNIT_CM = 1.495978707e13  # IAU 2012 resolution B2, exact
PARSEC_CM = 648000 / math.pi * ASTRONOMICAL_UNIT_CM  # IAU 2015 resolution B2, exact
MEGAPARSEC_CM = 1e6 * PARSEC_CM
SOLAR_MASS_G = 1.3271244e26 / 6.67430e-8  # nominal GM of the Sun (IAU 2015 resolution B3, exact) over G (CODATA 2022, 2.2e-5)
YEAR_S = 365.25 * 86400  # Julian year, exact

CMB_TEMPERATURE_K = 2.7255  # Fixsen, Astrophys. J. 707, 916 (2009), ± 0.0006
# Entropy degrees of freedom today, photons and three neutrinos at (4/11)^(1/3) of their temperature: 2 + (7/8) 6 (4/11)
# = 43/11 = 3.9091, rounded as in Kolb & Turner, The Early Universe (1990). Neutrino heating by e± would make it 3.93.
G_ENTROPY_TODAY = 3.909
