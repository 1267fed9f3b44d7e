"""A busy machine is no failure: Hypothesis counts examples here, not milliseconds."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
