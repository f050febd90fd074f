"""What anybody may send to the registry in an unusual form: it happened, so the audit holds."""

from collections.abc import Callable
from dataclasses import replace
from json import loads

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from backend.adapters.chain.json_rpc import JsonRpc
from backend.domain.audit_checks import Check
from backend.domain.audit_report import AuditReport
from backend.domain.deployment import ContractName
from backend.domain.ledger import Cause, ConsentGranted, ConsentRevoked, Entry, Event, Place
from backend.use_cases.audit.audit_consents import audit_consents
from backend.use_cases.audit.tally import Tally
from tests.networks import DeployedChain
from tests.use_cases.audit.chain_hand import FOREVER, Hand
from tests.use_cases.audit.conftest import Recorded, evidence_of
from tests.use_cases.audit.replay import ReplayingNode

STRANGER = Account.from_key("0x" + "5a" * 32)
PADDING = 31
OFFSETS = {"grant": 4 + 7 * 32, "revokeBySignature": 4 + 2 * 32}
"""Where the signature's offset stands in the data of either call."""

Shape = Callable[[bytes, int], bytes]


def as_usual(data: bytes, offset: int) -> bytes:
    return data


def unpadded(data: bytes, offset: int) -> bytes:
    return data[:-PADDING]


def dirty_padding(data: bytes, offset: int) -> bytes:
    return data[:-PADDING] + b"\xff" * PADDING


def trailing_bytes(data: bytes, offset: int) -> bytes:
    return data + b"and more"


def signature_far_off(data: bytes, offset: int) -> bytes:
    """The signature after 45 other bytes, and nothing behind it."""
    moved = (offset - 4 + 32 + 45).to_bytes(32, "big")
    return data[:offset] + moved + b"\xee" * 45 + data[offset + 32 : -PADDING]


SHAPES = [as_usual, unpadded, dirty_padding, trailing_bytes, signature_far_off]


@pytest.fixture
def hand(deployed_chain: DeployedChain) -> Hand:
    return Hand(deployed_chain.ganache, loads(deployed_chain.deployment_file.read_text()))


@pytest.mark.parametrize("shape", SHAPES)
def test_a_grant_and_a_revocation_that_the_contract_accepts_hold_in_any_encoding(
    hand: Hand, deployed_chain: DeployedChain, shape: Shape
) -> None:
    for function, data in signed_calls(hand).items():
        told = shape(data, OFFSETS[function])
        sent = hand.send(sender(deployed_chain), hand.address("ConsentRegistry"), told)
        assert hand.receipt(sent)["status"] == "0x1"
    report = audited(deployed_chain)
    assert (report.breaches, report.notes) == ((), ())


@pytest.mark.parametrize("hidden", [False, True])
def test_a_decoy_in_the_data_of_a_relaying_contract_breaks_no_audit(
    hand: Hand, deployed_chain: DeployedChain, hidden: bool
) -> None:
    for function, data in signed_calls(hand).items():
        decoy = wrongly_signed(data)
        code = holder(hand, data) if hidden else passing_on_after(len(decoy))
        made = hand.receipt(hand.send(sender(deployed_chain), None, code))["contractAddress"]
        target = bytes.fromhex(hand.address("ConsentRegistry")[2:])
        told = decoy if hidden else target + decoy + data
        sent = hand.receipt(hand.send(sender(deployed_chain), made, told))
        assert (sent["status"], len(sent["logs"])) == ("0x1", 1), function
    report = audited(deployed_chain)
    assert report.breaches == ()
    expected = [Check.CONSENT_SIGNED] * 2 if hidden else []
    assert [note.check for note in report.notes] == expected


@pytest.mark.parametrize("shape", SHAPES)
def test_a_wrong_signature_alone_is_found_in_any_encoding(
    recorded: Recorded, hand: Hand, shape: Shape
) -> None:
    for function, data in signed_calls(hand).items():
        right, wrong = (shape(one, OFFSETS[function]) for one in (data, wrongly_signed(data)))
        assert judged(recorded, hand, function, right) == []
        assert set(judged(recorded, hand, function, wrong)) == {Check.CONSENT_SIGNED}


