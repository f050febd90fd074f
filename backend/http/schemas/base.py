"""What every schema shares: strict requests, and how domain values look in JSON."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Address = Annotated[
    str,
    Field(
        description="A wallet address as people see it (EIP-55).",
        examples=["0x52908400098527886E0F7030069857D2E4169EE7"],
    ),
]
Amount = Annotated[
    str,
    Field(description="Reward tokens with six decimals.", examples=["12.500000"]),
]
Moment = Annotated[datetime, Field(description="UTC, RFC 3339.")]
KindName = Annotated[str, Field(description="cgm, vitals, motion or image", examples=["cgm"])]
PurposeName = Annotated[str, Field(description="care, training or sale", examples=["training"])]


class Asked(BaseModel):
    """A request: a field that is not known is an error, not something to ignore."""

    model_config = ConfigDict(extra="forbid")


class Told(BaseModel):
    """A response."""
