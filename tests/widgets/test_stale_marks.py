"""What the graph marks as stale is what ``%artnb status`` says is out of date.

`js/tests/stale.json` holds graphs, and of each the names of what is out of date, as the status
has them; the page's own tests read it. After a change that is meant,
``python tests/widgets/test_stale_marks.py FOLDER`` writes it anew, in an empty folder.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from artnb.jupyter.session import Session
from artnb.jupyter.staleness import Checker
from artnb.repository import Content, close_repositories, open_repository
from artnb.widgets.payload import contents_of, places_of

FIXTURE = Path(__file__).parents[2] / "js" / "tests" / "stale.json"

# Each step a run: the artifact that it makes of which content, what it uses, its cell.
# Or a version to which ``latest`` goes, or one that is deleted. ``q/a`` is of another project.
CASES = {
    "nothing": ["a 1", "b 1 a:v0"],
    "a newer input, and what came of it": ["a 1", "b 1 a:v0", "c 1 b:v0", "a 2"],
    "no older version": ["a 1", "b 1 a:v0", "a 2", "b 2 a:v1"],
    "an older input that is the latest again": ["a 1", "a 2", "b 1 a:v0", "latest a:v0"],
    "a newer input that is not the latest": ["a 1", "a 2", "b 1 a:v1", "latest a:v0"],
    "made last from what is new": ["a 1", "b 1 a:v0", "a 2", "b 1 a:v1"],
    "made last from what is old": ["a 1", "a 2", "b 1 a:v1", "b 1 a:v0"],
    "a newer input that was deleted": ["a 1", "a 2", "b 1 a:v0", "delete a:v1"],
    "an input that was deleted": ["a 1", "b 1 a:v0", "delete a:v0"],
    "its own last version": ["a 1", "a 2 a:v0"],
    "its cell makes something else": ["a 1", "b 1 a:v0 @x", "c 1 a:v0 @x", "a 2"],
    "what came of such a one": ["a 1", "b 1 a:v0 @x", "d 1 b:v0", "c 1 a:v0 @x", "a 2", "d 2 c:v0"],
    "its cell makes that again": ["a 1", "b 1 a:v0 @x", "c 1 a:v0 @x", "b 1 a:v0 @x", "a 2"],
    "a newer input of another project": ["q/a 1", "a 1", "b 1 q/a:v0", "c 1 a:v0", "q/a 2"],
    "another cell made it since": ["a 1", "b 1 a:v0 @x", "c 1 @x", "b 1 a:v0 @y", "a 2"],
}


def made(repository, project, steps):
    for step in steps:
        first, *rest = step.split()
        *elsewhere, first = first.split("/")
        into = elsewhere[0] if elsewhere else project
        if first in ("latest", "delete"):
            version = repository.resolve(rest[0], project)
            if first == "latest":
                repository.set_aliases(version.id, ["latest"])
            else:
                repository.delete(version.id, delete_aliases=True)
            continue
        content, *rest = rest
        cell = next((each[1:] for each in rest if each[0] == "@"), None)
        run = repository.start_run(into, job_type=first, notebook="n.ipynb", cell_id=cell)
        for ref in rest:
            if ref[0] != "@":
                repository.use(run.id, repository.resolve(ref, project).id)
        data = f"{first} {content}".encode()
        repository.commit(into, first, "t", [Content("x", data)], run_id=run.id)
        repository.finish_run(run.id)


def told(repository, project, steps):
    """Return what is told of a project, and what is out of date in it."""
    made(repository, project, steps)
    session = Session()
    session.project = project
    found = Checker(session, {}).outdated()
    contents = contents_of(repository.lineage(project))
    places = places_of(contents.nodes)
    return {
        "nodes": [
            [isinstance(each.key, str), each.name if isinstance(each.key, int) else each.type,
             each.number, each.state, list(each.aliases), each.left]
            for each in contents.nodes
        ],
        "edges": [
            [places[edge.run], places[edge.version]] if edge.kind == "logged"
            else [places[edge.version], places[edge.run]]
            for edge in contents.edges
        ],
        "stale": sorted(version.ref for version, _ in found),
    }  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_page_is_told_what_the_status_says(repository, case):
    assert told(repository, "demo", CASES[case]) == json.loads(FIXTURE.read_text("utf-8"))[case]


def test_there_is_no_other_case():
    assert list(json.loads(FIXTURE.read_text("utf-8"))) == list(CASES)


if __name__ == "__main__":
    os.chdir(sys.argv[1])
    cases = {
        case: told(open_repository(), f"p{number}", steps)
        for number, (case, steps) in enumerate(CASES.items())
    }
    lines = [f"{json.dumps(case)}: {json.dumps(each)}" for case, each in cases.items()]
    FIXTURE.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
    close_repositories()
