"""What ships for other platforms: Gradescope's archive is tried as it would be
used there; manifests are read as their platforms read them."""

import json
import os
import shutil
import subprocess
import sys
import zipfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness
import test_formats
import toy

DEPLOY = os.path.join(toy.ROOT, "grading", "deploy")
LAB = "tests/grading/90-toy"


def packed(tmp, *more):
    """Pack the toy lab's autograder; unpack it as Gradescope does; return the
    folder that is /autograder there."""
    file = f"{tmp}/autograder.zip"
    subprocess.run([os.path.join(toy.ROOT, "grading", "package"), "--lab", LAB, *more, file],
                   check=True)  # fmt: skip
    top = f"{tmp}/autograder"
    with zipfile.ZipFile(file) as archive:
        for entry in archive.infolist():
            path = archive.extract(entry, f"{top}/source")
            os.chmod(path, entry.external_attr >> 16 or 0o644)
    for name in ("submission", "results"):
        os.mkdir(f"{top}/{name}")
    return top


def autograded(top, script="run_autograder"):
    """Run a script of the archive's as Gradescope does."""
    cache = os.environ.get("UMBRA_GRADING_CACHE", f"{toy.ROOT}/build/grading")
    return subprocess.run(
        [f"{top}/source/{script}"], capture_output=True, text=True, check=False,
        env={**os.environ, "AUTOGRADER": top, "UMBRA_GRADING_CACHE": cache},
    )  # fmt: skip


def test_gradescope_grades(tmp):
    """The archive grades a submission and leaves valid results, hidden tests' too."""
    toy.needs_sandbox(harness)
    os.chmod(tmp, 0o755)
    hidden = f"{tmp}/hidden"
    os.makedirs(f"{hidden}/guest")
    shutil.copy(f"{toy.ROOT}/{LAB}/tests/guest/sums.c", f"{hidden}/guest/kept.c")
    with open(f"{hidden}/kept.py", "w", encoding="ascii") as file:
        file.write("from grading import check_equal, pack, test\n\n\n"
                   '@test(points=3, blames="crc32c", evidence="answers")\n'
                   'def kept(run):\n    """Kept back."""\n'
                   '    answer = yield run.ask("kept", "sum", pack("bytes", b""))\n'
                   '    check_equal(answer.u32(), 0, "it")\n')  # fmt: skip
    top = packed(tmp, "--hidden", hidden)
    target = f"{top}/submission/{toy.HOLE}"
    os.makedirs(os.path.dirname(target))
    shutil.copy(os.path.join(toy.ROOT, toy.HOLE), target)
    done = autograded(top)
    assert done.returncode == 0, done.stdout + done.stderr
    with open(f"{top}/results/results.json", encoding="utf-8") as file:
        results = json.load(file)
    assert test_formats.validate(results, "gradescope.json") == ""
    assert results["score"] == sum(t["max_score"] for t in results["tests"]) == 10
    shown = {t["name"]: t["visibility"] for t in results["tests"]}
    assert shown["Kept back"] == "after_published", shown


def test_gradescope_tells_trouble_from_failure(tmp):
    """A grader that cannot work leaves no results: nobody gets 0 points for it."""
    top = packed(tmp)
    with open(f"{top}/source/lab", "w", encoding="ascii") as file:
        file.write("no-such-lab")
    done = autograded(top)
    assert done.returncode == 1 and os.listdir(f"{top}/results") == []


def test_archive_repeats(tmp):
    """The same tree gives the same archive; tests of the trunk and mutants stay out."""
    files = []
    for name in ("one.zip", "two.zip"):
        subprocess.run([os.path.join(toy.ROOT, "grading", "package"), "--lab", "7",
                        f"{tmp}/{name}"], check=True)  # fmt: skip
        with open(f"{tmp}/{name}", "rb") as file:
            files.append(file.read())
    assert files[0] == files[1]
    with zipfile.ZipFile(f"{tmp}/one.zip") as archive:
        names = archive.namelist()
    assert {"setup.sh", "run_autograder", "lab", "umbra/grading/grade"} <= set(names)
    assert not [n for n in names if n.startswith("umbra/tests/") or "mutants" in n]


def yaml_of(name):
    """Return the content of a YAML file."""
    with open(os.path.join(DEPLOY, name), encoding="utf-8") as file:
        text = file.read()
    code = "import json, sys, yaml\nprint(json.dumps(yaml.safe_load(sys.stdin)))"
    for python in (sys.executable, "/usr/bin/python3"):
        done = subprocess.run([python, "-c", code], input=text, text=True,
                              capture_output=True, check=False)  # fmt: skip
        if done.returncode == 0:
            return json.loads(done.stdout)
        assert "No module named 'yaml'" in done.stderr, done.stderr
    raise harness.Skip("python3-yaml is not installed")


def test_kubernetes_manifest():
    """It is YAML, a Job as the API has it, and its parts are all of the work."""
    job = yaml_of("kubernetes.yaml")
    assert test_formats.validate(job, "kubernetes-job.json") == ""
    spec = job["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    command = container["command"][-1]
    assert f"/{spec['completions']}\"" in command, "the tasks are as many as the pods"
    volumes = {v["name"] for v in spec["template"]["spec"]["volumes"]}
    assert {m["name"] for m in container["volumeMounts"]} == volumes
    broken = json.loads(json.dumps(job))
    broken["spec"]["completionsMode"] = "Indexed"
    assert "completionsMode" in test_formats.validate(broken, "kubernetes-job.json")


def test_workflow():
    """The grader of a workflow is the instructor's, and what it shows is written."""
    flow = yaml_of("github.yml")
    (job,) = flow["jobs"].values()
    text = json.dumps(job["steps"])
    assert "grader/grading/grade" in text and "submission/grading" not in text
    assert "summary.md" in text and "result.json" in text
    for step in job["steps"]:
        assert ("uses" in step) != ("run" in step), step
        for line in step.get("run", "").splitlines():
            assert "${{" not in line, "an expression in a script can be code of another's"


@harness.cases(**{n: {"name": n} for n in ("setup.sh", "run_autograder", "prairielearn")})
def test_script(name):
    done = subprocess.run(["sh", "-n", os.path.join(DEPLOY, name)], capture_output=True,
                          text=True, check=False)  # fmt: skip
    assert done.returncode == 0 and os.access(os.path.join(DEPLOY, name), os.X_OK)


def test_prairielearn_grades(tmp):
    """The entrypoint leaves valid results, for what does not compile as well."""
    toy.needs_sandbox(harness)
    top = f"{tmp}/grade"
    os.makedirs(f"{top}/serverFilesCourse")
    os.chmod(tmp, 0o755)
    os.symlink(toy.ROOT, f"{top}/serverFilesCourse/umbra")
    toy.submission(top, "int x = ;\n", "student")
    done = subprocess.run([os.path.join(DEPLOY, "prairielearn")], capture_output=True,
                          env={**os.environ, "GRADE": top, "LAB": LAB}, text=True,
                          check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    with open(f"{top}/results/results.json", encoding="utf-8") as file:
        results = json.load(file)
    assert test_formats.validate(results, "prairielearn.json") == ""
    assert results["gradable"] and results["score"] == 0
