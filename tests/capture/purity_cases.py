"""Cells that are pure, and cells that are not: what may be skipped when the same goes in."""

# ruff: noqa: E501 - a cell is one text

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """A cell.

    Attributes
    ----------
    before : str
        Cells that ran before, parted by a line of dashes.
    why : str or None
        Part of the reason not to skip it; None: it is skipped.
    """

    id: str
    cell: str
    why: str | None = None
    before: str = "import numpy as np"


PURE = [
    Case("arithmetic", "y = 1 + 2"),
    Case("numpy", "y = np.arange(5) * 2"),
    Case("reads a variable", "y = x + 1", before="import numpy as np\nx = np.ones(3)"),
    Case("calls a function", "y = f(2)", before="def f(v):\n    return v * 2"),
    Case("import in the cell", "import math\ny = math.sqrt(2)"),
    Case("from import", "from math import sqrt as root\ny = root(2)"),
    Case("defines a function", "def f(v):\n    return v\ny = f(1)"),
    Case("defines a class", "class P:\n    q = 1\ny = P.q"),
    Case("a loop's variable", "y = []\nfor i in range(3):\n    y.append(i)"),
    Case("a private name", "_half = 3\ny = _half * 2"),
    Case("python's seed", "import random\nrandom.seed(1)\ny = random.random()"),
    Case("numpy's seed", "np.random.seed(1)\ny = np.random.rand(3)"),
    Case("torch's seed", "torch.manual_seed(1)\ny = torch.rand(3)", before="import torch"),
    Case("a seeded generator", "y = np.random.default_rng(1).random(3)"),
    Case("a seed in a function", "y = f()",
         before="import random\ndef f():\n    random.seed(3)\n    return random.random()"),
    Case("a generator from before", "y = rng.random(3)",
         before="import numpy as np\n---\nrng = np.random.default_rng(1)"),
    Case("reads a file", "y = open('in.txt').read()"),
    Case("writes a file", "with open('out.txt', 'w') as f:\n    _ = f.write('1')\ny = 1"),
    Case("lists a folder", "import os\ny = sorted(os.listdir('data'))"),
    Case("writes a folder anew", "import os, shutil\nshutil.rmtree('data')\nos.mkdir('data')\n"
         "with open('data/a.csv', 'w') as f:\n    _ = f.write('1')\ny = 1"),
    Case("lists a folder of its own", "import os\nos.mkdir('own')\nos.mkdir('own/a')\n"
         "y = os.listdir('own')\nos.rmdir('own/a')\nos.rmdir('own')"),
    Case("a pool's thread that waits", "import asyncio\ny = await asyncio.to_thread(len, 'ab')"),
    Case("shows a picture",
         "from IPython.display import HTML, display\ndisplay(HTML('<b>hi</b>'))\ny = 1"),
    Case("prints", "print('hello')\ny = 1"),
    Case("await", "import asyncio\ny = await asyncio.sleep(0, 3)"),
    Case("a comprehension", "y = [v for v in range(4)]"),
    Case("a frame", "y = pd.DataFrame({'a': [1, 2]})", before="import pandas as pd"),
    Case("a method that is called now", "y = c.now()",
         before="class C:\n    def now(self):\n        return 4\n"
                "    def __repr__(self):\n        return 'c'\nc = C()"),
    Case("a text that speaks of time", "y = 'time.time()'"),
    Case("deletes a name", "y = x\ndel x", before="x = 3"),
    Case("a literal exec", "exec('y = 3')"),
    Case("a dataclass", "y = P(1).a",
         before="from dataclasses import dataclass\n@dataclass\nclass P:\n    a: int = 2"),
    Case("a context manager of the notebook", "with cm() as v:\n    y = v",
         before="import contextlib\n@contextlib.contextmanager\ndef cm():\n    yield 3"),
    Case("a cached function", "y = f(2)",
         before="import functools\n@functools.lru_cache\ndef f(v):\n    return v * 2"),
    Case("asks for a file that is named", "import os\ny = os.path.exists('in.txt'), os.path.isdir('data')"),
    Case("asks for a path that is a variable", "y = p.exists()",
         before="from pathlib import Path\np = Path('in.txt')"),
    Case("a module that is not there", "try:\n    import nowhere_to_be_found\n    y = 1\nexcept ImportError:\n    y = 0"),
    Case("an object that answers any name", "y = c.k",
         before="class C:\n    def __getattr__(self, name):\n        return {'k': 3}[name]\nc = C()"),
    Case("changes an array in place", "x[0] = 5\ny = x.sum()",
         before="import numpy as np\nx = np.ones(3)"),
]  # fmt: skip

