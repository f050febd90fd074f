"""What reading a record can end in besides the record."""


class UnreadableRecord(ValueError):
    """The upload cannot be read as the record it claims to be; says where and why.

    The message never carries a reading, a name or the content of a cell.

    Attributes:
        reason: what is wrong and what to do about it, one sentence.
        line: 1-based line of the upload, row of a workbook's sheet, or None when the fault has
            neither.
        sheet: 1-based sheet of a workbook, whose name may be a person's and is never told; None
            where there are no sheets.
    """

    def __init__(self, reason: str, line: int | None = None, *, sheet: int | None = None) -> None:
        self.reason = reason
        self.line = line
        self.sheet = sheet
        super().__init__(reason if (place := _place(line, sheet)) is None else f"{place}: {reason}")

    def in_sheet(self, sheet: int | None) -> "UnreadableRecord":
        """The same fault, found in this sheet."""
        return UnreadableRecord(self.reason, self.line, sheet=sheet)


def _place(line: int | None, sheet: int | None) -> str | None:
    if sheet is None:
        return None if line is None else f"line {line}"
    return f"sheet {sheet}" if line is None else f"sheet {sheet}, row {line}"
