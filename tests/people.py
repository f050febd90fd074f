"""People for tests."""

from backend.domain.account import Profile, Role
from backend.use_cases.sign_up import SignUp

PASSWORD = "a long enough password"
PERSON = Profile(
    name="Kim Haneul",
    age=63,
    address="12 Sejong-daero, Seoul",
    detailed_address="Apt 301",
    phone_num="+82-10-0000-0000",
    guard_name="Kim Bora",
    guard_phone_num="+82-10-0000-0001",
    zone="Asia/Seoul",
)


def sign_up_as(login: str, role: Role = Role.PATIENT) -> SignUp:
    """A sign-up that is accepted, but for what its test changes."""
    return SignUp(id=login, password=PASSWORD, role=role, profile=PERSON)
