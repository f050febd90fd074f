"""Accounts, as requests and responses."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, JsonValue

from backend.crypto.wallets import checksum_address
from backend.domain.account import Account, Profile
from backend.http.schemas.base import Address, Asked, Moment, Told
from backend.http.schemas.remains import OF_AN_ACCOUNT
from backend.use_cases.create_account import CreatedAccount
from backend.use_cases.erase_account import AccountErasureReceipt
from backend.use_cases.offer_sign_in import OWN_WALLET_WARNING

SignUpRole = Literal["patient", "guardian", "researcher"]

PERSON_EXAMPLE: dict[str, JsonValue] = {
    "name": "Kim Haneul",
    "age": 63,
    "address": "12 Sejong-daero, Seoul",
    "detailed_address": "Apt 301",
    "phone_num": "+82-10-0000-0000",
    "guard_name": "Kim Bora",
    "guard_phone_num": "+82-10-0000-0001",
    "zone": "Asia/Seoul",
}


class Person(Asked):
    """What people say about themselves; stored only sealed, under the account's own key."""

    name: Annotated[str, Field(description="1 to 200 characters")]
    age: Annotated[int, Field(description="0 to 150 years")]
    address: str
    detailed_address: str = ""
    phone_num: str
    guard_name: str = ""
    guard_phone_num: str = ""
    zone: Annotated[
        str | None, Field(description="IANA zone that your devices' clocks are set to")
    ] = None

    def profile(self) -> Profile:
        """As the domain has it."""
        return Profile(**{name: getattr(self, name) for name in Person.model_fields})


class SignUpRequest(Person):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "haneul",
                    "password": "a long enough password",
                    "role": "patient",
                    **PERSON_EXAMPLE,
                }
            ]
        }
    )

    id: Annotated[str, Field(description="3 to 64 characters; upper and lower case are the same")]
    password: Annotated[str, Field(description="10 to 1,024 characters")]
    role: SignUpRole = "patient"
    invitation: Annotated[
        str | None, Field(description="a guardian's invitation, from the patient")
    ] = None


class ProfileChanges(Asked):
    """Only the fields that are sent change; `zone` may be set to null."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"zone": "Europe/London"}]})

    name: str | None = None
    age: int | None = None
    address: str | None = None
    detailed_address: str | None = None
    phone_num: str | None = None
    guard_name: str | None = None
    guard_phone_num: str | None = None
    zone: str | None = None

    def changes(self) -> dict[str, str | int | None]:
        """The sent fields; null takes back the zone and leaves every other field as it is."""
        sent = self.model_dump(exclude_unset=True)
        return {name: value for name, value in sent.items() if value is not None or name == "zone"}


class PasswordChange(Asked):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"password": "a long enough password", "new_password": "another long password"}
            ]
        }
    )

    password: str
    new_password: str


class AccountErasure(Asked):
    """Either the password, or a message freshly signed by one's own wallet."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"password": "a long enough password", "abandon_tokens": True}]
        }
    )

    password: str | None = None
    message: str | None = None
    signature: str | None = None
    abandon_tokens: Annotated[
        bool, Field(description="tokens in a wallet kept here go with the account")
    ] = False


class SignedUp(Told):
    account_id: str
    id: str | None
    role: str
    wallet: Address
    custodial: Annotated[bool, Field(description="whether the service keeps the wallet's key")]
    recovery_code: Annotated[
        str | None,
        Field(description="shown this once: write it down, it is the way back without password"),
    ]
    warning: Annotated[str | None, Field(description="for an own wallet: what it gives away")]

    @staticmethod
    def of(created: CreatedAccount) -> "SignedUp":
        account = created.account
        return SignedUp(
            account_id=account.id,
            id=account.login,
            role=account.role,
            wallet=checksum_address(account.wallet),
            custodial=account.custodial,
            recovery_code=created.recovery_code,
            warning=None if account.custodial else OWN_WALLET_WARNING,
        )


class ProfileView(Told):
    name: str
    age: int
    address: str
    detailed_address: str
    phone_num: str
    guard_name: str
    guard_phone_num: str
    zone: str | None

    @staticmethod
    def of(profile: Profile) -> "ProfileView":
        return ProfileView(**vars(profile))


class AccountView(Told):
    account_id: str
    id: str | None
    role: str
    wallet: Address
    custodial: bool
    created_at: Moment
    profile: ProfileView

    @staticmethod
    def of(account: Account, profile: Profile) -> "AccountView":
        return AccountView(
            account_id=account.id,
            id=account.login,
            role=account.role,
            wallet=checksum_address(account.wallet),
            custodial=account.custodial,
            created_at=account.created_at,
            profile=ProfileView.of(profile),
        )


class AccountErased(Told):
    """From `final_from` on no backup that is kept as the guide says brings anything back either."""

    contributions: int
    erased_at: Moment
    final_from: Moment
    remains: Annotated[str, Field(description="what cannot be erased or is kept, in full")]

    @staticmethod
    def of(receipt: AccountErasureReceipt) -> "AccountErased":
        return AccountErased(
            contributions=receipt.contributions,
            erased_at=receipt.erased_at,
            final_from=receipt.final_from,
            remains=OF_AN_ACCOUNT,
        )
