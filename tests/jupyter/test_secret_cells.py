"""What a cell reads, makes, shows and fails with: no password or token of it is recorded."""

from __future__ import annotations

import pytest
from secret_kit import Planted

from artnb.capture import fingerprint
from artnb.repository import close_repositories


@pytest.fixture
def planted(monkeypatch, tmp_path):
    return Planted(monkeypatch, tmp_path)


def shown(planted, shell, *cells):
    """Run cells, which may fail, and take down what they and the magics show of themselves."""
    results = []
    for cell in cells:
        result = shell.run(cell)
        # What the person prints is theirs; what is said by us is not.
        if cell.startswith(("%artnb", "%%artifact")):
            planted.hear(cell, result.text)
        results.append(result)
    return results


MAGICS = ("%artnb status", "%artnb ls", "%artnb runs", "%artnb show made", "%artnb why made",
          "%artnb diff made:v0 made:latest", "%artnb graph")  # fmt: skip


def test_settings_that_a_cell_reads(planted, shell):
    token = planted.env("SERVICE_TOKEN")
    password, key = planted.new("a password"), planted.new("a key in a dict")
    url = f"postgresql://ann:{password}@db/x"
    shell.namespace.update(
        api_key=planted.new("a key"), url=url, lr=0.1, header=f"Bearer {token}",
        options={"depth": 3, "password": key, "urls": [url]},
    )  # fmt: skip
    cell = "%%artifact made\nx = (len(api_key), url[:3], lr, header[:6], len(options))"
    shown(planted, shell, cell)
    config = shell.last_run().config
    assert config == {
        "api_key": "***", "url": "postgresql://ann:***@db/x", "lr": 0.1, "header": "Bearer ***",
        "options": {"depth": 3, "password": "***", "urls": ["postgresql://ann:***@db/x"]},
    }  # fmt: skip
    shell.namespace["api_key"] = planted.new("another key")
    shell.namespace["lr"] = 0.2
    results = shown(planted, shell, *MAGICS)
    assert "lr" in results[4].text
    assert "api_key" in results[4].text
    close_repositories()
    assert planted.found() == []


def test_values_that_a_cell_makes(planted, shell):
    token = planted.env("SERVICE_TOKEN")
    password = planted.new("made")
    shell.namespace.update(given_password=password, tok=token)
    cell = (
        "%%artifact made\npassword = given_password[:]\nlogin = {'password': given_password}\n"
        "head = 'Bearer ' + tok\nsize = len(given_password)\ntoken = 'word'"
    )
    (result,) = shown(planted, shell, cell)
    entries = shell.repository.manifest(shell.newest("made")).entries
    assert {entry.variable for entry in entries.values()} == {"size", "token"}
    for name in ("password", "login", "head"):
        assert f"{name} is a password or token" in result.text
    assert "--out password" in result.text
    made = "secret = given_password + 'x'\nlength = len(secret)"
    shell.run_all("%artnb auto on", made, "%artnb auto off")
    assert {c.name for c in shell.repository.collections("uncategorized")} == {"made", "length"}
    shown(planted, shell, *MAGICS)
    close_repositories()
    assert planted.found() == []


def test_a_value_that_is_asked_for_by_name_is_kept(planted, shell):
    shell.run_all("%%artifact made --out password\npassword = 'asked for 1'")
    assert shell.repository.manifest(shell.newest("made")).entries["password.txt"].size > 0


def test_the_code_that_holds_one(planted, shell):
    password, token = planted.new("in the code"), planted.env("SERVICE_TOKEN")
    cell = (
        f"%%artifact made\ndef fetch():\n    return 'https://ann:{password}@host/a?sig={password}'\n"
        f"n = len(fetch()) + len('{token}')"
    )
    shown(planted, shell, cell, *MAGICS)
    code = shell.repository.code(shell.last_run().id)
    assert "https://***@host/a?sig=***" in code
    assert "n = len(fetch()) + len('***')" in code
    why = shell.run("%artnb why made").text
    assert "edited" not in why
    assert "changed" not in why
    close_repositories()
    assert planted.found() == []


def test_what_is_typed_into_the_code_or_a_command(planted, shell):
    typed = [planted.new(f"typed {n}") for n in range(7)]
    cell = (
        "%%artifact made\ndef connect(user, password, api_key='k'):\n    return len(password)\n"
        f"password: str = '{typed[0]}'\n"
        f'n = connect("ann", password="{typed[1]}", api_key=\'{typed[2]}\')\n'
        f"headers = {{'Authorization': 'Bearer {typed[3]}'}}\n"
        f"!echo --password={typed[4]} --token {typed[5]}\n"
        f"%env SERVICE_API_KEY={typed[6]}"
    )
    shell.run(cell)
    shown(planted, shell, *MAGICS)
    code = shell.repository.code(shell.last_run().id)
    assert "password: str = '***'" in code
    assert 'connect("ann", password="***", api_key=\'***\')' in code
    assert "headers = {'Authorization': '***'}" in code
    assert "!echo --password=*** --token ***\n%env SERVICE_API_KEY=***" in code
    assert shell.last_run().outputs["stdout"].startswith("--password=*** --token ***")
    assert "edited" not in shell.run("%artnb why made").text
    close_repositories()
    assert planted.found() == []


