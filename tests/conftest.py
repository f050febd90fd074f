"""Fixtures that every test may ask for; servers start only when one does."""

pytest_plugins = [
    "tests.devnet_fixtures",
    "tests.postgres_fixture",
    "tests.database_fixture",
    "tests.chain_fixture",
    "tests.service_fixture",
    "tests.world",
    "tests.stand_in_ports",
]
