"""Cells with ``--cache``, and what is said of them."""

from __future__ import annotations


def cell(body, name="made", options="--cache"):
    return f"%%artifact {name} {options}\n{body}"


def skipped(shell, body, **more):
    return "skipped (v" in shell.run_all(cell(body, **more)).text


def said(shell, body, **more):
    return shell.run_all(cell(body, **more)).text


def said_after(shell, before, body):
    shell.run_all(before)
    return said(shell, body)


def skipped_after(shell, before, body):
    shell.run_all(before)
    return skipped(shell, body)
