"""Offers unittest's test methods as functions, which is what tests/run runs."""

import unittest


def as_function(case, name):
    """Returns a function that runs test method `name` of class `case`.

    It raises AssertionError, with what went wrong, if the test fails.
    """
    def function():
        result = unittest.TestResult()
        case(name).run(result)
        for _, text in result.failures + result.errors:
            raise AssertionError(text)
    function.__doc__ = getattr(case, name).__doc__
    return function


def export(namespace):
    """Adds a function for each test method of each class in namespace.

    They are named test_CLASS_METHOD, without the method's own "test_".
    """
    for case in list(namespace.values()):
        if not (isinstance(case, type) and issubclass(case, unittest.TestCase)):
            continue
        for name in unittest.TestLoader().getTestCaseNames(case):
            function = as_function(case, name)
            namespace[f"test_{case.__name__}_{name[5:]}"] = function
