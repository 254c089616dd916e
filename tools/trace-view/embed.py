#!/usr/bin/env python3
"""Put a recording into the viewer's page.

Usage: tools/trace-view/embed.py [--disk NAME=IMAGE]... [--about FILE]
                                 APP TRACE PAGE

APP is the page without a recording (build/trace-view/app.html), PAGE the one
to make. IMAGE is the image of the disk NAME as it was in the machine: the
viewer then knows what each block is. FILE is JSON with more to know, as
tools/trace-view/record.py writes it: {"command", "queues", "report"}.
"""

import argparse
import base64
import gzip
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def system_calls():
    """Return the names of system calls by number."""
    path = os.path.join(ROOT, "kernel", "abi", "syscalls.def")
    with open(path, encoding="utf-8") as file:
        return dict(re.findall(r"^SYSCALL\((\d+), (\w+),", file.read(), re.M))


def boot_report(console):
    """Return [[seconds, subject]] of the lines with which a kernel says what it found:
    the first of them are from before there is anything to record them in."""
    lines = re.findall(r"^\[(\d+\.\d+)\] (\S+) ", console, re.M)
    return [[float(seconds), subject] for seconds, subject in lines]


def page_with(app, trace, about):
    """Return the page's text with a recording (bytes) and what is known about it."""
    packed = base64.b64encode(gzip.compress(trace, 6, mtime=0)).decode("ascii")
    facts = json.dumps(about, separators=(",", ":")).replace("</", "<\\/")
    before, rest = app.split("/*ABOUT*/", 1)
    between, after = rest.split("/*TRACE*/", 1)
    return before + facts + between + packed + after


def main():
    """Make the page; exit 1 with a reason if something is not there."""
    parser = argparse.ArgumentParser(description="Put a recording into the viewer's page.")
    parser.add_argument("--disk", action="append", default=[], metavar="NAME=IMAGE")
    parser.add_argument("--about", metavar="FILE")
    parser.add_argument("--efs", default=os.path.join(ROOT, "build", "host", "efs"))
    parser.add_argument("app")
    parser.add_argument("trace")
    parser.add_argument("page")
    options = parser.parse_args()
    sys.dont_write_bytecode = True
    sys.path.insert(0, HERE)
    import disk

    about = {"name": os.path.basename(options.trace), "syscalls": system_calls(), "disks": {}}
    try:
        if options.about:
            with open(options.about, encoding="utf-8") as file:
                about.update(json.load(file))
        for pair in options.disk:
            name, image = pair.split("=", 1)
            found = disk.layout(options.efs, image)
            if found:
                about["disks"][name] = found
        with open(options.app, encoding="utf-8") as file:
            app = file.read()
        with open(options.trace, "rb") as file:
            trace = file.read()
    except (OSError, ValueError) as error:
        sys.exit(f"trace-view: {error}")
    with open(options.page, "w", encoding="utf-8") as file:
        file.write(page_with(app, trace, about))


if __name__ == "__main__":
    main()
