"""Everything outside that a use case needs, as Protocols, and their bundle."""

from collections.abc import Callable
from dataclasses import dataclass

from backend.domain.policy import Policy
from backend.ports.chain import Chain
from backend.ports.chain_history import ChainHistory
from backend.ports.clock import Clock
from backend.ports.content_store import ContentStore
from backend.ports.evaluator import Evaluator
from backend.ports.generators import CohortGenerators
from backend.ports.guidance import Guide
from backend.ports.keys import Keyring
from backend.ports.models import GlucoseModels
from backend.ports.plots import Plots
from backend.ports.records import RecordReader
from backend.ports.unit_of_work import Database


@dataclass(frozen=True)
class Ports:
    """What `wiring` chooses once and every use case is handed."""

    clock: Clock
    random_bytes: Callable[[int], bytes]
    database: Database
    keys: Keyring
    content: ContentStore
    chain: Chain
    history: ChainHistory
    records: RecordReader
    models: GlucoseModels
    plots: Plots
    guide: Guide
    generators: CohortGenerators
    evaluator: Evaluator
    policy: Policy
    stopping: Callable[[], bool] = lambda: False
    """Whether this process was told to end: long work rests where it can be resumed."""
