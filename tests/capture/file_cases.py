"""Ways in which libraries open files: code in; the files that it reads and writes out.

Every case runs in a folder with the files of `FILES`; names are relative to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from textwrap import dedent

FILES = """
import sqlite3
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import safetensors.numpy
import torch
from PIL import Image

frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
frame.to_csv("in.csv", index=False)
frame.to_parquet("in.parquet")
frame.to_pickle("in.pkl")
frame.to_json("in.jsonl", orient="records", lines=True)
pa.feather.write_feather(frame, "in.feather")
np.save("in.npy", np.arange(3))
np.savez("in.npz", a=np.arange(3))
torch.save({"w": torch.ones(2)}, "in.pt")
safetensors.numpy.save_file({"w": np.ones(2)}, "in.safetensors")
Image.new("L", (4, 4)).save("in.png")
with sqlite3.connect("in.db") as db:
    db.execute("create table t (n)")
    db.execute("insert into t values (1)")
db.close()
import os
os.makedirs("many/deep", exist_ok=True)
for n in range(3):
    with open(f"many/deep/{n}.txt", "w") as file:
        file.write(str(n))
"""


@dataclass(frozen=True)
class FileCase:
    id: str
    code: str
    reads: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)


def case(id, code, reads="", writes=""):
    return FileCase(id, dedent(code).strip("\n"), set(reads.split()), set(writes.split()))


NP, PD, PL = "import numpy as np\n", "import pandas as pd\n", "import polars as pl\n"
PA = "import pyarrow as pa, pyarrow.feather, pyarrow.parquet, pyarrow.csv, pyarrow.dataset\n"
TABLE = PA + "table = pa.table({'a': [1]})\n"
ST = "import numpy as np, torch, safetensors, safetensors.numpy, safetensors.torch\n"

CASES = [
    case("open reads", "open('in.csv').read()", "in.csv"),
    case("open writes", "with open('out.txt', 'w') as f: f.write('x')", "", "out.txt"),
    case("open writes over", "with open('in.csv', 'w') as f: f.write('x')", "", "in.csv"),
    case("open appends", "with open('in.csv', 'a') as f: f.write('x')", "in.csv", "in.csv"),
    case("open appends anew", "with open('out.txt', 'a') as f: f.write('x')", "", "out.txt"),
    case("open updates", "with open('in.csv', 'r+') as f: f.write('z')", "in.csv", "in.csv"),
    case("open to update, but only reads", "open('in.csv', 'r+').close()", "in.csv"),
    case("open exclusively", "with open('out.txt', 'x') as f: f.write('x')", "", "out.txt"),
    case("a failed open", "try: open('none.csv')\nexcept OSError: pass"),
    case("writes, then reads", "open('o', 'w').close()\nopen('o').read()", "", "o"),
    case("reads, then writes", "open('in.csv').read()\nopen('in.csv', 'w').close()",
         "in.csv", "in.csv"),
    case("a file that is gone", "import os\nopen('t', 'w').close()\nos.remove('t')"),
    case("a handle that stays open", "f = open('out.txt', 'w')\n_ = f.write('x')\nf.flush()",
         "", "out.txt"),
    case("pathlib", "from pathlib import Path\nPath('o').write_text(Path('in.csv').read_text())",
         "in.csv", "o"),
    case("os.open", "import os\nos.close(os.open('in.csv', os.O_RDONLY))", "in.csv"),
    case("os.open writes", "import os\nf = os.open('o', os.O_WRONLY | os.O_CREAT)\n"
         "os.write(f, b'x')\nos.close(f)", "", "o"),
    case("another folder", "import os\nos.chdir('many')\nopen('deep/0.txt').read()\nos.chdir('..')",
         "many/deep/0.txt"),
    case("os.replace names the final file", "import os\nopen('t.tmp', 'w').write('x')\n"
         "os.replace('t.tmp', 'out.txt')", "", "out.txt"),
    case("os.replace over one that was read", "import os\na = open('in.csv').read()\n"
         "open('t.tmp', 'w').write(a * 2)\nos.replace('t.tmp', 'in.csv')", "in.csv", "in.csv"),
    case("a folder that is renamed", "import os\nos.mkdir('tmp')\nopen('tmp/a', 'w').close()\n"
         "os.rename('tmp', 'final')", "", "final/a"),
    case("a hard link", "import os\nos.link('in.csv', 'out.csv')", "in.csv", "out.csv"),
    case("truncate", "import os\nos.truncate('in.csv', 2)", "in.csv", "in.csv"),
    case("tempfile", "import tempfile\nwith tempfile.TemporaryFile() as f: _ = f.write(b'x')"),
    case("json", "import json\njson.dump(json.load(open('in.jsonl').readline and "
         "__import__('io').StringIO('1')), open('o.json', 'w'))", "in.jsonl", "o.json"),
    case("pickle", "import pickle\npickle.load(open('in.pkl', 'rb'))\n"
         "pickle.dump(1, open('o.pkl', 'wb'))", "in.pkl", "o.pkl"),
    case("gzip", "import gzip\nwith gzip.open('o.gz', 'wb') as f: _ = f.write(b'x')", "", "o.gz"),
    case("zipfile", "import zipfile\nwith zipfile.ZipFile('o.zip', 'w') as z: z.write('in.csv')",
         "in.csv", "o.zip"),
    case("pandas reads csv", PD + "pd.read_csv('in.csv')", "in.csv"),
    case("pandas reads csv by pyarrow", PD + "pd.read_csv('in.csv', engine='pyarrow')", "in.csv"),
    case("pandas reads parquet", PD + "pd.read_parquet('in.parquet')", "in.parquet"),
    case("pandas reads json", PD + "pd.read_json('in.jsonl', lines=True)", "in.jsonl"),
    case("pandas reads pickle", PD + "pd.read_pickle('in.pkl')", "in.pkl"),
    case("pandas writes csv", PD + "pd.DataFrame({'a': [1]}).to_csv('o.csv')", "", "o.csv"),
    case("pandas writes parquet", PD + "pd.DataFrame({'a': [1]}).to_parquet('o.parquet')",
         "", "o.parquet"),
    case("pandas writes over parquet", PD + "pd.DataFrame({'a': [1]}).to_parquet('in.parquet')",
         "", "in.parquet"),
    case("numpy load", NP + "np.load('in.npy')", "in.npy"),
    case("numpy load, mapped", NP + "a = np.load('in.npy', mmap_mode='r')\na.sum()", "in.npy"),
    case("numpy load, archive", NP + "np.load('in.npz')['a']", "in.npz"),
    case("numpy save", NP + "np.save('o.npy', np.ones(2))", "", "o.npy"),
    case("numpy savez", NP + "np.savez('o.npz', a=np.ones(2))", "", "o.npz"),
    case("numpy text", NP + "np.savetxt('o.txt', np.ones(2))\nnp.loadtxt('o.txt')", "", "o.txt"),
    case("numpy memmap", NP + "m = np.memmap('o.bin', 'u1', 'w+', shape=(9,))\nm[:] = 1\nm.flush()",
         "", "o.bin"),
    case("numpy memmap updates", NP + "m = np.load('in.npy', mmap_mode='r+')\nm[0] = 9\nm.flush()",
         "in.npy", "in.npy"),
    case("numpy from and to a file", NP + "np.fromfile('in.npy', 'u1').tofile('o.bin')",
         "in.npy", "o.bin"),
    case("torch load", "import torch\ntorch.load('in.pt')", "in.pt"),
    case("torch load, mapped", "import torch\ntorch.load('in.pt', mmap=True)", "in.pt"),
    case("torch save", "import torch\ntorch.save(torch.ones(2), 'o.pt')", "", "o.pt"),
    case("torch save over", "import torch\ntorch.save(torch.ones(2), 'in.pt')", "", "in.pt"),
    case("safetensors load", ST + "safetensors.torch.load_file('in.safetensors')",
         "in.safetensors"),
    case("safetensors open", ST + "with safetensors.safe_open('in.safetensors', 'pt') as f:\n"
         "    f.get_tensor('w')", "in.safetensors"),
    case("safetensors save", ST + "safetensors.torch.save_file({'w': torch.ones(2)}, "
         "'o.safetensors')", "", "o.safetensors"),
    case("safetensors save of arrays", ST + "safetensors.numpy.save_file({'w': np.ones(2)}, "
         "'o.safetensors')", "", "o.safetensors"),
    case("pyarrow reads parquet", PA + "pa.parquet.read_table('in.parquet')", "in.parquet"),
    case("pyarrow reads csv", PA + "pa.csv.read_csv('in.csv')", "in.csv"),
    case("pyarrow reads feather", PA + "pa.feather.read_table('in.feather')", "in.feather"),
    case("pyarrow maps", PA + "pa.memory_map('in.feather').read(8)", "in.feather"),
    case("pyarrow dataset", PA + "pa.dataset.dataset('in.parquet').to_table()", "in.parquet"),
    case("pyarrow writes parquet", TABLE + "pa.parquet.write_table(table, 'o.parquet')",
         "", "o.parquet"),
    case("pyarrow writes feather", TABLE + "pa.feather.write_feather(table, 'o.feather')",
         "", "o.feather"),
    case("pyarrow writes a dataset", TABLE + "pa.dataset.write_dataset(table, 'o', "
         "format='parquet')", "", "o/part-0.parquet"),
    case("polars reads csv", PL + "pl.read_csv('in.csv')", "in.csv"),
    case("polars reads parquet", PL + "pl.read_parquet('in.parquet')", "in.parquet"),
    case("polars scans", PL + "pl.scan_parquet('in.parquet').collect()", "in.parquet"),
    case("polars writes csv", PL + "pl.DataFrame({'a': [1]}).write_csv('o.csv')", "", "o.csv"),
    case("polars writes parquet", PL + "pl.DataFrame({'a': [1]}).write_parquet('o.parquet')",
         "", "o.parquet"),
    case("polars sinks", PL + "pl.LazyFrame({'a': [1]}).sink_parquet('o.parquet')",
         "", "o.parquet"),
    case("PIL reads", "from PIL import Image\nImage.open('in.png').load()", "in.png"),
    case("PIL writes", "from PIL import Image\nImage.new('L', (2, 2)).save('o.png')", "", "o.png"),
    case("matplotlib", "from matplotlib.figure import Figure\nFigure().savefig('o.png')",
         "", "o.png"),
    case("matplotlib reads", "from matplotlib import image\nimage.imread('in.png')", "in.png"),
    case("sqlite reads", "import sqlite3\nd = sqlite3.connect('in.db')\n"
         "d.execute('select * from t').fetchall()\nd.close()", "in.db"),
    case("sqlite writes", "import sqlite3\nd = sqlite3.connect('in.db')\n"
         "with d: d.execute('insert into t values (2)')\nd.close()", "in.db", "in.db"),
    case("sqlite makes", "import sqlite3\nd = sqlite3.connect('o.db')\n"
         "with d: d.execute('create table t (n)')\nd.close()", "", "o.db"),
    case("sqlite by URI", "import sqlite3\nd = sqlite3.connect('file:in.db?mode=ro', uri=True)\n"
         "d.execute('select * from t').fetchall()\nd.close()", "in.db"),
    case("sqlite in memory", "import sqlite3\nsqlite3.connect(':memory:').close()"),
    case("h5py", "import h5py\nwith h5py.File('o.h5', 'w') as f: f['a'] = [1]", "", "o.h5"),
    case("cv2", "import cv2\ncv2.imwrite('o.png', cv2.imread('in.png'))", "in.png", "o.png"),
    case("duckdb", "import duckdb\nduckdb.sql(\"select * from 'in.csv'\").fetchall()", "in.csv"),
    case("joblib", "import joblib\njoblib.dump([1], 'o.joblib')\njoblib.load('in.pkl')",
         "in.pkl", "o.joblib"),
    case("shutil.copy", "import shutil\nshutil.copy('in.csv', 'o.csv')", "in.csv", "o.csv"),
    case("shutil.copy2 over", "import shutil\nshutil.copy2('in.csv', 'in.npy')",
         "in.csv", "in.npy"),
    case("shutil.move", "import shutil\nshutil.move('in.csv', 'o.csv')", "", "o.csv"),
    case("shutil.copytree", "import shutil\nshutil.copytree('many', 'copy')",
         "many/deep/0.txt many/deep/1.txt many/deep/2.txt",
         "copy/deep/0.txt copy/deep/1.txt copy/deep/2.txt"),
    case("shutil.make_archive", "import shutil\nshutil.make_archive('o', 'zip', 'many')",
         "many/deep/0.txt many/deep/1.txt many/deep/2.txt", "o.zip"),
    case("subprocess reads", "import subprocess\nsubprocess.run(['wc', '-l', 'in.csv'], "
         "capture_output=True)", "in.csv"),
    case("subprocess writes", "import subprocess\nsubprocess.run('echo x > o.txt', shell=True)",
         "", "o.txt"),
    case("subprocess copies", "import subprocess\nsubprocess.run(['cp', 'in.csv', 'o.csv'])",
         "in.csv", "o.csv"),
    case("subprocess moves", "import subprocess\nsubprocess.run('echo x > t && mv t o.txt', "
         "shell=True)", "", "o.txt"),
    case("subprocess appends", "import subprocess\nsubprocess.run('echo x >> in.csv', "
         "shell=True)", "", "in.csv"),
    case("os.system", "import os\nos.system('cat in.csv > o.csv')", "in.csv", "o.csv"),
    case("multiprocessing by fork", "import multiprocessing as mp, os\n"
         "def work(n):\n    open(f'o{n}', 'w').write(open(f'many/deep/{n}.txt').read())\n"
         "ps = [mp.get_context('fork').Process(target=work, args=(n,)) for n in range(2)]\n"
         "for p in ps: p.start()\nfor p in ps: p.join()",
         "many/deep/0.txt many/deep/1.txt", "o0 o1"),
    *[case(f"multiprocessing by {method}", "import multiprocessing as mp, shutil\n"
           f"p = mp.get_context('{method}').Process(target=shutil.copyfile, "
           "args=('in.csv', 'o.csv'))\np.start()\np.join()", "in.csv", "o.csv")
      for method in ("spawn", "forkserver")],
    case("threads", "from concurrent.futures import ThreadPoolExecutor\n"
         "with ThreadPoolExecutor(2) as pool:\n"
         "    _ = list(pool.map(lambda n: open(f'many/deep/{n}.txt').read(), range(2)))",
         "many/deep/0.txt many/deep/1.txt"),
    case("code is no data", "open('helper.py', 'w').write('v = 1')\nimport helper, json.tool"),
    case("notebooks and hidden files are no data", "import os\nopen('a.ipynb', 'w').close()\n"
         "os.makedirs('.ipynb_checkpoints', exist_ok=True)\n"
         "open('.ipynb_checkpoints/x.csv', 'w').close()\nopen('.env', 'w').close()"),
    case("the system's files are no data", "open('/etc/hostname').read()\n"
         "open('/proc/self/stat').read()"),
]  # fmt: skip
