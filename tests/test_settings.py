"""Settings are read once, and every fault is told at once."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from backend.domain.errors import MisconfiguredService
from backend.settings import read_settings


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_defaults_start_a_service() -> None:
    settings = read_settings()
    assert settings.policy().keyring_backup_days == 30
    assert settings.http().public_url == settings.public_url


def test_all_faults_are_reported_together_and_none_shows_its_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VITALMINT_UPLOAD_LIMIT", "minus-one-secret")
    monkeypatch.setenv("VITALMINT_KEYRING_BACKUP_DAYS", "31")
    monkeypatch.setenv("VITALMINT_DATABSE_URL", "sqlite:///misspelt-secret")
    with pytest.raises(MisconfiguredService) as caught:
        read_settings()
    assert [fault.partition(":")[0] for fault in caught.value.faults] == [
        "VITALMINT_DATABSE_URL",
        "VITALMINT_UPLOAD_LIMIT",
        "VITALMINT_KEYRING_BACKUP_DAYS",
    ]
    assert "secret" not in caught.value.message


def test_keyring_backups_older_than_30_days_cannot_be_configured() -> None:
    with pytest.raises(MisconfiguredService, match="KEYRING_BACKUP_DAYS"):
        read_settings(keyring_backup_days=31)


def test_a_job_is_not_buried_before_its_training_has_ended() -> None:
    with pytest.raises(MisconfiguredService, match=r"JOB_ATTEMPTS: .*greater than 5"):
        read_settings(job_attempts=5)
    policy = read_settings(job_attempts=6).policy()
    assert policy.job_attempts > policy.training_attempts


def test_settings_cannot_be_changed_after_they_were_read() -> None:
    settings = read_settings()
    with pytest.raises(ValidationError):
        settings.upload_limit = 1  # type: ignore[misc]


def test_what_make_run_left_up_is_found_and_variables_overrule_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path(".run").mkdir()
    Path(".run/vitalmint.env").write_text("VITALMINT_RPC_URL=http://127.0.0.1:1\n")
    assert read_settings().rpc_url == "http://127.0.0.1:1"
    monkeypatch.setenv("VITALMINT_RPC_URL", "http://127.0.0.1:2")
    assert read_settings().rpc_url == "http://127.0.0.1:2"
