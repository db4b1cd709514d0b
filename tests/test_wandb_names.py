"""W&B's names: which are there, which do nothing, which are refused, which are missing.

The tables are of W&B 0.31's public names; README has the same, and a test compares them.
"""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest

import artnb
from artnb.absent import _WHY
from artnb.entry import ArtifactEntry
from artnb.errors import UsageError
from artnb.kept_files import RunFile
from artnb.public_run import PublicRun
from artnb.public_runs import Runs
from artnb.public_types import ArtifactCollection, ArtifactType, Project

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")

WORK = re.findall(
    r"\w+",
    """
AlertLevel Api Artifact ArtifactTTL Audio Classes CommError Error Histogram Html Image JoinedTable
Molecule Object3D Plotly Run Settings Table UsageError Video alert box3d config define_metric
errors finish init join link_artifact link_model log log_artifact log_model mark_preempting plot
plot_table restore run save sklearn summary teardown termerror termlog termwarn unwatch use_artifact
use_model util watch
""",
)
NOTHING = ["login", "pin_config_keys", "require", "setup"]
REFUSED = ["agent", "controller", "sweep"]
MISSING = ["EvalTable", "Graph"]

OPTIONS = {
    artnb.init: """
        entity project dir id name notes tags config config_exclude_keys config_include_keys
        allow_val_change group job_type mode reinit resume save_code settings
    """,
    artnb.log: "data step commit",
    artnb.save: "glob_str base_path policy glob",
    artnb.restore: "name run_path replace root",
    artnb.finish: "exit_code",
    artnb.alert: "title text level wait_duration",
    artnb.watch: "models criterion log log_freq idx log_graph",
    artnb.unwatch: "models",
    artnb.log_artifact: "artifact_or_path name type aliases tags",
    artnb.use_artifact: "artifact_or_name type aliases use_as",
    artnb.link_artifact: "artifact target_path aliases",
    artnb.log_model: "path name aliases",
    artnb.use_model: "name",
    artnb.link_model: "path registered_model_name name aliases",
    artnb.Run.define_metric: "name step_metric step_sync hidden summary overwrite",
    artnb.Run.log_code: "root name include_fn exclude_fn",
    artnb.Run.upsert_artifact: "artifact_or_path name type aliases distributed_id",
    artnb.Run.finish_artifact: "artifact_or_path name type aliases distributed_id",
    artnb.Artifact: "name type description metadata incremental use_as",
    artnb.Artifact.add_file: "local_path name is_tmp skip_cache policy overwrite",
    artnb.Artifact.add_dir: "local_path name skip_cache policy merge",
    artnb.Artifact.add_reference: "uri name checksum max_objects",
    artnb.Artifact.new_file: "name mode encoding policy",
    artnb.Artifact.download: "root allow_missing_references skip_cache path_prefix",
    artnb.Artifact.link: "target_path aliases",
    artnb.Artifact.delete: "delete_aliases",
    artnb.Table: "columns data rows dataframe dtype optional allow_mixed_types log_mode",
    artnb.Image: "data_or_path mode caption grouping classes boxes masks file_type",
    artnb.Classes: "class_set",
    artnb.JoinedTable: "table1 table2 join_key",
    artnb.box3d: "center size orientation color label score",
    artnb.Object3D.from_point_cloud: "points boxes vectors point_cloud_type",
    artnb.Histogram: "sequence np_histogram num_bins",
    artnb.Audio: "data_or_path sample_rate caption",
    artnb.Video: "data_or_path caption fps format",
    artnb.Html: "data inject data_is_not_path",
    artnb.Api: "overrides timeout api_key",
    artnb.plot.line: "table x y stroke title split_table",
    artnb.plot.scatter: "table x y title split_table",
    artnb.plot.bar: "table label value title split_table",
    artnb.plot.histogram: "table value title split_table",
    artnb.plot.line_series: "xs ys keys title xname split_table",
    artnb.plot.confusion_matrix: "probs y_true preds class_names title split_table",
    artnb.plot.pr_curve: "y_true y_probas labels classes_to_plot interp_size title split_table",
    artnb.plot.roc_curve: "y_true y_probas labels classes_to_plot title split_table",
    artnb.plot_table: "vega_spec_name data_table fields string_fields split_table",
    PublicRun.history: "samples keys x_axis pandas stream",
    PublicRun.scan_history: "keys page_size min_step max_step",
    PublicRun.files: "names pattern per_page",
    PublicRun.delete: "delete_artifacts",
    PublicRun.beta_scan_history: "keys page_size min_step max_step use_cache",
    PublicRun.console_logs: "per_page last",
    Runs.histories: "samples keys x_axis format stream",
    artnb.Run.to_html: "height hidden",
    artnb.Run.display: "height hidden",
    artnb.Run.write_logs: "text",
    artnb.Run.pin_config_keys: "keys",
    artnb.Table.cast: "col_name dtype optional",
    artnb.Table.set_fk: "col_name table table_col",
    artnb.Api.artifact_versions: "type_name name per_page",
    artnb.Api.artifact_collections: "project_name type_name order per_page",
    artnb.Api.runs: "path filters order per_page include_sweeps lazy",
    artnb.Api.create_project: "name entity",
    artnb.Api.registry: "name organization",
    RunFile.download: "root replace exist_ok",
}
METHODS = {
    artnb.Run: """
        alert config_static define_metric dir disabled display entity finish
        finish_artifact get_url group id job_type link_artifact link_model log log_artifact
        log_code log_model mark_preempting name notes offline path pin_config_keys project
        project_url restore resumed save settings start_time starting_step status step sweep_id
        sweep_url sync_dir tags to_html unwatch upsert_artifact url use_artifact use_model watch
        write_logs
    """,
    artnb.Artifact: """
        add add_dir add_file add_reference aliases ancestors checkout collection commit_hash
        created_at delete description digest digest_algorithm distributed_id download entity file
        file_count files finalize get get_added_local_path_name get_entry get_path history_step id
        incremental is_draft is_link json_encode link linked_artifacts linked_at logged_by manifest
        metadata name new_draft new_file project qualified_name remove save size source_artifact
        source_collection source_entity source_name source_project source_qualified_name
        source_version state tags ttl type unlink updated_at url use_as used_by verify version wait
    """,
    artnb.Table: """
        MAX_ARTIFACT_ROWS MAX_ROWS add_column add_computed_columns add_data add_row cast
        get_column get_dataframe get_index iterrows set_fk set_pk to_data_array
    """,
    artnb.Api: """
        api_key artifact artifact_collection artifact_collection_exists artifact_collections
        artifact_exists artifact_type artifact_types artifact_versions artifacts automation
        automations create_automation create_custom_chart create_project create_registry
        create_run create_run_queue create_team create_user default_entity delete_automation flush
        from_path integrations job list_jobs organization project projects queued_run registries
        registry reports run run_queue runs settings slack_integrations sweep sync_tensorboard
        team update_automation upsert_run_queue user user_agent users viewer webhook_integrations
    """,
    PublicRun: """
        beta_scan_history config console_logs create delete display download_history_exports
        entity file files history history_keys json_config lastHistoryStep load load_full_data
        log_artifact logged_artifacts metadata path rawconfig read_only save scan_history stop
        storage_id summary summary_metrics sweep sweep_name system_metrics to_html update
        update_state upload_file url use_artifact used_artifacts user username wait_until_finished
    """,
    Runs: "cursor histories last_response more next upgrade_to_full",
    RunFile: "delete direct_url display download md5 mimetype path_uri to_html url",
    ArtifactEntry: "digest download name parent_artifact path ref ref_target ref_url size",
    Project: "artifacts_types collections display id owner path sweeps to_html url",
    ArtifactType: "collection collections id",
    ArtifactCollection: """
        aliases artifacts change_type created_at delete description entity id is_sequence load
        save tags updated_at
    """,
}
"""All that is public in W&B's classes but for what its pagers and its messages need inside."""

