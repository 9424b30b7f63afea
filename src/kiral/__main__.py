"""`python -m kiral` is the command `kiral`: for launchers that start an interpreter."""

import sys

from kiral.cli import main

sys.exit(main())