def test_a_skipped_cells_record_does_not_have_what_is_typed_either(planted, shell):
    """It says which texts of the code name no file."""
    typed = [planted.new(f"typed {n}", ending) for n, ending in enumerate(["/x y", "+z", ""])]
    cell = (
        f"%%artifact made --cache\ndef login(password='{typed[0]}'):\n    return 'data.csv'\n"
        f"api_key = '{typed[1]}'\nn = len(login()) + len('https://ann:{typed[2]}@host/a')"
    )
    shown(planted, shell, cell, *MAGICS)
    absent = shell.last_run().outputs["cache"]["identity"]["absent"]
    assert [path.rpartition("/")[2] for path in absent].count("data.csv") == 1
    assert "api_key is a password or token" in shell.run(cell).text
    close_repositories()
    assert planted.found() == []


def test_what_a_variable_of_such_a_name_holds_is_not_in_what_is_shown(planted, shell):
    """Also where the cell only reads it, and an earlier one made it."""
    password, key = planted.new("a variable"), planted.new("in a dict")
    shell.namespace.update(login_password=password, options={"api_key": key, "depth": 3})
    for cell in (
        "%%artifact made\nprint('as', login_password)\nn = len(login_password)",
        "%%artifact made --cache\nprint(options)\nk = len(options)",
        "%%artifact made\nmine_password = login_password + ''\nprint(mine_password)\nm = 1",
        "%%artifact made\nraise ValueError(f'no {login_password} of {options}')",
    ):
        shell.run(cell)
    runs = shell.repository.runs("uncategorized")
    assert runs[3].outputs["stdout"] == "as ***\n"
    assert runs[0].outputs["error"]["message"] == "no *** of {'api_key': '***', 'depth': 3}"
    shown(planted, shell, *MAGICS)
    close_repositories()
    assert planted.found() == []


def test_what_a_cell_prints_shows_and_raises(planted, shell):
    token = planted.env("SERVICE_TOKEN")
    password = planted.new("printed")
    shell.namespace.update(_t=token, _u=f"https://ann:{password}@host/a?access_token={token}")
    for cell in (
        "%%artifact made\nimport sys\nprint('token', _t)\nprint(_u, file=sys.stderr)\nn = 1\n_u",
        "%%artifact made\nfrom IPython.display import HTML, display\n"
        "display(HTML(f'<a href=\"{_u}\">x</a>'))\nm = 1",
        "%%artifact made\nraise RuntimeError(f'401 for {_u}')",
        "%%artifact made --cache\nprint(_u)\nk = 2",
    ):
        shell.run(cell)
    runs = shell.repository.runs("uncategorized")
    # The two are one here.
    assert runs[3].outputs["stdout"] == "token ***\nhttps://***@host/a?access_token=***\n"
    assert runs[1].outputs["error"]["message"] == "401 for https://***@host/a?access_token=***"
    assert "RuntimeError" in runs[1].outputs["error"]["traceback"]
    shown(planted, shell, *MAGICS)
    close_repositories()
    assert planted.found() == []


def test_a_short_one_cannot_be_guessed_from_its_fingerprint(planted, shell):
    """Whether it changed is known here, and not where the folder's key is not."""
    shell.namespace.update(password="1234", options={"pin_password": "99"}, api_key=b"k1", lr=1)
    shell.run("%%artifact made\nn = len(password) + len(options) + len(api_key) + lr")
    inputs = shell.last_run().outputs["inputs"]
    for name in ("password", "options", "api_key"):
        value = shell.namespace[name]
        assert fingerprint(value) not in str(inputs), name
    assert inputs["lr"]["fingerprint"] == fingerprint(1)
    assert "No input has changed" in shell.run("%artnb why made").text
    shell.namespace["password"] = "1235"
    assert "password" in shell.run("%artnb status").text.partition("variables")[0]
    key = shell.repository.root / "fingerprints.key"
    assert key.stat().st_mode & 0o777 == 0o600
    key.write_bytes(b"of another machine")
    assert "password" not in shell.run("%artnb status").text.partition("variables")[0]


def test_resume_binds_no_stars_for_a_password(planted, shell):
    shell.namespace.update(password="1234", lr=2)
    shell.run("%%artifact made\nn = len(password) * lr")
    del shell.namespace["password"], shell.namespace["lr"]
    text = shell.run("%artnb resume made").text
    assert "password  a password or token, or holds one: it is not kept" in text
    assert shell.namespace["lr"] == 2
    assert "password" not in shell.namespace


def test_a_token_is_known_by_its_form_under_any_name(planted, shell):
    token = "hf_" + planted.new("by its form").replace("-", "x") + "a1" * 15
    planted.secrets["by its form"] = token
    shell.namespace["given"] = token
    cell = f"%%artifact made\nprint(given)\nmine = '{token}'\nn = len(mine)"
    shell.run(cell)
    assert shell.last_run().outputs["stdout"] == "***\n"
    assert shell.last_run().config == {"given": "***"}
    shown(planted, shell, *MAGICS)
    found = shell.repository.resolve("made", "uncategorized")
    assert [e.path for e in shell.repository.manifest(found)] == ["n.json"]
    close_repositories()
    assert planted.found() == []
