BEGIN TRANSACTION;
CREATE TABLE alias_moves (
    id integer primary key,
    collection_id integer not null references collections (id),
    alias text not null, version_id integer references versions (id),
    run_id text, moved_at real not null
);
INSERT INTO "alias_moves" VALUES(1,1,'latest',1,'8tqi7fdp',1.7955363284578261375e+09);
INSERT INTO "alias_moves" VALUES(2,1,'best',1,'8tqi7fdp',1.7955363284578261375e+09);
INSERT INTO "alias_moves" VALUES(3,1,'latest',2,'8tqi7fdp',1.79553632848882198337e+09);
CREATE TABLE aliases (
    collection_id integer not null references collections (id),
    alias text not null, version_id integer not null references versions (id),
    primary key (collection_id, alias)
);
INSERT INTO "aliases" VALUES(1,'latest',2);
INSERT INTO "aliases" VALUES(1,'best',1);
CREATE TABLE blobs (
    digest text primary key, object text not null, start integer not null, length integer not null
) without rowid;
INSERT INTO "blobs" VALUES('02a739a09d549f1ff0108d5565cfd7f1c86ac09ff36d6563a5e75d2f9fe3549c','pack/f0/f61a1f64ad49a97886efda20866dd3484cf4f52d2e9f63d0791cca8c3e0622',219,225);
INSERT INTO "blobs" VALUES('27c9ad5fa1b21c077f83d5c4c1707678df3c701a5d03939d8868d8142ff1ac0d','pack/6c/629cfa2b137aec19cbb5e29f6ef7f05850daba34b031a504d0bf3e988a0519',5,213);
INSERT INTO "blobs" VALUES('2f3e9b3a78b7b96affb5df048459543e8ce5ed6d38851196b1c1c3560ecc7eeb','sha256/2f/3e9b3a78b7b96affb5df048459543e8ce5ed6d38851196b1c1c3560ecc7eeb',0,111);
INSERT INTO "blobs" VALUES('3e539deb277e7c67d45339d352e0b70516b7d3b65a7097a275581ac27be90231','pack/6c/629cfa2b137aec19cbb5e29f6ef7f05850daba34b031a504d0bf3e988a0519',218,222);
INSERT INTO "blobs" VALUES('3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3','pack/f0/f61a1f64ad49a97886efda20866dd3484cf4f52d2e9f63d0791cca8c3e0622',3,3);
INSERT INTO "blobs" VALUES('549f62f369663bf4707384f97516a31145ea72a14a64a1e12818008fefce670b','pack/f0/f61a1f64ad49a97886efda20866dd3484cf4f52d2e9f63d0791cca8c3e0622',6,213);
INSERT INTO "blobs" VALUES('7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed','pack/f0/f61a1f64ad49a97886efda20866dd3484cf4f52d2e9f63d0791cca8c3e0622',0,3);
INSERT INTO "blobs" VALUES('8b5b9db0c13db24256c829aa364aa90c6d2eba318b9232a4ab9313b954d3555f','pack/6c/629cfa2b137aec19cbb5e29f6ef7f05850daba34b031a504d0bf3e988a0519',0,5);
INSERT INTO "blobs" VALUES('8ff436def1451285599a1b1ad70800493b8dcafde2912e1a38345633054e4c26','sha256/8f/f436def1451285599a1b1ad70800493b8dcafde2912e1a38345633054e4c26',0,5);
INSERT INTO "blobs" VALUES('92b2fa58028958317e408bd84ecfa70f5ee35b121991dbc232c49d166353708b','sha256/92/b2fa58028958317e408bd84ecfa70f5ee35b121991dbc232c49d166353708b',0,9);
CREATE TABLE collections (
    id integer primary key,
    project_id integer not null references projects (id),
    name text not null, type text not null, description text,
    next_version integer not null default 0, created_at real not null,
    unique (project_id, name)
);
INSERT INTO "collections" VALUES(1,1,'thing','dataset',NULL,2,1.7955363284576265812e+09);
CREATE TABLE contents (
    version_id integer not null references versions (id),
    path text not null, digest text not null, fingerprint text,
    primary key (version_id, path)
) without rowid;
INSERT INTO "contents" VALUES(1,'a.txt','7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed',NULL);
INSERT INTO "contents" VALUES(1,'b.txt','3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3','abc');
INSERT INTO "contents" VALUES(2,'a.txt','7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed',NULL);
INSERT INTO "contents" VALUES(2,'b.txt','8b5b9db0c13db24256c829aa364aa90c6d2eba318b9232a4ab9313b954d3555f',NULL);
CREATE TABLE edges (
    run_id text not null references runs (id),
    version_id integer not null references versions (id),
    kind text not null, created_at real not null,
    primary key (run_id, version_id, kind)
) without rowid;
INSERT INTO "edges" VALUES('8tqi7fdp',1,'logged',1.79553632845789980882e+09);
INSERT INTO "edges" VALUES('8tqi7fdp',2,'logged',1.79553632848884820935e+09);
INSERT INTO "edges" VALUES('but07iqs',2,'used',1.79553632853281593326e+09);
CREATE TABLE migrations (name text primary key, applied_at real);
INSERT INTO "migrations" VALUES('0001-tables',1795536328.42625);
CREATE TABLE projects (
    id integer primary key, name text not null unique, created_at real not null,
    next_run integer not null default 1
);
INSERT INTO "projects" VALUES(1,'demo',1.79553632845096874234e+09,3);
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
INSERT INTO "runs" VALUES('8tqi7fdp',1,1,'first','make',NULL,'[]',NULL,'{"lr": 0.1}','{}','finished','8ff436def1451285599a1b1ad70800493b8dcafde2912e1a38345633054e4c26','2f3e9b3a78b7b96affb5df048459543e8ce5ed6d38851196b1c1c3560ecc7eeb',NULL,NULL,NULL,'{"python": "3.11.7", "platform": "Linux", "packages": {"artnb": "0.1.0"}}','{}','host',7050,1.79553632842799043654e+09,1.79553632851658177371e+09,1.79553632852496123316e+09);
INSERT INTO "runs" VALUES('but07iqs',1,2,'second','use',NULL,'[]',NULL,'{}','{}','finished',NULL,NULL,NULL,NULL,NULL,'{"python": "3.11.7", "platform": "Linux", "packages": {"artnb": "0.1.0"}}','{}','host',7050,1.79553632852871274949e+09,1.79553632854161691664e+09,1.79553632854168200494e+09);
CREATE TABLE versions (
    id integer primary key,
    collection_id integer not null references collections (id),
    number integer not null, digest text not null, record text not null,
    size integer not null, entries integer not null,
    description text, metadata text not null, tags text not null,
    state text not null default 'live', created_at real not null,
    unique (collection_id, number)
);
INSERT INTO "versions" VALUES(1,1,0,'549f62f369663bf4707384f97516a31145ea72a14a64a1e12818008fefce670b','02a739a09d549f1ff0108d5565cfd7f1c86ac09ff36d6563a5e75d2f9fe3549c',6,2,NULL,'{"n": 1}','[]','live',1.79553632845775938036e+09);
INSERT INTO "versions" VALUES(2,1,1,'27c9ad5fa1b21c077f83d5c4c1707678df3c701a5d03939d8868d8142ff1ac0d','3e539deb277e7c67d45339d352e0b70516b7d3b65a7097a275581ac27be90231',8,2,NULL,'{}','[]','live',1.79553632848878622053e+09);
CREATE INDEX runs_of_project on runs (project_id, number);
CREATE INDEX runs_open on runs (state) where state = 'running';
CREATE INDEX versions_by_digest on versions (digest);
CREATE INDEX aliases_of_version on aliases (version_id);
CREATE INDEX edges_of_version on edges (version_id, kind);
CREATE INDEX contents_by_digest on contents (digest);
CREATE INDEX contents_by_fingerprint on contents (fingerprint) where fingerprint is not null;
COMMIT;
