BEGIN TRANSACTION;
CREATE TABLE alias_moves (
    id integer primary key,
    collection_id integer not null references collections (id),
    alias text not null, version_id integer references versions (id),
    run_id text, moved_at real not null
);
INSERT INTO "alias_moves" VALUES(1,1,'latest',1,'bklansjt',1.79590143951196408271e+09);
INSERT INTO "alias_moves" VALUES(2,1,'best',1,'bklansjt',1.79590143951196408271e+09);
INSERT INTO "alias_moves" VALUES(3,1,'latest',2,'bklansjt',1.79590143951792955397e+09);
INSERT INTO "alias_moves" VALUES(4,1,'prod',1,NULL,1.79590143953509545323e+09);
INSERT INTO "alias_moves" VALUES(5,2,'latest',3,'jv8rv87h',1.79590143954272055625e+09);
INSERT INTO "alias_moves" VALUES(6,2,'latest',NULL,NULL,1.79590143954363536831e+09);
CREATE TABLE aliases (
    collection_id integer not null references collections (id),
    alias text not null, version_id integer not null references versions (id),
    primary key (collection_id, alias)
);
INSERT INTO "aliases" VALUES(1,'latest',2);
INSERT INTO "aliases" VALUES(1,'best',1);
INSERT INTO "aliases" VALUES(1,'prod',1);
CREATE TABLE blobs (
    digest text primary key, object text not null, start integer not null, length integer not null
) without rowid;
INSERT INTO "blobs" VALUES('0967115f2813a3541eaef77de9d9d5773f1c0c04314b0bbfe4ff3b3b1c55b5d5','pack/d9/56054a83396b584e9edae89b26415938baeece0c209cb36106a9a071104b7c',1,4);
INSERT INTO "blobs" VALUES('1a3d107fc7f354fe45ffb1354d2dc822cb23bc757a7f564e4c83381498868a48','pack/75/5730920141683b0649e3e5d97f1f53f240eda9e93c0f5b77f1c8530e8928f2',1,205);
INSERT INTO "blobs" VALUES('50de2e6ecfe14efb2f4a6dbc06b6f11ed0fa2bb6d2cef287f676b16cd83c3dba','pack/75/5730920141683b0649e3e5d97f1f53f240eda9e93c0f5b77f1c8530e8928f2',206,309);
INSERT INTO "blobs" VALUES('62d22350526a71c3644a1a8c60dc56118bb8f424f76d42709c7909880c9fe1e6','pack/89/a93842ca12f8a28a5eb47027075706f6eb08f7a24c8194d65c95cde67fcea5',0,309);
INSERT INTO "blobs" VALUES('6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b','pack/d9/56054a83396b584e9edae89b26415938baeece0c209cb36106a9a071104b7c',0,1);
INSERT INTO "blobs" VALUES('8ff436def1451285599a1b1ad70800493b8dcafde2912e1a38345633054e4c26','sha256/8f/f436def1451285599a1b1ad70800493b8dcafde2912e1a38345633054e4c26',0,5);
INSERT INTO "blobs" VALUES('92b2fa58028958317e408bd84ecfa70f5ee35b121991dbc232c49d166353708b','sha256/92/b2fa58028958317e408bd84ecfa70f5ee35b121991dbc232c49d166353708b',0,9);
INSERT INTO "blobs" VALUES('9cd64465b27b17fd0aad482923eb6de75357da39055917d33ee67aebdf2ec512','sha256/9c/d64465b27b17fd0aad482923eb6de75357da39055917d33ee67aebdf2ec512',0,100);
INSERT INTO "blobs" VALUES('cd537e16f52863dce19e55830a7107ed1134214ac0a6d94c43d937e106f39acc','pack/d9/56054a83396b584e9edae89b26415938baeece0c209cb36106a9a071104b7c',210,333);
INSERT INTO "blobs" VALUES('d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35','pack/75/5730920141683b0649e3e5d97f1f53f240eda9e93c0f5b77f1c8530e8928f2',0,1);
INSERT INTO "blobs" VALUES('e2ae45bb75be22f6514414a6bb719e2f457bccac2a9cebb54e476f9d7b57d126','pack/d9/56054a83396b584e9edae89b26415938baeece0c209cb36106a9a071104b7c',5,205);
CREATE TABLE collections (
    id integer primary key,
    project_id integer not null references projects (id),
    name text not null, type text not null, description text,
    next_version integer not null default 0, created_at real not null,
    unique (project_id, name)
);
INSERT INTO "collections" VALUES(1,1,'thing','dataset',NULL,2,1.79590143951145267487e+09);
INSERT INTO "collections" VALUES(2,1,'other','dataset',NULL,1,1.79590143954261469844e+09);
CREATE TABLE edges (
    run_id text not null references runs (id),
    version_id integer not null references versions (id),
    kind text not null, created_at real not null,
    primary key (run_id, version_id, kind)
) without rowid;
INSERT INTO "edges" VALUES('bklansjt',1,'logged',1.79590143951190209388e+09);
INSERT INTO "edges" VALUES('bklansjt',2,'logged',1.79590143951791262623e+09);
INSERT INTO "edges" VALUES('jv8rv87h',2,'used',1.79590143953452825546e+09);
INSERT INTO "edges" VALUES('jv8rv87h',3,'logged',1.79590143954270720482e+09);
CREATE TABLE fingerprints (
    version_id integer not null references versions (id),
    path text not null, fingerprint text not null,
    primary key (version_id, path)
) without rowid;
INSERT INTO "fingerprints" VALUES(1,'a','print-x');
CREATE TABLE generations (key text primary key, dead integer not null) without rowid;
INSERT INTO "generations" VALUES('pack/5d/798273d0c959e60a1b71f2c64e598226b4f2c9b36a6fa992d52402bf4913b2',0);
CREATE TABLE identity (name text not null, entries integer not null default 0);
INSERT INTO "identity" VALUES('e2f08b322bb43d152ae54c30c957d13e',4);
CREATE TABLE kept (digest text primary key) without rowid;
INSERT INTO "kept" VALUES('50de2e6ecfe14efb2f4a6dbc06b6f11ed0fa2bb6d2cef287f676b16cd83c3dba');
INSERT INTO "kept" VALUES('62d22350526a71c3644a1a8c60dc56118bb8f424f76d42709c7909880c9fe1e6');
INSERT INTO "kept" VALUES('8ff436def1451285599a1b1ad70800493b8dcafde2912e1a38345633054e4c26');
INSERT INTO "kept" VALUES('92b2fa58028958317e408bd84ecfa70f5ee35b121991dbc232c49d166353708b');
INSERT INTO "kept" VALUES('9cd64465b27b17fd0aad482923eb6de75357da39055917d33ee67aebdf2ec512');
INSERT INTO "kept" VALUES('cd537e16f52863dce19e55830a7107ed1134214ac0a6d94c43d937e106f39acc');
CREATE TABLE leases (
    name text primary key, host text not null, pid integer not null, expires_at real not null,
    digests blob not null
) without rowid;
CREATE TABLE migrations (name text primary key, applied_at real);
INSERT INTO "migrations" VALUES('0001-tables',1.79590143945386338233e+09);
INSERT INTO "migrations" VALUES('0002-kept',1.79590143945396828652e+09);
INSERT INTO "migrations" VALUES('0003-generations',1.79590143945431733128e+09);
INSERT INTO "migrations" VALUES('0004-journal',1.79590143945464754101e+09);
INSERT INTO "migrations" VALUES('0005-ttl',1795901439.4548);
INSERT INTO "migrations" VALUES('0006-parts',1.79590143945490837099e+09);
INSERT INTO "migrations" VALUES('0007-worker-rows',1.79590143945498037338e+09);
INSERT INTO "migrations" VALUES('0008-edits',1.79590143945514035218e+09);
INSERT INTO "migrations" VALUES('0009-sections',1.79590143945577120779e+09);
INSERT INTO "migrations" VALUES('0010-edges-by-kind',1.79590143945599079126e+09);
CREATE TABLE outbox (
    source text not null, subject text not null, change integer not null default 1,
    primary key (source, subject)
) without rowid;
CREATE TABLE parts (
    whole text not null, part text not null, primary key (whole, part)
) without rowid;
CREATE TABLE projects (
    id integer primary key, name text not null unique, created_at real not null,
    next_run integer not null default 1
);
INSERT INTO "projects" VALUES(1,'demo',1.79590143949785900111e+09,3);
CREATE TABLE runs (
    id text primary key,
    project_id integer not null references projects (id),
    number integer not null,
    name text not null, job_type text, run_group text, tags text not null, notes text,
    config text not null, summary text not null, state text not null,
    code text, history text, notebook text, cell_id text, git_commit text,
    environment text not null, outputs text not null, host text, pid integer,
    created_at real not null, finished_at real, heartbeat_at real
);
INSERT INTO "runs" VALUES('bklansjt',1,1,'solar-tide-1',NULL,NULL,'[]',NULL,'{"lr": 0.1}','{}','finished','8ff436def1451285599a1b1ad70800493b8dcafde2912e1a38345633054e4c26','9cd64465b27b17fd0aad482923eb6de75357da39055917d33ee67aebdf2ec512',NULL,NULL,NULL,'{"python": "3.11.7", "platform": "Linux-6.1-x86_64", "packages": {"artnb": "0.1.0"}}','{}','vm',4818,1.79590143945921111101e+09,1.79590143951872658733e+09,1.79590143951872754099e+09);
INSERT INTO "runs" VALUES('jv8rv87h',1,2,'mild-stream-2',NULL,NULL,'[]',NULL,'{}','{}','finished',NULL,NULL,NULL,NULL,NULL,'{"python": "3.11.7", "platform": "Linux-6.1-x86_64", "packages": {"artnb": "0.1.0"}}','{}','vm',4818,1.79590143953334164615e+09,1.7959014395482718945e+09,1.79590143954827237133e+09);
CREATE TABLE section_entries (
    section_id integer not null references sections (id),
    path text not null, digest text not null,
    primary key (section_id, path)
) without rowid;
INSERT INTO "section_entries" VALUES(1,'b','0967115f2813a3541eaef77de9d9d5773f1c0c04314b0bbfe4ff3b3b1c55b5d5');
INSERT INTO "section_entries" VALUES(2,'b','0967115f2813a3541eaef77de9d9d5773f1c0c04314b0bbfe4ff3b3b1c55b5d5');
INSERT INTO "section_entries" VALUES(3,'c','4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49fce');
INSERT INTO "section_entries" VALUES(1,'a','6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b');
INSERT INTO "section_entries" VALUES(2,'a','d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35');
CREATE TABLE sections (id integer primary key, digest text not null unique);
INSERT INTO "sections" VALUES(1,'1bae8639f78536ee2bb3b8f05b8abf3fe395c3ff1aeb58537d235649dd4904ff');
INSERT INTO "sections" VALUES(2,'56189cbd831cc69b5e4a30b5d477e0f11c2c5e7bb96d67ef7311ff6039f10ed0');
INSERT INTO "sections" VALUES(3,'23d231da78b81128aa9efa2189fa7c72bae082339b33d302b02cbb4f120e946b');
CREATE TABLE version_sections (
    version_id integer not null references versions (id),
    section_id integer not null references sections (id),
    primary key (version_id, section_id)
) without rowid;
INSERT INTO "version_sections" VALUES(1,1);
INSERT INTO "version_sections" VALUES(2,2);
INSERT INTO "version_sections" VALUES(3,3);
CREATE TABLE versions (
    id integer primary key,
    collection_id integer not null references collections (id),
    number integer not null, digest text not null, record text not null,
    size integer not null, entries integer not null,
    description text, metadata text not null, tags text not null,
    state text not null default 'live', created_at real not null, deleted_at real, ttl real, edited_at real,
    unique (collection_id, number)
);
INSERT INTO "versions" VALUES(1,1,0,'e2ae45bb75be22f6514414a6bb719e2f457bccac2a9cebb54e476f9d7b57d126','cd537e16f52863dce19e55830a7107ed1134214ac0a6d94c43d937e106f39acc',5,2,NULL,'{"n": 1}','[]','live',1.79590143951155924804e+09,NULL,NULL,NULL);
INSERT INTO "versions" VALUES(2,1,1,'1a3d107fc7f354fe45ffb1354d2dc822cb23bc757a7f564e4c83381498868a48','50de2e6ecfe14efb2f4a6dbc06b6f11ed0fa2bb6d2cef287f676b16cd83c3dba',5,2,NULL,'{}','[]','live',1.79590143951780080791e+09,NULL,NULL,NULL);
INSERT INTO "versions" VALUES(3,2,0,'ba7cee012602124b38d523f1f8594081c0f5744d838f10d49dc0aa0b8025b7d6','62d22350526a71c3644a1a8c60dc56118bb8f424f76d42709c7909880c9fe1e6',1,1,NULL,'{}','[]','deleted',1.79590143954263424877e+09,1.79590143954363536831e+09,NULL,NULL);
CREATE TABLE worker_rows (
    run_id text not null references runs (id), number integer not null, body text not null,
    primary key (run_id, number)
) without rowid;
CREATE INDEX runs_of_project on runs (project_id, number);
CREATE INDEX runs_open on runs (state) where state = 'running';
CREATE INDEX versions_by_digest on versions (digest);
CREATE INDEX aliases_of_version on aliases (version_id);
CREATE INDEX parts_by_part on parts (part);
CREATE INDEX section_entries_by_digest on section_entries (digest);
CREATE INDEX version_sections_by_section on version_sections (section_id);
CREATE INDEX fingerprints_by_fingerprint on fingerprints (fingerprint);
CREATE INDEX logged_of_version on edges (version_id, run_id) where kind = 'logged';
CREATE INDEX used_of_version on edges (version_id, run_id) where kind = 'used';
CREATE INDEX logged_of_run on edges (run_id, version_id) where kind = 'logged';
CREATE INDEX used_of_run on edges (run_id, version_id) where kind = 'used';
COMMIT;
