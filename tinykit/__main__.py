"""`python -m tinykit`."""

import sys

from tinykit.cli import main

sys.exit(main())