IMPURE = [
    Case("time.time", "import time\ny = time.time()", "the clock: time.time (line 3)"),
    Case("time under another name", "y = now()", "time.time (line 2)", "from time import time as now"),
    Case("datetime.now", "y = datetime.now().year", "datetime.datetime.now",
         "from datetime import datetime"),
    Case("date.today", "import datetime\ny = datetime.date.today().year", "datetime.date.today"),
    Case("pandas' clock", "y = str(pd.Timestamp.now())", "Timestamp.now", "import pandas as pd"),
    Case("the clock in a function", "y = f()", "time.perf_counter (f, line 3)",
         "import time\ndef f():\n    return time.perf_counter()"),
    Case("the clock in a method", "y = C().f()", "time.time (C.f, line 4)",
         "import time\nclass C:\n    def f(self):\n        return time.time()"),
    Case("the clock as a default", "y = f()", "time.time", "import time\ndef f(g=time.time):\n    return g()"),
    Case("the clock as a class's own", "y = C.t() + C().f()", "time.time",
         "import time\nclass C:\n    t = time.time\n    def f(self):\n        return C.t()"),
    Case("the clock in a closure", "y = f()", "holds time.time, which reads the clock",
         "import time\ndef make(clock):\n    return lambda: clock()\nf = make(time.time)"),
    Case("now as a text", "y = str(pd.to_datetime('now'))", "the clock: pandas.to_datetime (line 2)",
         "import pandas as pd"),
    Case("now in a variable", "y = str(pd.Timestamp(when))", "a text that may stand for the time",
         "import pandas as pd\nwhen = 'now'"),
    Case("the date of a mail", "from email.utils import formatdate\ny = formatdate()", "email.utils.formatdate"),
    Case("a temporary name", "import tempfile\ny = tempfile.mkdtemp()", "tempfile.mkdtemp"),
    Case("the state of random numbers", "y = str(np.random.get_state()[2])", "the state of random numbers"),
    Case("python's random", "import random\ny = random.random()", "of random without a seed (line 3)"),
    Case("numpy's random", "y = np.random.rand(2)", "of numpy.random without a seed (line 2)"),
    Case("torch's random", "y = torch.rand(2)", "of torch without a seed (line 2)", "import torch"),
    Case("random by a library", "y = pd.DataFrame({'a': range(9)}).sample(2)",
         "of numpy.random without a seed", "import pandas as pd"),
    Case("seeded too late", "y = np.random.rand(2)\nnp.random.seed(1)", "without a seed"),
    Case("seeded with nothing", "np.random.seed()\ny = np.random.rand(2)", "without a seed"),
    Case("a generator without a seed", "y = np.random.default_rng().random(2)",
         "default_rng() without a seed (line 2)"),
    Case("uuid", "import uuid\ny = str(uuid.uuid4())", "uuid.uuid4"),
    Case("os.urandom", "import os\ny = os.urandom(3)", "os.urandom"),
    Case("secrets", "import secrets\ny = secrets.token_hex(2)", "secrets.token_hex"),
    Case("a connection",
         "import socket\ntry:\n    socket.create_connection(('127.0.0.1', 9), 1)\n"
         "except OSError:\n    pass\ny = 1", "uses the network"),
    Case("a URL", "y = len('https://example.org/x')", "names https://example.org/x (line 2)"),
    Case("a subprocess", "import subprocess\ny = subprocess.run(['true']).returncode",
         "starts a process"),
    Case("os.system", "import os\ny = os.system('true')", "starts a process: b'true' (line 3)"),
    Case("a shell line", "_lines = !echo 1\ny = 1", "the shell"),
    Case("a magic", "%precision 3\ny = 1", "a magic"),
    Case("a fork", "import os\nif (pid := os.fork()) == 0:\n    os._exit(0)\nos.waitpid(pid, 0)\ny = 1",
         "starts a process"),
    Case("a process by a server",
         "import multiprocessing\nprocess = multiprocessing.get_context('forkserver').Process()\n"
         "process.start()\nprocess.join()\ny = 1",
         "starts a process: by the server of multiprocessing (line 4)"),
    Case("the environment", "import os\ny = os.environ.get('HOME')", "os.environ"),
    Case("the environment in a text", "import os\ny = os.path.expandvars('$HOME')", "os.path.expandvars"),
    Case("the temporary folder", "import tempfile\ny = tempfile.gettempdir()", "tempfile.gettempdir"),
    Case("a file's time", "import os\ny = os.stat('in.txt').st_mtime > 0", "a file's size or time: os.stat (line 3)"),
    Case("a file's size", "y = p.stat().st_size", "a file's size or time: stat()",
         "from pathlib import Path\np = Path('in.txt')"),
    Case("a computed name is there", "import os\ny = os.path.exists('in' + end)",
         "whether a computed name is there: os.path.exists (line 3)", "end = '.txt'"),
    Case("a computed path is there", "y = (p / 'a.csv').exists()", "a computed name is there: exists()",
         "from pathlib import Path\np = Path('data')"),
    Case("what libraries share", "import duckdb\ny = duckdb.sql('select 1').fetchall()",
         "the whole process shares: duckdb.sql"),
    Case("what is loaded", "import sys\ny = 'json' in sys.modules", "sys.modules"),
    Case("how an array is set", "x.flags.writeable = False\ny = 1", "sets how x works",
         "import numpy as np\nx = np.ones(1)"),
    Case("sets the environment", "import os\nos.environ['ARTNB_TEST_X'] = str(np.ones(1))\ny = 1",
         "os.environ"),
    Case("id", "y = id(np) > 0", "process: id (line 2)"),
    Case("hidden code", "exec(code)", "runs code that is text (exec)",
         "code = 'y = 3'"),
    Case("a computed name", "y = globals()[name]", "reads names by globals()", "x = 2\nname = 'x'"),
    Case("a setting of a library", "np.seterr(all='ignore')\ny = 1", "numpy's error handling",
         "import numpy as np\nimport itertools\nnp.seterr(all='warn')"),
    Case("an attribute of a module", "m.depth = 3\ny = 1", "changes something in", "import helper as m"),
    Case("an iterator", "y = next(g)", "uses up the iterator g", "g = iter([1, 2, 3])"),
    Case("an open file", "y = f.readline()", "uses up the iterator f", "f = open('in.txt')"),
    Case("deletes a file", "import os\nopen('gone.txt', 'w').close()\nos.rename('gone.txt', 'gone2.txt')\n"
         "os.remove('old.txt') if os.path.exists('old.txt') else None\ny = 1", "deletes"),
    Case("a file out of sight", "with open('/tmp/artnb-test-out.txt', 'w') as f:\n    _ = f.write('1')\ny = 1",
         "was written and is not kept"),
    Case("a class that counts", "C.n = C.n + 1\ny = C.n", "changes C", "class C:\n    n = 0"),
    Case("a thread that goes on",
         "import threading\nt = threading.Timer(2, print)\nt.daemon = True\nt.start()\ndel t\ny = 1",
         "a thread running"),
    Case("a task that goes on",
         "import asyncio\nawait asyncio.sleep(0)\n_t = asyncio.ensure_future(asyncio.sleep(5))\ny = 1",
         "_t (Task)"),
    Case("artnb itself", "artnb.log\ny = 1", "speaks to artnb", "import artnb"),
    Case("a figure", "fig = plt.figure()", "fig (Figure) is kept as a picture",
         "import matplotlib; matplotlib.use('agg')\nimport matplotlib.pyplot as plt"),
    Case("a container with a view of before", "y = {'a': x[:1]}", "y shares memory with x", "import numpy as np\nx = np.ones(2)"),
    Case("a list in a list changed", "x.append([0])\ny = 1", "was changed in place", "inner = [0]\nx = [inner]"),
]  # fmt: skip
