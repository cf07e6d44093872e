"""``python -m sekisho``."""

from __future__ import annotations

import sys

from sekisho.cli.main import main

sys.exit(main())
