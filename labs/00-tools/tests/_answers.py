"""Read answers.txt, which anybody may have written: plain text, a line each.

    # a comment
    name = Ada Lovelace
    boot.irq = 0x1_c

read() returns the answers as they were typed, number() and word() say what one
means. All raise AnswersError, whose text is for the student.
"""

import re

PATH = "labs/00-tools/answers.txt"
MOST_BYTES, MOST_LINES, MOST_LINE = 32 << 10, 400, 200
LINE = re.compile(r"\s*([A-Za-z][\w.]*)\s*[=:](.*)$")


class AnswersError(Exception):
    """The file, or an answer in it, cannot be read."""


def read(content, keys):
    """Return {key: text} of a file's answers; empty ones are left out.

    content: bytes, or None if there is no file. keys: those there may be.
    """
    if content is None:
        raise AnswersError(f"{PATH} is missing")
    if len(content) > MOST_BYTES:
        raise AnswersError(f"{PATH} is over {MOST_BYTES >> 10} KiB: it is to hold answers only")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise AnswersError(f"{PATH} is not UTF-8 text") from None
    lines = text.replace("\r\n", "\n").split("\n")
    if len(lines) > MOST_LINES:
        raise AnswersError(f"{PATH} has over {MOST_LINES} lines")
    found = {}
    for number, line in enumerate(lines, 1):
        key, value = _pair(line, number)
        if key is None:
            continue
        if key not in keys:
            raise AnswersError(f"line {number}: there is no question of that name")
        if key in found:
            raise AnswersError(f"line {number}: {key} is answered twice")
        found[key] = value
    return {key: value for key, value in found.items() if value}


def _pair(line, number):
    """Return (key, value) of a line; (None, None) if it holds none."""
    if len(line) > MOST_LINE:
        raise AnswersError(f"line {number} is over {MOST_LINE} characters")
    line = line.replace("\t", " ")
    if not line.isprintable():
        raise AnswersError(f"line {number} has a character that is no text")
    if not line.strip() or line.lstrip().startswith("#"):
        return None, None
    found = LINE.match(line)
    if not found:
        raise AnswersError(f"line {number} is neither 'question = answer' nor a comment")
    return found[1].lower(), found[2].split("#")[0].strip()


def number(text):
    """Return the number that was typed: 28, 0x1c, 0X1C, 0x0000_001c, 0b11100."""
    plain = re.sub(r"[_ ',]", "", text).lower()
    if re.fullmatch(r"[0-9]+", plain):
        return int(plain, 10)
    if re.fullmatch(r"0x[0-9a-f]+|0b[01]+", plain):
        return int(plain, 0)
    if re.fullmatch(r"[0-9a-f]+", plain):
        raise AnswersError("a hexadecimal number begins with 0x")
    raise AnswersError("that is no number: 28, 0x1c and 0x0000_001c are, units are not")


def word(text):
    """Return the name that was typed, without what often stands around it."""
    plain = text.strip("\"'`<> ")
    plain = re.sub(r"(\+(0x)?[0-9a-f]+|\(\))$", "", plain)
    if not re.fullmatch(r"\w+", plain):
        raise AnswersError("that is no name of a function or call")
    return plain.casefold()
