"""The caller's wallet."""

from fastapi import APIRouter

from backend.http.guard import GuardedRoute
from backend.http.rate_limits import AttemptsHere
from backend.http.schemas.holdings import Keystore, WalletExport, WalletView
from backend.http.session import AccountHere, CallerHere, PortsHere
from backend.use_cases.export_wallet import ExportWallet
from backend.use_cases.export_wallet import export_wallet as export

router = APIRouter(prefix="/api/wallet", tags=["wallet"], route_class=GuardedRoute)


@router.get("", summary="Show one's wallet")
def show_wallet(caller: CallerHere, ports: PortsHere) -> WalletView:
    """The address under which the chain knows the caller."""
    return WalletView.of(caller.account, ports.chain.chain_id)


@router.post("/export", summary="Take away the key of a kept wallet")
def export_wallet(
    body: WalletExport, account_id: AccountHere, attempts: AttemptsHere, ports: PortsHere
) -> Keystore:
    """Needs the password again. The export is written to the access log."""
    attempts.count(account_id)
    command = ExportWallet(account_id, body.password, body.keystore_password)
    return Keystore(keystore=export(command, ports=ports))
