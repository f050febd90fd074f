"""What reading a record can end in besides the record."""


class UnreadableRecord(ValueError):
    """The upload cannot be read as the record it claims to be; says where and why.

    The message never carries a reading, a name or the content of a cell.

    Attributes:
        reason: what is wrong and what to do about it, one sentence.
        line: 1-based line of the upload, or None when the fault has no line.
    """

    def __init__(self, reason: str, line: int | None = None) -> None:
        self.reason = reason
        self.line = line
        super().__init__(reason if line is None else f"line {line}: {reason}")
