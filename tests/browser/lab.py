"""A real JupyterLab or Notebook 7 in temporary folders, and a notebook opened in it by Chromium."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kernels import notebook_of
from playwright.sync_api import Locator, Page
from ports import free_port

START_SECONDS = 120
READY_MS = 120_000

# Errors that JupyterLab logs by itself, with no notebook of ours open.
LAB_NOISE: tuple[str, ...] = ()
# Notebook 7's shortcuts ask for the settings of a plugin that its pages do not have.
NOTEBOOK7_NOISE = (r"uncaught: Cannot read properties of undefined \(reading 'schema'\)",)

# What the widgets' manager says of a stored widget whose kernel is gone, and, sooner or later,
# of a notebook that was opened without a kernel.
STORED_NOISE = (
    "widget model not found",
    r"uncaught: Cannot read properties of null \(reading 'kernel'\)",
)

_FOLDERS = {
    "JUPYTER_CONFIG_DIR": "config",
    "JUPYTER_DATA_DIR": "data",
    "JUPYTER_RUNTIME_DIR": "runtime",
    "JUPYTERLAB_SETTINGS_DIR": "settings",
    "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    "IPYTHONDIR": "ipython",
}
_SETTINGS = {
    "apputils-extension/notification": {"checkForUpdates": False, "fetchNews": "false"},
    # Every cell in the document, so that what is off screen can be looked at too.
    "notebook-extension/tracker": {"windowingMode": "none"},
}
_LAB = ("jupyterlab", "--expose-app-in-browser", "--LabApp.extension_manager=readonly")
_NOTEBOOK7 = (
    "notebook",
    "--JupyterNotebookApp.expose_app_in_browser=True",
    # JupyterLab, loaded beside it, has the last word on what both tell their pages.
    "--LabApp.expose_app_in_browser=True",
    "--LabApp.extension_manager=readonly",
)
_READY = """() => {
  const panel = window.jupyterapp?.shell?.currentWidget;
  const session = panel?.sessionContext;
  return Boolean(session?.isReady && session.session?.kernel?.status === 'idle'
    && panel.content?.widgets?.length);
}"""


class Lab:
    """A running JupyterLab: its notebooks' folder `root` and its `url`."""

    def __init__(self, root: Path, url: str, log: Path) -> None:
        self.root = root
        self.url = url
        self.log = log

    def address(self, path: Path) -> str:
        """Where the notebook at `path` is opened, in a workspace of its own."""
        place = path.relative_to(self.root).as_posix()
        return f"{self.url}/lab/workspaces/{path.parent.name}/tree/{place}?reset"

    def folder(self, name: str) -> Path:
        """An empty folder under the root; a marker makes it a repository's own root."""
        path = self.root / name
        path.mkdir(parents=True)
        (path / "artnb.toml").touch()
        return path

    def notebook(
        self, folder: str, cells: list[str], name: str = "test.ipynb", kernel: str = "python3"
    ) -> Path:
        """Write a notebook of code cells; return its path."""
        path = self.folder(folder) / name
        path.write_text(json.dumps(notebook_of(*cells, kernel=kernel)))
        return path


class Notebook7(Lab):
    """A running Notebook 7: JupyterLab's parts, one document a page."""

    def address(self, path: Path) -> str:
        """Where the notebook at `path` is opened."""
        return f"{self.url}/notebooks/{path.relative_to(self.root).as_posix()}"


@contextmanager
def running_lab(base: Path) -> Iterator[Lab]:
    """Start JupyterLab in `base`, and end it with its kernels."""
    with _running(base, _LAB) as (root, url, log):
        yield Lab(root, url, log)


@contextmanager
def running_notebook7(base: Path) -> Iterator[Notebook7]:
    """Start Notebook 7 in `base`, and end it with its kernels."""
    with _running(base, _NOTEBOOK7) as (root, url, log):
        yield Notebook7(root, url, log)


