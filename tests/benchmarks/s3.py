"""artnb's S3 backend beside s3fs and boto3, on a real server (Ceph's gateway on this machine).

Each figure is a median of rounds in which the three take turns, so that a busy machine slows
all alike. All write the same bytes under new keys and read them back to memory or to a file.
boto3 uses its own transfer manager for the large file and eight threads for the small ones,
s3fs its asynchronous calls in bulk, artnb what a commit and a download use.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from services import ceph
from services.process import Processes

LARGE = 256 << 20
SMALL, COUNT = 4096, 2000
THREADS = 8


class Artnb:
    name = "artnb"

    def __init__(self, server, bucket, folder):
        from artnb.store.cloud import CloudBackend

        os.environ.update(server.env)
        self.backend = CloudBackend(f"s3://{bucket}/artnb", uploads=folder / "uploads")

    def put_large(self, key, path):
        self.backend.put_file(key, path)

    def get_large(self, key, path):
        with self.backend.open(key) as source, open(path, "wb") as target:
            while block := source.read(8 << 20):
                target.write(block)

    def put_small(self, bodies):
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(lambda item: self.backend.put_bytes(*item), bodies.items()))

    def get_small(self, keys):
        def get(key):
            with self.backend.open(key) as stream:
                return stream.read()

        with ThreadPoolExecutor(THREADS) as pool:
            return list(pool.map(get, keys))


class Packed(Artnb):
    """As `log_artifact` stores small files: in packs, proved by their digests."""

    name = "artnb, in packs"

    def __init__(self, server, bucket, folder):
        super().__init__(server, bucket, folder)
        from artnb.store import Cache, CachedBackend, ObjectStore, StatCache

        self.folder = folder
        self.stats = StatCache(folder / "files.db")
        self.cache = Cache(folder / "packs", 1 << 30, self.stats)
        self.store = ObjectStore(CachedBackend(self.backend, self.cache), self.stats)
        self.places = {}

    def put_small(self, bodies):
        from artnb.digest import digest_bytes
        from artnb.store import Staged

        staged = [Staged(digest_bytes(body), len(body), body) for body in bodies.values()]
        self.places = self.store.publish(staged)

    def get_small(self, keys):
        self.cache.clear()
        return [self.store.read(digest, place) for digest, place in self.places.items()]


class S3fs:
    name = "s3fs"

    def __init__(self, server, bucket, folder):
        import s3fs

        self.fs = s3fs.S3FileSystem(
            key=server.key, secret=server.secret, endpoint_url=server.endpoint
        )
        self.root = f"{bucket}/s3fs"

    def put_large(self, key, path):
        self.fs.put_file(str(path), f"{self.root}/{key}")

    def get_large(self, key, path):
        self.fs.get_file(f"{self.root}/{key}", str(path))

    def put_small(self, bodies):
        self.fs.pipe({f"{self.root}/{key}": body for key, body in bodies.items()})

    def get_small(self, keys):
        return list(self.fs.cat([f"{self.root}/{key}" for key in keys]).values())


class Boto3:
    name = "boto3"

    def __init__(self, server, bucket, folder):
        import boto3
        from botocore.config import Config

        self.client = boto3.client(
            "s3",
            endpoint_url=server.endpoint,
            aws_access_key_id=server.key,
            aws_secret_access_key=server.secret,
            region_name=server.region,
            config=Config(max_pool_connections=THREADS * 2),
        )
        self.bucket = bucket

    def put_large(self, key, path):
        self.client.upload_file(str(path), self.bucket, f"boto3/{key}")

    def get_large(self, key, path):
        self.client.download_file(self.bucket, f"boto3/{key}", str(path))

    def put_small(self, bodies):
        def put(item):
            self.client.put_object(Bucket=self.bucket, Key=f"boto3/{item[0]}", Body=item[1])

        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(put, bodies.items()))

    def get_small(self, keys):
        def get(key):
            return self.client.get_object(Bucket=self.bucket, Key=f"boto3/{key}")["Body"].read()

        with ThreadPoolExecutor(THREADS) as pool:
            return list(pool.map(get, keys))


def timed(action):
    start = time.perf_counter()
    result = action()
    return time.perf_counter() - start, result


def one_round(peer, folder, source, times):
    """Do all four with new bytes and keys, and check what came back."""
    key = f"sha256/{uuid.uuid4().hex[:2]}/{uuid.uuid4().hex}"
    target = folder / "target"
    seconds, _ = timed(lambda: peer.put_large(key, source))
    times.setdefault("put 256 MiB", {}).setdefault(peer.name, []).append(seconds)
    seconds, _ = timed(lambda: peer.get_large(key, target))
    times.setdefault("get 256 MiB", {}).setdefault(peer.name, []).append(seconds)
    assert target.stat().st_size == LARGE
    bodies = {f"sha256/{n % 256:02x}/{uuid.uuid4().hex}": os.urandom(SMALL) for n in range(COUNT)}
    what = f"{COUNT:,} x 4 KiB"
    seconds, _ = timed(lambda: peer.put_small(bodies))
    times.setdefault(f"put {what}", {}).setdefault(peer.name, []).append(seconds)
    seconds, found = timed(lambda: peer.get_small(list(bodies)))
    times.setdefault(f"get {what}", {}).setdefault(peer.name, []).append(seconds)
    assert sorted(map(bytes, found)) == sorted(bodies.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "ceph").mkdir()
        processes = Processes(folder / "ceph")
        try:
            server = ceph.start(processes)
            bucket = server.new_bucket("bench")
            source = folder / "source"
            source.write_bytes(os.urandom(LARGE))
            peers = [kind(server, bucket, folder) for kind in (Artnb, Packed, S3fs, Boto3)]
            times: dict[str, dict[str, list[float]]] = {}
            for _ in range(rounds):
                for peer in peers:
                    one_round(peer, folder, source, times)
                client = server.client()
                for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
                    gone = [{"Key": each["Key"]} for each in page.get("Contents", ())]
                    if gone:  # the store is in memory
                        client.delete_objects(Bucket=bucket, Delete={"Objects": gone})
        finally:
            processes.end()
    names = [peer.name for peer in peers]
    print(f"| median of {rounds}, s | {' | '.join(names)} |")
    print("|---" * (len(names) + 1) + "|")
    for what, found in times.items():
        cells = [f"{statistics.median(found[each]):.2f}" for each in names]
        print(f"| {what} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
