"""One test for each question: is the answer what the student's machine shows?

A report never says what would have been right.
"""

import _answers
import _look
import _questions
import _student
from grading import Fail, check, test

KEYS = {q.key for q in _questions.QUESTIONS} | {"name"}


def _typed(run, key):
    """Return (Student, text) of the answer to a question; Fail if there is none."""
    try:
        found = _answers.read(run.submitted(_answers.PATH), KEYS)
    except _answers.AnswersError as error:
        raise Fail(str(error)) from None
    check("name" in found, "your name is missing: name = ... in the first line")
    check(key in found, "not answered yet")
    return _student.named(found["name"]), found[key]


def _declare(question):
    """Return the test of a question."""

    def asked(run):
        student, text = _typed(run, question.key)
        try:
            said = question.read(text)
        except _answers.AnswersError as error:
            raise Fail(str(error), seen=text) from None
        right = _look.answers(run, student, question.part)[question.key]
        check(said == right, f"that is not what {question.key} asks for on your machine")

    asked.__name__ = question.key.replace(".", "_")
    asked.__doc__ = question.title + "."
    return test(points=question.points, evidence=question.evidence, step=question.step,
                section=_questions.STEPS[question.step],
                blames=question.key, hint=question.hint)(asked)  # fmt: skip


for _question in _questions.QUESTIONS:
    globals()[_question.key.replace(".", "_")] = _declare(_question)
