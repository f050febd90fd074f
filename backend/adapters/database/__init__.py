"""The database port over SQLite and PostgreSQL: tables, repositories, migrations."""
