"""The command line as ``python -m nbann``; imports `nbann.cli` only."""

import sys

from nbann.cli import main

sys.exit(main())
