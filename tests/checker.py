"""The type checker of all tests: beartype, with whole numbers accepted where a float is declared, as Python does."""

from beartype import BeartypeConf, beartype

typechecked = beartype(conf=BeartypeConf(is_pep484_tower=True))
