"""`python -m tinykit`."""

import sys

from tinykit.cli.main import main

sys.exit(main())
