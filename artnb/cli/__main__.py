"""``python -m artnb.cli ...``."""

import sys

from artnb.cli import main

sys.exit(main())
