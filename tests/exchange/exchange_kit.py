"""Repositories with something in them, and all that can be seen of one."""

import fsspec

from artnb.repository import Content, Repository
from artnb.settings import Settings


def opened(folder, catalog=None):
    (folder / ".artnb").mkdir(parents=True, exist_ok=True)
    set_up = 'durability = "none"\n'  # nobody cuts the power here
    if catalog:
        set_up += f'catalog = "{catalog}"\n'
    (folder / "artnb.toml").write_text(set_up)
    return Repository(Settings.resolve(folder, {"ARTNB_DIR": str(folder)}))


def log(repository, run, data, *, name="thing", **kwargs):
    contents = [Content("a.bin", data, fingerprint=f"print-{data[:9]}"), Content("b", b"same")]
    return repository.commit(
        run.project, name, "dataset", contents, run_id=run.id, **kwargs
    ).version


def fill(repository, project="demo", data=(b"1", b"2"), **kwargs):
    run = repository.start_run(project, code="x = 1", config={"lr": 0.1}, job_type="make")
    picture = repository.put_blob(b"picture of " + project.encode())
    repository.log_row(run.id, {"_step": 0, "picture": {"sha256": picture}})
    made = [log(repository, run, each, **kwargs) for each in data]
    repository.finish_run(run.id, summary={"loss": 0.5})
    reader = repository.start_run(project, job_type="read")
    repository.use(reader.id, made[0].id)
    repository.finish_run(reader.id)
    return made


def graph(repository):
    """All that a person can see of a repository, without the catalogue's own numbers."""
    db = repository._catalog._db
    names = {
        row["id"]: (row["p"], row["n"], row["number"])
        for row in db.rows(
            "select v.id, p.name p, c.name n, v.number from versions v join collections c "
            "on c.id = v.collection_id join projects p on p.id = c.project_id"
        )
    }
    found = {"runs": {}, "versions": {}, "edges": set(), "moves": {}, "contents": {}}
    for project in repository.projects():
        for run in repository.runs(project):
            found["runs"][run.id] = (run.with_changes(pid=None), repository.history(run.id))
            assert repository.code(run.id) in (None, "x = 1")
        found["edges"] |= {
            (e.run, names[e.version], e.kind) for e in repository._catalog.edges(project)
        }
    for id in names:
        v = repository.version(id)
        found["versions"][names[id]] = (
            v.type, v.digest, v.size, v.entries, v.description, v.metadata, v.aliases, v.tags,
            v.state, v.created_at, v.ttl,
        )  # fmt: skip
        if v.state != "deleted":
            found["contents"][names[id]] = [
                (e.path, repository.read_blob(e.digest)) for e in repository.manifest(v)
            ]
    for row in db.rows(
        "select m.*, p.name p, c.name n from alias_moves m join collections c "
        "on c.id = m.collection_id join projects p on p.id = c.project_id order by m.id"
    ):
        key = (row["p"], row["n"], row["alias"])
        move = (names.get(row["version_id"]), row["run_id"], row["moved_at"], row["moved_by"])
        found["moves"].setdefault(key, []).append(move)
    found["prints"] = {
        (names[row[0]], row[1], row[2])
        for row in db.rows("select * from fingerprints")
        if repository.version(row[0]).state != "deleted"
    }
    return found


def objects(place):
    """Every object at a URL or in a folder, with its bytes."""
    fs, root = fsspec.core.url_to_fs(str(place))
    return {path: fs.cat_file(path) for path in fs.find(root)} if fs.exists(root) else {}