ADVISED = {RunFile: "File", ArtifactEntry: "Entry"}


def named(row):
    """Return the names of a row of README's table."""
    line = next(line for line in README.splitlines() if line.startswith(f"| {row} |"))
    return set(re.findall(r"`(\w+)`", line.partition(f"| {row} |")[2]))


@pytest.mark.parametrize(
    ("row", "names"),
    [("work", WORK), ("do nothing", NOTHING), ("are refused", REFUSED), ("are missing", MISSING)],
)
def test_readme_says_the_same(row, names):
    assert named(row) == set(names)


def test_what_works_is_there_and_what_is_missing_is_not():
    shown = dir(artnb)
    for name in (*WORK, *NOTHING, *REFUSED):
        assert name in shown
        getattr(artnb, name)
    for name in MISSING:
        assert name not in shown
        with pytest.raises(AttributeError, match=name):
            getattr(artnb, name)


@pytest.mark.parametrize("name", ["keras", "xgboost"])
def test_callbacks_of_other_libraries_are_said_to_be_missing(name):
    with pytest.raises(AttributeError, match=rf"no callbacks for {name}: .* artnb\.log"):
        getattr(artnb, name)
    assert not hasattr(artnb, name)


def test_an_import_of_them_says_so_too():
    with pytest.raises(ImportError, match=r"no callbacks .* artnb\.log"):
        import_module("artnb.integration.keras")


@pytest.mark.parametrize("name", NOTHING)
def test_what_does_nothing_takes_whatever_it_is_given(name):
    getattr(artnb, name)("key", anonymous="allow")
    assert artnb.run is None
    assert artnb.Api().projects() == []


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_says_so(name):
    with pytest.raises(UsageError, match="artnb has no sweeps"):
        getattr(artnb, name)("id", function=print)


@pytest.mark.parametrize(
    ("call", "options"), OPTIONS.items(), ids=lambda each: getattr(each, "__qualname__", "names")
)
def test_calls_take_wandbs_options_in_its_order(call, options):
    parameters = [p for p in inspect.signature(call).parameters.values() if p.name != "self"]
    ours = [p.name for p in parameters]
    assert set(options.split()) <= set(ours)
    places = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    if call not in (artnb.init, artnb.Api):  # W&B begins with an entity, and with overrides
        asked = [name for name in options.split() if name in places]
        assert places[: len(asked)] == asked


@pytest.mark.parametrize(
    ("what", "names"), METHODS.items(), ids=lambda each: getattr(each, "__qualname__", "names")
)
def test_what_they_return_has_wandbs_methods_or_says_what_to_do_instead(what, names):
    advised = _WHY.get(ADVISED.get(what, what.__name__), {})
    assert [n for n in names.split() if not hasattr(what, n) and n not in advised] == []
    assert [n for n in advised if n not in names.split()] == []
    assert [n for n in advised if hasattr(what, n)] == []
