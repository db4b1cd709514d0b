"""The tables, as a list of migrations: each one is applied once, with its own record."""

from __future__ import annotations

__all__ = ["MIGRATIONS"]

_TABLES = """
create table projects (
    id integer primary key, name text not null unique, created_at real not null,
    next_run integer not null default 1
);
create table runs (
    id text primary key,
    project_id integer not null references projects (id),
    number integer not null,
    name text not null, job_type text, run_group text, tags text not null, notes text,
    config text not null, summary text not null, state text not null,
    code text, history text, notebook text, cell_id text, git_commit text,
    environment text not null, outputs text not null, host text, pid integer,
    created_at real not null, finished_at real, heartbeat_at real
);
create index runs_of_project on runs (project_id, number);
create index runs_open on runs (state) where state = 'running';
create table collections (
    id integer primary key,
    project_id integer not null references projects (id),
    name text not null, type text not null, description text,
    next_version integer not null default 0, created_at real not null,
    unique (project_id, name)
);
create table versions (
    id integer primary key,
    collection_id integer not null references collections (id),
    number integer not null, digest text not null, record text not null,
    size integer not null, entries integer not null,
    description text, metadata text not null, tags text not null,
    state text not null default 'live', created_at real not null,
    unique (collection_id, number)
);
create index versions_by_digest on versions (digest);
create table aliases (
    collection_id integer not null references collections (id),
    alias text not null, version_id integer not null references versions (id),
    primary key (collection_id, alias)
);
create index aliases_of_version on aliases (version_id);
create table alias_moves (
    id integer primary key,
    collection_id integer not null references collections (id),
    alias text not null, version_id integer references versions (id),
    run_id text, moved_at real not null
);
create table edges (
    run_id text not null references runs (id),
    version_id integer not null references versions (id),
    kind text not null, created_at real not null,
    primary key (run_id, version_id, kind)
) without rowid;
create index edges_of_version on edges (version_id, kind);
create table blobs (
    digest text primary key, object text not null, start integer not null, length integer not null
) without rowid;
create table contents (
    version_id integer not null references versions (id),
    path text not null, digest text not null, fingerprint text,
    primary key (version_id, path)
) without rowid;
create index contents_by_digest on contents (digest);
create index contents_by_fingerprint on contents (fingerprint) where fingerprint is not null;
"""

# What is kept for good: what was placed for runs (code, rows, pictures, files), and the records
# of versions. All that no version held when this came is taken for such, so that nothing that
# somebody may need is thought unneeded.
_KEPT = """
create table kept (digest text primary key) without rowid;
insert into kept
    select digest from blobs
    except select digest from contents
    except select digest from versions;
"""

_GENERATIONS = """
create table generations (key text primary key, dead integer not null) without rowid;
create table leases (
    name text primary key, host text not null, pid integer not null, expires_at real not null,
    digests blob not null
) without rowid;
alter table versions add column deleted_at real;
create table identity (name text not null);
insert into identity values (lower(hex(randomblob(16))));
"""

# Which rows changed since they were last written down in the store; `change` counts, so that
# a row which changes while it is written stays marked.
_JOURNAL = """
create table outbox (
    source text not null, subject text not null, change integer not null default 1,
    primary key (source, subject)
) without rowid;
alter table identity add column entries integer not null default 0;
insert into outbox (source, subject) select 'projects', id from projects;
insert into outbox (source, subject) select 'collections', id from collections;
insert into outbox (source, subject) select 'runs', id from runs;
insert into outbox (source, subject) select 'versions', id from versions;
insert into outbox (source, subject) select 'alias_moves', id from alias_moves;
insert into outbox (source, subject) select 'kept', digest from kept;
"""

_TTL = """
alter table versions add column ttl real;
"""

# Of which blobs a blob is made whose object is a recipe. A part is needed where the whole is.
_PARTS = """
create table parts (
    whole text not null, part text not null, primary key (whole, part)
) without rowid;
create index parts_by_part on parts (part);
"""

# Rows that other processes than the run's own logged, until it is finished.
_WORKER_ROWS = """
create table worker_rows (
    run_id text not null references runs (id), number integer not null, body text not null,
    primary key (run_id, number)
) without rowid;
"""

# When a version's description, metadata, tags or ttl were last written: the later one travels.
_EDITS = """
alter table versions add column edited_at real;
"""

# What versions hold, in sections that they share: see `contents`. Those of before keep theirs
# in one section each, whose name no new one can have.
_SECTIONS = """
create table sections (id integer primary key, digest text not null unique);
create table section_entries (
    section_id integer not null references sections (id),
    path text not null, digest text not null,
    primary key (section_id, path)
) without rowid;
create table version_sections (
    version_id integer not null references versions (id),
    section_id integer not null references sections (id),
    primary key (version_id, section_id)
) without rowid;
create table fingerprints (
    version_id integer not null references versions (id),
    path text not null, fingerprint text not null,
    primary key (version_id, path)
) without rowid;
insert into sections (digest) select distinct 'version ' || version_id from contents;
insert into section_entries
    select s.id, c.path, c.digest from contents c
    join sections s on s.digest = 'version ' || c.version_id;
insert into version_sections
    select distinct c.version_id, s.id from contents c
    join sections s on s.digest = 'version ' || c.version_id;
insert into fingerprints
    select version_id, path, fingerprint from contents where fingerprint is not null;
create index section_entries_by_digest on section_entries (digest);
create index version_sections_by_section on version_sections (section_id);
create index fingerprints_by_fingerprint on fingerprints (fingerprint);
drop table contents;
"""

# Each way by itself: who follows the lineage compares numbers and a run's id, no kinds.
_EDGES_BY_KIND = """
create index logged_of_version on edges (version_id, run_id) where kind = 'logged';
create index used_of_version on edges (version_id, run_id) where kind = 'used';
create index logged_of_run on edges (run_id, version_id) where kind = 'logged';
create index used_of_run on edges (run_id, version_id) where kind = 'used';
drop index edges_of_version;
"""

# Who moved an alias, at which machine: not each move is a run's.
_MOVED_BY = """
alter table alias_moves add column moved_by text;
"""

# Which run keeps a blob, so that it can go with the run. Without one it is kept for good: the
# records of versions, and what runs placed before this came.
_KEPT_BY = """
create table kept_by (
    digest text not null, run_id text not null default '', primary key (digest, run_id)
) without rowid;
insert into kept_by (digest) select digest from kept;
drop table kept;
alter table kept_by rename to kept;
"""

MIGRATIONS: tuple[tuple[str, str], ...] = (
    ("0001-tables", _TABLES),
    ("0002-kept", _KEPT),
    ("0003-generations", _GENERATIONS),
    ("0004-journal", _JOURNAL),
    ("0005-ttl", _TTL),
    ("0006-parts", _PARTS),
    ("0007-worker-rows", _WORKER_ROWS),
    ("0008-edits", _EDITS),
    ("0009-sections", _SECTIONS),
    ("0010-edges-by-kind", _EDGES_BY_KIND),
    ("0011-moved-by", _MOVED_BY),
    ("0012-kept-by", _KEPT_BY),
)
"""(name, statements), oldest first. Never edit one that was released: add another."""
