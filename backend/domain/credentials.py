"""What people identify themselves with: sign-in ids, passwords, and codes to write down."""

import base64
import unicodedata

from backend.domain.errors import InvalidField

LOGIN_LENGTH = (3, 64)
PASSWORD_LENGTH = (10, 1024)
CODE_BYTES = 20


def normal_login(text: str) -> str:
    """The one form of an id under which it is stored and looked up."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


def known_login(text: str) -> str | None:
    """The form under which to look an id up, or None when no account can have it."""
    login = normal_login(text)
    possible = len(login) <= LOGIN_LENGTH[1] and login.isprintable()
    return login if possible else None


def login_id(text: str) -> str:
    """A new sign-in id in its normal form: 3 to 64 printable characters without spaces."""
    login = normal_login(text)
    shortest, longest = LOGIN_LENGTH
    if not shortest <= len(login) <= longest:
        raise InvalidField("id", f"an id has {shortest} to {longest} characters")
    if not login.isprintable() or any(character.isspace() for character in login):
        raise InvalidField("id", "an id has no spaces and no invisible characters")
    return login


def new_password(text: str, *, field: str = "password") -> str:
    """A password in normal form (NFKC), 10 to 1,024 characters."""
    password = unicodedata.normalize("NFKC", text)
    shortest, longest = PASSWORD_LENGTH
    if not shortest <= len(password) <= longest:
        raise InvalidField(field, f"a password has {shortest} to {longest} characters")
    return password


def code_text(random: bytes) -> str:
    """160 random bits as eight groups of four letters and digits, to be written down."""
    if len(random) != CODE_BYTES:
        raise InvalidField("code", f"a code is made of {CODE_BYTES} random bytes")
    letters = base64.b32encode(random).decode()
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def normal_code(text: str) -> str:
    """A code as people type it back, without the dashes, spaces and small letters."""
    return "".join(character for character in text.upper() if character.isalnum())