@pytest.mark.parametrize("cut", [1, 65, 66, 97, 98, 129])
def test_a_signature_that_does_not_lie_in_the_data_is_found(
    recorded: Recorded, hand: Hand, cut: int
) -> None:
    for function, data in signed_calls(hand).items():
        told = data[: -PADDING - cut]
        assert judged(recorded, hand, function, told) == [Check.CONSENT_SIGNED]


@pytest.mark.parametrize("offset", [2**64, 2**256 - 1, 2**256 - 32])
def test_a_signature_beyond_the_data_is_found(recorded: Recorded, hand: Hand, offset: int) -> None:
    for function, data in signed_calls(hand).items():
        at = OFFSETS[function]
        told = data[:at] + offset.to_bytes(32, "big") + data[at + 32 :]
        assert judged(recorded, hand, function, told) == [Check.CONSENT_SIGNED]


def signed_calls(hand: Hand) -> dict[str, bytes]:
    """A stranger's consent, and its revocation."""
    message, consent = hand.signed_consent(STRANGER)
    deadline, revocation = hand.signed_revocation(STRANGER, 1)
    return {
        "grant": hand.data("ConsentRegistry", "grant", tuple(message), consent),
        "revokeBySignature": hand.data(
            "ConsentRegistry", "revokeBySignature", STRANGER.address, deadline, revocation
        ),
    }


def wrongly_signed(data: bytes) -> bytes:
    """The same call with another r."""
    at = len(data) - PADDING - 65
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def passing_on_after(skipped: int) -> bytes:
    """Makes a contract like FORWARDER that leaves `skipped` bytes after the address out."""
    first = (20 + skipped).to_bytes(2, "big").hex()
    return bytes.fromhex(
        f"601f8060095f395ff361{first}36038061{first}5f375f5f825f5f5f3560601c5af1601d575f5ffd5b00"
    )


def holder(hand: Hand, call: bytes) -> bytes:
    """Makes a contract that makes this one call to the registry, whatever it is sent."""
    size, target = f"61{len(call):04x}", hand.address("ConsentRegistry")[2:]
    runs = f"{size}602d5f395f5f{size}5f5f73{target}5af1602b575f5ffd5b00"
    runtime = bytes.fromhex(runs) + call
    return bytes.fromhex(f"61{len(runtime):04x}80600a5f395ff3") + runtime


def sender(deployed: DeployedChain) -> LocalAccount:
    account: LocalAccount = Account.from_key(deployed.rich_key)
    return account


def audited(deployed: DeployedChain) -> AuditReport:
    """The audit of the chain as it stands."""
    one = Recorded(deployed.deployment_file.read_bytes(), {}, {}, {})
    node = JsonRpc(deployed.rpc_url, timeout_s=30)
    return one.audit(evidence=evidence_of(node, one.deployment))


def judged(recorded: Recorded, hand: Hand, function: str, told: bytes) -> list[Check]:
    """What is found when the registry announced the stranger's grant, and revocation, for this."""
    deployment = recorded.deployment
    contributor = bytes.fromhex(STRANGER.address[2:])
    place = Place(1, hand.time(), b"t" * 32, 0)
    usual = signed_calls(hand)
    registry = deployment.address(ContractName.CONSENTS)
    events: dict[str, Event] = {
        "grant": ConsentGranted(1, contributor, 15, 7, False, FOREVER, 0),
        "revokeBySignature": ConsentRevoked(1, contributor, 1),
    }
    entries = [
        Entry(
            replace(place, log_index=at),
            Cause(b"s" * 20, registry, told if name == function else usual[name]),
            event,
        )
        for at, (name, event) in enumerate(events.items())
    ]
    tally = Tally()
    evidence = evidence_of(ReplayingNode({}), deployment)
    audit_consents(entries, deployment, evidence=evidence, tally=tally)
    return [breach.check for breach in tally.breaches()]
