"""Files in parts travel by part, and arrive as files in parts."""

from pathlib import Path

import checkpoints
import pytest
from exchange.exchange_kit import opened

from artnb.digest import canonical_json, digest_bytes
from artnb.exchange import pull, push
from artnb.keys import is_recipe, recipe_key
from artnb.repository import Content

SIZE = 300 * 1024


def log(repository, path, **kwargs):
    run = repository.start_run("demo")
    contents = [Content(path.name, path)]
    made = repository.commit("demo", "model", "model", contents, run_id=run.id, **kwargs)
    repository.finish_run(run.id)
    return made.version


def model(tmp_path, changed=()):
    content = checkpoints.tensors(layers=5, size=SIZE, changed=changed)
    return checkpoints.write(tmp_path / "m.safetensors", content)


def recipes(repository):
    return list(filter(is_recipe, repository._store.backend.keys()))


def same(repository, version, source, folder):
    found = repository.download(version, folder) / source.name
    return found.read_bytes() == source.read_bytes()


@pytest.mark.parametrize("bare", [False, True])
def test_of_the_next_checkpoint_only_what_changed_travels(here, there, tmp_path, bare):
    url = (tmp_path / "team").as_uri() if bare else str(there.root)
    log(here, model(tmp_path))
    (first,) = push(here, url)
    assert first.bytes > 5 * SIZE
    source = model(tmp_path, [2])
    log(here, source)
    (second,) = push(here, url)
    assert SIZE < second.bytes < 1.05 * SIZE
    if bare:
        list(pull(there, url))
    assert len(recipes(there)) == 2
    assert there.maintenance.verify().damage == ()
    there.maintenance.collect(grace=0)
    assert same(there, there.resolve("model:v1", "demo"), source, tmp_path / "out")
    stored = sum(p.stat().st_size for p in (there.root / "objects").rglob("*") if p.is_file())
    assert stored < 6.2 * SIZE


def test_a_collector_while_parts_arrive_takes_none(here, there, tmp_path, monkeypatch):
    source = model(tmp_path)
    log(here, source)
    enter = there._catalog.receive

    def receive(*args, **options):
        there.maintenance.collect(grace=0)
        return enter(*args, **options)

    monkeypatch.setattr(there._catalog, "receive", receive)
    list(pull(there, str(here.root)))
    assert same(there, there.resolve("model:v0", "demo"), source, tmp_path / "out")


def test_a_part_that_is_damaged_there_leaves_the_version_out(here, there, tmp_path):
    log(there, model(tmp_path))
    path = max((there.root / "objects" / "sha256").rglob("*"), key=lambda p: p.stat().st_size)
    path.chmod(0o644)
    path.write_bytes(b"x" * SIZE)
    (done,) = pull(here, str(there.root))
    assert done.left_out == ("demo/model:v0",)
    assert here.versions("demo") == []
    assert here.maintenance.verify().damage == ()


def test_a_part_that_is_damaged_here_is_taken_from_there(here, there, tmp_path):
    log(here, model(tmp_path))
    log(there, model(tmp_path))
    source = model(tmp_path, [0])
    log(there, source)
    content = checkpoints.tensors(layers=5, size=SIZE)
    (at,) = here._catalog.locate([digest_bytes(content["layer.003.weight"])]).values()
    path = here.root / "objects" / at.object
    path.chmod(0o644)
    path.write_bytes(b"x" * SIZE)
    (done,) = pull(here, str(there.root))
    assert done.left_out == ()
    assert done.bytes > 5 * SIZE


def rewrite(repository, version, parts):
    """Let a version's file be made of these parts, as a hostile store might say."""
    (entry,) = repository.manifest(version)
    body = canonical_json({"artnb": 1, "digest": entry.digest, "parts": parts})
    key = recipe_key(digest_bytes(body))
    repository._store.backend.put_bytes(key, body)
    with repository._catalog._db.transaction() as db:
        db.execute("update blobs set object = ? where digest = ?", (key, entry.digest))
    return entry


def test_a_part_outside_the_store_is_not_read(here, there, tmp_path):
    version = log(there, model(tmp_path))
    data = (tmp_path / "m.safetensors").read_bytes()
    secret = tmp_path / "secret"
    secret.write_bytes(data)
    with there._catalog._db.transaction() as db:
        values = (digest_bytes(b"part"), f"sha256/{'../' * 20}{secret}", len(data))
        db.execute("insert into blobs values (?, ?, 0, ?)", values)
    rewrite(there, version, [[digest_bytes(b"part"), len(data)]])
    (done,) = pull(here, str(there.root))
    assert done.left_out == ("demo/model:v0",)


def test_a_recipe_that_lies_about_its_parts_does_not_enter_them(here, there, tmp_path):
    """The bytes are right, the digests of the parts are not: they are not taken for it."""
    source = model(tmp_path)
    version = log(there, source)
    (entry,) = there.manifest(version)
    at = there._catalog.locate([entry.digest])[entry.digest]
    parts = [list(part) for part in there._store.recipe(at).parts]
    liar = digest_bytes(b"liar")
    with there._catalog._db.transaction() as db:
        where = there._catalog.locate([parts[1][0]])[parts[1][0]]
        db.execute(
            "insert into blobs values (?, ?, ?, ?)",
            (liar, where.object, where.offset, where.length),
        )
    rewrite(there, version, [parts[0], [liar, parts[1][1]], *parts[2:]])
    (done,) = pull(here, str(there.root))
    assert done.left_out == ()
    assert here._catalog.locate([liar]) == {}
    assert here.maintenance.verify().damage == ()
    assert same(here, here.resolve("model:v0", "demo"), source, tmp_path / "out")


@pytest.mark.parametrize("length", [0, SIZE - 1, SIZE + 1])
def test_a_recipe_of_another_size_is_not_followed(here, there, tmp_path, length):
    version = log(there, model(tmp_path))
    (entry,) = there.manifest(version)
    at = there._catalog.locate([entry.digest])[entry.digest]
    parts = [list(part) for part in there._store.recipe(at).parts]
    parts[1][1] = length
    rewrite(there, version, parts)
    (done,) = pull(here, str(there.root))
    assert done.left_out == ("demo/model:v0",)
    assert list(Path(here.root / "tmp").glob("*/*")) == []


def test_the_same_push_again_sends_nothing(here, there, tmp_path):
    log(here, model(tmp_path))
    list(push(here, str(there.root)))
    (again,) = push(here, str(there.root))
    assert (again.changed, again.blobs, again.bytes) == (False, 0, 0)
    other = opened(tmp_path / "third")
    list(pull(other, str(there.root)))
    assert len(recipes(other)) == 1
    other.close()
