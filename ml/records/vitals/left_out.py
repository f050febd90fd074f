"""Columns that are not of the vocabulary: named where a name says nothing, else only counted."""

import re
from dataclasses import dataclass

from ml.records.vitals.headers import words_of
from ml.records.vitals.raw import RawTable

_PRIVATE = re.compile(
    "id|name|names|email|mail|phone|tel|telephone|mobile|address|street|city|zip|postcode|"
    "ssn|mrn|nhs|birth|birthday|birthdate|dob|passport|ip|mac|imei|serial|uuid|guid|user|"
    "username|login|patient|subject|participant|person|guardian|lat|latitude|lon|lng|"
    "longitude|gps|location|insurance|account|password|num|number|no|nr|note|notes|comment|"
    "comments|memo|remark|remarks|text|description|complaint|complain|reason|diagnosis|"
    "history|message|summary|feeling"
)
_KOREAN = re.compile(
    "이름|성명|환자|주민|등록번호|전화|휴대|연락처|주소|메일|생년|생일|아이디|보호자|병록|위치|"
    "메모|비고|진단|증상|상담|소견|내용|사유|기록"
)
_PERSON = re.compile(
    "patient|patientid|patientname|patientno|patientnumber|subject|subjectid|participant|"
    "participantid|person|personid|personname|user|userid|username|name|fullname|mrn|ssn|환자|"
    "환자번호|환자명|환자id|등록번호|이름|성명"
)
_TELLABLE = re.compile(r"[^\W\d][\w %()/\[\].+-]{0,39}")
_MANY_DIGITS = re.compile(r"\d{4}")
_LONG_CELL = 30
_WORDS = 3
_SHOWN = 20


@dataclass(frozen=True)
class LeftOut:
    """What was not taken up.

    Attributes:
        names: of columns whose names may be shown, in file order.
        private: how many columns look like identity or free text.
    """

    names: tuple[str, ...] = ()
    private: int = 0

    def told(self) -> str | None:
        """One line for people, or None when nothing was left out."""
        parts = list(self.names[:_SHOWN])
        if len(self.names) > _SHOWN:
            parts.append(f"{len(self.names) - _SHOWN} more")
        if self.private:
            parts.append(f"{self.private} of identity or free text")
        return ", ".join(parts) or None


def left_out(raw: RawTable, indices: list[int]) -> LeftOut:
    """What is said of these columns of the file."""
    private = [_is_private(raw.names[index], raw.column(index)) for index in indices]
    names = tuple(
        raw.names[index] for index, hidden in zip(indices, private, strict=True) if not hidden
    )
    return LeftOut(names, sum(private))


def names_a_person(name: str) -> bool:
    """Whether the column says whose a row is."""
    last = name.rpartition(".")[2]
    return any(_PERSON.fullmatch("".join(words_of(part))) for part in (last, name))


def _is_private(name: str, cells: list[str]) -> bool:
    words = words_of(name)
    if any(_PRIVATE.fullmatch(word) for word in words) or _KOREAN.search(name):
        return True
    if not _TELLABLE.fullmatch(name) or _MANY_DIGITS.search(name):
        return True
    filled = [cell for cell in cells if cell]
    return any(len(cell) > _LONG_CELL or len(cell.split()) >= _WORDS for cell in filled)
