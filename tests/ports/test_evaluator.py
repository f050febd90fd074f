"""Who signs certificates, on the fake and on a key in a file."""

from pathlib import Path

import pytest

from backend.adapters.keys.evaluator import FileEvaluator, create_key
from backend.crypto.certificates import certificate_signer, certificate_typed_data
from backend.domain.errors import MisconfiguredService
from backend.ports.evaluator import Evaluator
from tests.fakes.evaluator import FakeEvaluator
from tests.releases import CHAIN_ID, REGISTRY


@pytest.fixture(params=["fake", "file"])
def evaluator(request: pytest.FixtureRequest, tmp_path: Path) -> Evaluator:
    if request.param == "fake":
        return FakeEvaluator()
    create_key(tmp_path / "evaluator.key")
    return FileEvaluator(tmp_path / "evaluator.key")


def test_what_it_signs_names_its_address(evaluator: Evaluator) -> None:
    typed = certificate_typed_data(b"content", chain_id=CHAIN_ID, registry=REGISTRY)
    signature = evaluator.sign(typed)
    found = certificate_signer(b"content", signature, chain_id=CHAIN_ID, registry=REGISTRY)
    assert found == evaluator.address
    other = certificate_signer(b"other", signature, chain_id=CHAIN_ID, registry=REGISTRY)
    assert other != evaluator.address


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "evaluator.key"
    address = create_key(file)
    assert create_key(file) == address == FileEvaluator(file).address
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_file_that_holds_no_key_is_named_when_it_is_needed(tmp_path: Path) -> None:
    missing = FileEvaluator(tmp_path / "none")
    with pytest.raises(MisconfiguredService, match="vitalmint keys evaluator"):
        _ = missing.address
    broken = tmp_path / "broken"
    broken.touch(mode=0o600)
    broken.write_text("no key")
    with pytest.raises(MisconfiguredService, match="holds no private key"):
        _ = FileEvaluator(broken).address
    broken.chmod(0o644)
    with pytest.raises(MisconfiguredService, match="chmod 600"):
        _ = FileEvaluator(broken).address


def test_a_key_of_another_than_the_deployment_names_is_refused_before_anything_is_learnt(
    tmp_path: Path,
) -> None:
    file = tmp_path / "evaluator.key"
    address = create_key(file)
    assert FileEvaluator(file, named=address).address == address
    other = create_key(tmp_path / "other.key")
    with pytest.raises(MisconfiguredService, match=f"names {other} as evaluator"):
        _ = FileEvaluator(file, named=other).address
