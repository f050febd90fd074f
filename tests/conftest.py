"""Fixtures that every test may ask for; servers start only when one does.

What Hypothesis tries is the same in every run, and takes as long as a busy machine needs: a test
that fails does so again, on the same example.
"""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "repeatable", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("repeatable")

pytest_plugins = [
    "tests.devnet_fixtures",
    "tests.postgres_fixture",
    "tests.database_fixture",
    "tests.chain_fixture",
    "tests.service_fixture",
    "tests.world",
    "tests.stand_in_ports",
]
