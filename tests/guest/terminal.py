"""A terminal as the programs of Umbra expect one: rows, columns, sequences."""

import re
import unicodedata

SEQUENCE = re.compile(r"\x1b(?:\[([0-9;?]*)([A-Za-z])|([78c]))")


def columns_of(char):
    """Columns that a character takes."""
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


class Terminal:
    """A screen that output is shown on; answers are collected in `answers`."""

    def __init__(self, columns=80, rows=24):
        self.columns, self.rows = columns, rows
        self.cells = [[" "] * columns for _ in range(rows)]
        self.row = self.column = 0
        self.full = False  # behind the last column of a row
        self.saved = (0, 0)
        self.answers = ""
        self.rest = ""  # a sequence that is not complete yet

    def line(self, row):
        """Return the text of a row, without the blanks at its end."""
        return "".join(self.cells[row]).rstrip()

    def last(self, count):
        """Return the last rows up to the cursor's."""
        first = max(0, self.row + 1 - count)
        return [self.line(row) for row in range(first, self.row + 1)]

    def feed(self, text):
        """Show text."""
        text = self.rest + text
        self.rest = ""
        at = 0
        while at < len(text):
            if text[at] != "\x1b":
                self._put(text[at])
                at += 1
                continue
            match = SEQUENCE.match(text, at)
            if not match:
                self.rest = text[at:]
                return
            self._obey(match)
            at = match.end()

    def _new_row(self):
        if self.row + 1 < self.rows:
            self.row += 1
        else:
            self.cells = self.cells[1:] + [[" "] * self.columns]

    def _put(self, char):
        if char == "\n":
            self._new_row()
            self.column, self.full = 0, False
        elif char == "\r":
            self.column, self.full = 0, False
        elif char == "\b":
            self.column, self.full = max(0, self.column - 1), False
        elif char >= " ":
            self._show(char)

    def _show(self, char):
        width = columns_of(char)
        if width == 0:
            before = self.column - (0 if self.full else 1)
            while before > 0 and self.cells[self.row][before] == "":
                before -= 1
            self.cells[self.row][before] += char
            return
        if self.full or self.column + width > self.columns:
            self._new_row()
            self.column, self.full = 0, False
        cells = self.cells[self.row]
        cells[self.column] = char
        if width == 2:
            cells[self.column + 1] = ""
        self.full = self.column + width == self.columns
        self.column = min(self.column + width, self.columns - 1)

    def _obey(self, match):
        numbers = [int(n) for n in (match[1] or "").split(";") if n.isdigit()]
        count = numbers[0] if numbers else 1
        what = match[2] or match[3]
        if what == "7":
            self.saved = (self.row, self.column)
        elif what == "8":
            self.row, self.column = self.saved
        elif what == "A":
            self.row = max(0, self.row - count)
        elif what == "B":
            self.row = min(self.rows - 1, self.row + count)
        elif what == "C":
            self.column = min(self.columns - 1, self.column + count)
        elif what == "D":
            self.column = max(0, self.column - count)
        elif what == "H":
            row, column = (numbers + [1, 1])[:2]
            self.row = min(self.rows, row) - 1
            self.column = min(self.columns, column) - 1
        elif what == "J":
            self._erase(0 if match[1] in ("2", "3") else self.row)
        elif what == "n":
            self.answers += f"\x1b[{self.row + 1};{self.column + 1}R"
        if what != "m":
            self.full = False

    def _erase(self, first):
        if first == self.row:
            start = self.column
            self.cells[first][start:] = [" "] * (self.columns - start)
            first += 1
        for row in range(first, self.rows):
            self.cells[row] = [" "] * self.columns
