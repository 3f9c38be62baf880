"""For all tests: on CI Hypothesis tries the same examples every time, so that a change is judged and not the dice; at a
developer's desk it goes on looking for new ones."""

import os

from hypothesis import settings

settings.register_profile("ci", derandomize=True, print_blob=True)
if os.environ.get("CI"):
    settings.load_profile("ci")
