"""Neutrino absorption on nucleons and the effective chiral magnetic effect that it makes (Yamamoto & Yang 2023)."""

from kiral.weak.effective import Bounded, EffectiveCME, LinearAnswerWarning, effective_cme
from kiral.weak.spectra import CallableSpectrum, FermiDirac, PinchedSpectrum, TabulatedSpectrum

__all__ = [
    "Bounded",
    "CallableSpectrum",
    "EffectiveCME",
    "FermiDirac",
    "LinearAnswerWarning",
    "PinchedSpectrum",
    "TabulatedSpectrum",
    "effective_cme",
]
