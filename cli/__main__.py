"""``python -m video_vlm.cli`` where the ``videoqa`` script is not on the path."""

import sys

from video_vlm.cli import main

if __name__ == "__main__":
    sys.exit(main())
