"""The same things asked for many times at once, on either database."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from backend.adapters.database.unit_of_work import SqlDatabase
from backend.domain.account import Role
from backend.domain.errors import VitalMintError
from backend.ports import Ports
from backend.use_cases.invite_guardian import invite_guardian
from backend.use_cases.recover_account import RecoverAccount, recover_account
from backend.use_cases.sign_up import sign_up
from tests.people import sign_up_as

AT_ONCE = 6


@pytest.fixture
def on_either(ports: Ports, database: SqlDatabase) -> Ports:
    return replace(ports, database=database)


def all_at_once(tries: list[Callable[[], object]]) -> Counter[str]:
    """How each ended: done, or the code of its error."""
    ended: list[str] = []
    ready = threading.Barrier(len(tries))

    def run(attempt: Callable[[], object]) -> None:
        ready.wait()
        try:
            attempt()
        except VitalMintError as error:
            ended.append(error.code)
        else:
            ended.append("done")

    threads = [threading.Thread(target=run, args=(attempt,)) for attempt in tries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(ended)


def test_one_of_many_sign_ups_with_an_id_wins_and_one_key_remains(on_either: Ports) -> None:
    ended = all_at_once([lambda: sign_up(sign_up_as("haneul"), ports=on_either)] * AT_ONCE)
    assert ended == {"done": 1, "account_exists": AT_ONCE - 1}
    assert len(list(on_either.keys.live())) == 1


def test_an_invitation_is_accepted_once(on_either: Ports) -> None:
    patient = sign_up(sign_up_as("patient"), ports=on_either).account
    code = invite_guardian(patient.id, ports=on_either).code

    def join(name: str) -> Callable[[], object]:
        command = replace(sign_up_as(name, Role.GUARDIAN), invitation=code)
        return lambda: sign_up(command, ports=on_either)

    ended = all_at_once([join(f"guardian{number}") for number in range(AT_ONCE)])
    assert ended["done"] == 1 and ended.total() == AT_ONCE
    assert len(list(on_either.keys.live())) == 2


def test_a_recovery_code_is_used_once(on_either: Ports) -> None:
    code = sign_up(sign_up_as("haneul"), ports=on_either).recovery_code
    assert code is not None
    command = RecoverAccount("haneul", code, "another password")
    ended = all_at_once([lambda: recover_account(command, ports=on_either)] * AT_ONCE)
    assert ended == {"done": 1, "credentials_refused": AT_ONCE - 1}