@contextmanager
def _running(base: Path, application: tuple[str, ...]) -> Iterator[tuple[Path, str, Path]]:
    root = base / "notebooks"
    root.mkdir(parents=True)
    (root / "artnb.toml").touch()
    for name, value in _SETTINGS.items():
        package, plugin = name.split("/")
        path = base / "settings" / "@jupyterlab" / package / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value))
    port = free_port()
    log = base / "jupyter.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            _command(root, port, application),
            env=environment(base),
            cwd=root,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until_up(f"{url}/api/status", log, process)
            yield root, url, log
        finally:
            # SIGTERM ends the kernels too.
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def environment(base: Path) -> dict[str, str]:
    """The variables for a Jupyter that keeps to `base` and reaches no other machine."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ARTNB_", "WANDB_", "JUPYTER", "IPYTHON", "PYTEST_"))
    }
    # A proxy that nobody serves: what a cell would fetch fails at once, everywhere alike.
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "ALL_PROXY"), "http://127.0.0.1:9")
    own = {name: str(base / folder) for name, folder in _FOLDERS.items()}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"
    return {**kept, **nowhere, "no_proxy": "127.0.0.1,localhost", **own, "PATH": path}


def _command(root: Path, port: int, application: tuple[str, ...]) -> list[str]:
    name, *flags = application
    return [
        *(sys.executable, "-m", name, "--no-browser", "--allow-root"),
        *("--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0"),
        *("--IdentityProvider.token=", "--ServerApp.password="),
        "--ServerApp.disable_check_xsrf=True",
        f"--ServerApp.root_dir={root}",
        *flags,
    ]


def wait_until_up(url: str, log: Path, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"{url} was not served:\n{log.read_text()[-4000:]}")


class NotebookPage:
    """A notebook open in JupyterLab or Notebook 7, and what a person does with it."""

    def __init__(self, page: Page, lab: Lab, path: Path) -> None:
        self.page = page
        self.lab = lab
        self.path = path

    @classmethod
    def open(cls, page: Page, lab: Lab, path: Path) -> NotebookPage:
        """Open the notebook at `path` and wait until its kernel is idle."""
        page.goto(lab.address(path))
        opened = cls(page, lab, path)
        opened.wait_ready()
        # Notebook 7 has no such command, and its side is not open.
        toggle = "application:toggle-left-area"
        opened.command(
            toggle, only_if=f"app.commands.hasCommand('{toggle}') && !app.shell.leftCollapsed"
        )
        return opened

    def wait_ready(self) -> None:
        """Wait until the session is ready and the kernel has nothing to do."""
        self.page.wait_for_function(_READY, timeout=READY_MS)

    def command(self, name: str, args: dict[str, Any] | None = None, only_if: str = "true") -> None:
        """Run a JupyterLab command to its end; `only_if` is an expression about `app`."""
        self.page.evaluate(
            f"async ([name, args]) => {{ const app = window.jupyterapp;"
            f" if ({only_if}) await app.commands.execute(name, args); }}",
            [name, args or {}],
        )

    def start(self) -> None:
        """Begin to run all cells; do not wait for them."""
        self.page.evaluate(
            "() => { window.ran = undefined;"
            " window.jupyterapp.commands.execute('notebook:run-all-cells')"
            ".then(() => { window.ran = 'done' }, error => { window.ran = String(error) }); }"
        )

    def wait_run(self, seconds: float = 120) -> None:
        """Wait for what `start` began, then fail if a cell failed."""
        self.page.wait_for_function("() => window.ran", timeout=seconds * 1000)
        assert self.page.evaluate("window.ran") == "done"
        assert self.failures() == []

    def run_all(self, seconds: float = 120) -> None:
        """Run all cells, as the menu does, and fail if one fails."""
        self.start()
        self.wait_run(seconds)

    def select(self, index: int) -> None:
        """Make one cell the active one."""
        self.page.evaluate(
            """index => { const notebook = window.jupyterapp.shell.currentWidget.content;
              notebook.deselectAll(); notebook.activeCellIndex = index; }""",
            index,
        )

    def output(self, index: int) -> list[str]:
        """The lines that a cell printed."""
        text = self.page.evaluate(
            """index => { const { outputs } = window.jupyterapp.shell.currentWidget.content
                .model.cells.get(index);
              return Array.from({length: outputs.length}, (_, i) => outputs.get(i).toJSON())
                .filter(output => output.output_type === 'stream')
                .map(output => [output.text].flat().join('')).join(''); }""",
            index,
        )
        return text.splitlines()

    def start_cell(self, index: int) -> None:
        """Begin to run one cell; do not wait for it."""
        self.page.evaluate(
            """index => { const notebook = window.jupyterapp.shell.currentWidget.content;
              notebook.deselectAll(); notebook.activeCellIndex = index; window.ran = undefined;
              window.jupyterapp.commands.execute('notebook:run-cell')
                .then(() => { window.ran = 'done' }, error => { window.ran = String(error) }); }""",
            index,
        )

    def run_cell(self, index: int, seconds: float = 60) -> None:
        """Run one cell and wait for its end."""
        self.start_cell(index)
        self.page.wait_for_function("() => window.ran", timeout=seconds * 1000)

    def failures(self) -> list[str]:
        """The errors that cells ended with."""
        return self.page.evaluate(
            """() => window.jupyterapp.shell.currentWidget.content.model.cells
              ? Array.from(window.jupyterapp.shell.currentWidget.content.model.cells)
                .filter(cell => cell.type === 'code')
                .flatMap(cell => cell.outputs ? Array.from({length: cell.outputs.length},
                  (_, i) => cell.outputs.get(i).toJSON()) : [])
                .filter(output => output.output_type === 'error')
                .map(output => `${output.ename}: ${output.evalue}`)
              : []"""
        )

    def cell(self, index: int) -> Locator:
        """The cell at `index`, scrolled into view."""
        self.page.evaluate(
            "index => window.jupyterapp.shell.currentWidget.content.scrollToItem(index)", index
        )
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    def save(self) -> dict[str, Any]:
        """Save as the menu does; return the notebook that lies on disk."""
        self.command("docmanager:save")
        return json.loads(self.path.read_text("utf-8"))

    def shut_down(self) -> None:
        """End the kernel, and with it what lives in it."""
        self.page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.context.sessionContext.shutdown()"
        )

    def open_without_kernel(self) -> None:
        """Close the notebook, and open what was saved as who starts no kernel does."""
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.close()")
        place = self.path.relative_to(self.lab.root).as_posix()
        never = {"shouldStart": False, "autoStartDefault": False}
        self.command(
            "docmanager:open", {"path": place, "factory": "Notebook", "kernelPreference": never}
        )

    def theme(self, dark: bool) -> None:
        """Switch the theme and wait until the page shows it."""
        name = "JupyterLab Dark" if dark else "JupyterLab Light"
        self.command("apputils:change-theme", {"theme": name})
        self.page.wait_for_function(
            "light => document.body.dataset.jpThemeLight === light", arg=str(not dark).lower()
        )
        # JupyterLab takes its splash away 0.2 s later, and fails if another theme follows before.
        self.page.wait_for_function("() => !document.getElementById('jupyterlab-splash')")
