"""Nonces given out for signing in with a wallet."""

from datetime import datetime

from sqlalchemy import delete
from sqlmodel import col

from backend.adapters.database.rows import Rows
from backend.adapters.database.tables import ChallengeRow
from backend.domain.account import SignInChallenge


class SqlChallenges:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add(self, challenge: SignInChallenge) -> None:
        self._rows.insert(ChallengeRow, vars(challenge))

    def take(self, nonce: str, now: datetime) -> bool:
        """Deleting is the taking, so two takers cannot both win; stale nonces go on the way."""
        self._rows.change(delete(ChallengeRow).where(col(ChallengeRow.expires_at) <= now))
        return self._rows.change(delete(ChallengeRow).where(col(ChallengeRow.nonce) == nonce)) == 1
