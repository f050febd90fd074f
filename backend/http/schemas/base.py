"""What every schema shares: strict requests, and how domain values look in JSON."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

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
Custodial = Annotated[
    bool, Field(description="whether a wallet kept here signed the consent, not the person's own")
]
PurposeName = Annotated[str, Field(description="care, training or sale", examples=["training"])]


class Asked(BaseModel):
    """A request: a field that is not known is an error, not something to ignore."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="after")
    def _of_whole_characters(self) -> Self:
        """JSON can escape half of a surrogate pair, which is no text."""
        for value in vars(self).values():
            for text in value if isinstance(value, list) else [value]:
                if isinstance(text, str) and not _is_text(text):
                    raise ValueError("a text has half a character in it")
        return self


class Told(BaseModel):
    """A response."""


def _is_text(value: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in value)
