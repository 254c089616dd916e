"""JUnit's XML, as most tools read it: testsuites, testsuite, testcase."""

import xml.etree.ElementTree as xml

from grading.formats import explanation, overview

FILE = "junit.xml"


def _clean(text):
    """Leave out what XML 1.0 has no way to say."""
    return "".join(
        c for c in text
        if c in "\t\n\r" or "\x20" <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd"
        or c >= "\U00010000"
    )  # fmt: skip


def render(report):
    """Return the file's text: an error is the grader's, a failure the student's."""
    lab, parts = report["lab"], report["tests"]
    counts = {
        "tests": len(parts),
        "failures": sum(p["status"] not in ("pass", "infra", "skipped") for p in parts),
        "errors": sum(p["status"] == "infra" for p in parts),
        "skipped": sum(p["status"] == "skipped" for p in parts),
    }
    numbers = {name: str(count) for name, count in counts.items()}
    numbers["time"] = f"{report['seconds']:.3f}"
    top = xml.Element("testsuites", numbers)
    suite = xml.SubElement(top, "testsuite",
                           {"name": f"lab{lab['number']:02}-{lab['name']}", **numbers})  # fmt: skip
    for part in parts:
        _case(suite, lab, part)
    xml.SubElement(suite, "system-out").text = _clean(overview(report))
    xml.indent(top)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + xml.tostring(
        top, encoding="unicode"
    ) + "\n"  # fmt: skip


def _case(suite, lab, part):
    case = xml.SubElement(suite, "testcase", {
        "classname": f"lab{lab['number']:02}.{part['step'] or lab['name']}",
        "name": part["name"], "time": f"{part['seconds']:.3f}",
    })  # fmt: skip
    properties = xml.SubElement(case, "properties")
    for name in ("points", "score"):
        xml.SubElement(properties, "property", {"name": name, "value": str(part[name])})
    kinds = {"infra": "error", "skipped": "skipped"}
    if part["status"] != "pass":
        failure = xml.SubElement(case, kinds.get(part["status"], "failure"), {
            "message": "" if part["hidden"] else _clean(part["message"])[:400]})  # fmt: skip
        if part["status"] != "skipped":
            failure.set("type", part["status"])
            failure.text = _clean(explanation(part))
