"""What the web layer needs to be told; `settings` fills it in."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from backend.crypto.sign_in import Audience


@dataclass(frozen=True)
class HttpConfig:
    """Rates are written as in "10/minute", several of them with ";" between."""

    public_url: str = "http://127.0.0.1:8000"
    """Where people reach the service: sign-in messages are good for this address only."""
    cookie_secure: bool = True
    """Send the session cookie over https only."""
    login_rate: str = "10/minute"
    """Attempts to log in or recover, for one id."""
    client_rate: str = "60/minute"
    """Attempts to log in, recover or sign up, from one client address."""
    upload_rate: str = "120/minute"
    """Uploads of one account."""
    consent_rate: str = "10/hour"
    """Consents of one account sent to the chain; as many revocations, counted apart."""
    training_rate: str = "10/day"
    """Trainings of one account: each takes minutes of a core."""
    figures_rate: str = "60/minute"
    """Forecasts, figures, guidance and pictures of one account, together: each is computed."""
    run_rate: str = "30/hour"
    """Generation runs of one operator."""
    browse_rate: str = "120/minute"
    """Looks at released datasets, from one client address: they need no login."""
    download_rate: str = "60/hour"
    """Packages of one account: each is fetched and opened."""
    rate_storage: str = "memory://"
    """Where attempts are counted; several API processes need a shared one, such as redis://."""
    concurrent_uploads: int = 4
    """Uploads held in memory at a time, one account's at most one fewer; the next ones wait."""
    upload_wait_s: float = 60.0
    """How long an upload waits for its turn before it is told to come back."""
    upload_time_s: float = 300.0
    """How long the bytes of one upload may take to arrive."""
    concurrent_hashes: int = 4
    """Requests that hash a password at a time: each takes 64 MiB, a keystore 256 MiB."""
    preview_memory: int = 64 * 1024 * 1024
    """Bytes of previews of datasets that are held, so that their packages need not be opened."""
    preview_wait_s: float = 10.0
    """How long a preview waits for the one place at which a package is opened for anybody."""
    readiness_s: float = 2.0
    """How long an answer of /readyz is given again before everything is asked anew."""
    concurrent_streams: int = 64
    """Streams of progress at a time, of one account at most an eighth of them."""
    stream_every_s: float = 1.0
    """How often a stream looks whether something has changed."""
    stream_for_s: float = 30.0
    """How long a stream goes on before whoever watches has to reconnect."""
    body_limit: int = 64 * 1024
    """The most bytes of a request that is not an upload."""

    def audience(self, chain_id: int) -> Audience:
        """For whom people sign when they sign in with a wallet."""
        return Audience(urlsplit(self.public_url).netloc, self.public_url, chain_id)
