"""The machinery of `kiral reproduce` on a toy paper: a mode that decays as exp(-eta k^2 t), which is known exactly."""

import json
import math
import re
import shutil
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

import kiral.papers
from kiral import citations
from kiral.cli import main
from kiral.core.stop import StopRequest
from kiral.errors import ConfigError
from kiral.papers.claims import Claim, load_claims, verdict
from kiral.papers.context import Context, Measured
from kiral.papers.judge import Log, judge
from kiral.papers.report import pretty
from kiral.papers.reproduce import load_paper, reproduce
from kiral.papers.runs import Interrupted, load_runs, obtain, remove_runs

TOY = Path(__file__).parents[1] / "toy_papers"
EXACT = {"rate": 0.01, "decay": math.exp(-0.2), "fast": math.exp(-0.4), "half": math.exp(-0.2)}
VERDICTS = {
    "rate": "printed", "decay": "corrected", "fast": "printed", "half": "printed", "monotonic": "printed",
    "faster": "corrected", "late": "larger",
}  # fmt: skip


def known(patch, folder):
    """Let kiral find the papers of a folder."""
    patch.setattr(kiral.papers, "__path__", [*kiral.papers.__path__, str(folder)])
    patch.setitem(citations.PAPERS, "mode", "Toy & Co (2025), A <decaying> mode")
    for name in ("kiral.papers.mode", "kiral.papers.mode.values", "kiral.papers.mode.figures"):
        patch.delitem(sys.modules, name, raising=False)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        known(patch, TOY)
        return reproduce("mode", out=tmp_path_factory.mktemp("toy") / "out", progress=False)


@pytest.fixture
def toy(monkeypatch):
    known(monkeypatch, TOY)


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A copy of the toy paper to spoil."""
    folder = shutil.copytree(TOY / "mode", tmp_path / "papers" / "mode")
    known(monkeypatch, tmp_path / "papers")
    monkeypatch.chdir(tmp_path)
    return folder


def claim(**values):
    return Claim.model_validate(
        {"id": "a", "where": "Eq. (1)", "statement": "s", "kind": "number", "printed": "2.50e3", "needs": "theory"} | values
    )


FEW = {"printed": "3e-14", "expected": "3.02e-14", "expected_source": "table"}
FIXED = {"printed": "2500", "corrected": "2600", "derivation": "d"}
FREE = {"tolerance": 0.04, "cause": "noise"}
LIMIT = {"kind": "bound", "relation": "<", "printed": "1"}
WORDS = {"kind": "statement", "printed": "p", "corrected_statement": "c", "derivation": "d"}


@pytest.mark.parametrize(
    ("values", "ours", "expected"),
    [
        ({}, 2505.0, "printed"),
        ({}, 2494.9, "differs"),
        ({}, 2505.1, "differs"),
        ({}, -2500.0, "differs"),
        ({}, math.nan, "differs"),
        ({}, math.inf, "differs"),
        ({"printed": "0.15"}, 0.145, "printed"),
        ({"printed": "0"}, 0.4, "printed"),
        (FIXED, 2500.4, "printed"),
        (FIXED, 2600.4, "corrected"),
        (FIXED, 2550.0, "differs"),
        (FEW, 3.02e-14, "printed"),
        (FEW, 3.3e-14, "differs"),
        (FEW | {"tolerance": 0.02, "cause": "noise"}, 3.07e-14, "printed"),
        (FEW | {"tolerance": 0.02, "cause": "noise"}, 3.09e-14, "differs"),
        (FREE, 2599.0, "printed"),
        (FREE, 2601.0, "differs"),
        (LIMIT, 0.99, "printed"),
        (LIMIT, 1.0, "differs"),
        (LIMIT | {"corrected": "2", "derivation": "d"}, 1.5, "corrected"),
        (LIMIT | {"relation": ">"}, 1.5, "printed"),
        (LIMIT | {"expected": "0.72", "expected_source": "table"}, 0.8, "differs"),
        ({"kind": "statement", "printed": "p"}, True, "printed"),
        ({"kind": "statement", "printed": "p"}, False, "differs"),
        (WORDS, "printed", "printed"),
        (WORDS, "corrected", "corrected"),
        (WORDS, "neither", "differs"),
        ({"needs": "laptop"}, 2500.0, "larger"),
        ({"needs": "ci"}, 2500.0, "printed"),
    ],
)
def test_verdict_is_agreement_within_the_digits(values, ours, expected):
    assert verdict(claim(**values), ours, "ci") == expected


@pytest.mark.parametrize(
    ("values", "ours"), [({}, True), ({}, "2500"), ({"kind": "statement", "printed": "p"}, 1.0), (WORDS, True)]
)
def test_values_of_another_kind_are_refused(values, ours):
    with pytest.raises(TypeError):
        verdict(claim(**values), ours, "ci")


def test_what_a_small_size_cannot_judge_a_larger_one_can():
    found = [verdict(claim(needs="laptop"), 2500.0, size) for size in ("ci", "laptop", "paper")]
    assert found == ["larger", "printed", "printed"]


def test_toy_paper_is_judged_as_its_exact_solution_says(finished):
    assert {result.claim.id: result.verdict for result in finished.results} == VERDICTS
    ours = {result.claim.id: result.ours for result in finished.results}
    assert {name: ours[name] for name in EXACT} == pytest.approx(EXACT, rel=1e-6)
    found = {result.claim.id: result for result in finished.results}
    assert found["decay"].difference == pytest.approx(math.exp(-0.2) / 0.8187 - 1, abs=1e-6)
    assert found["fast"].difference == pytest.approx(math.exp(-0.4) / 0.7 - 1, abs=1e-6)
    assert found["decay"].runs == found["half"].runs == ("slow",), "also where the value came from the cache"
    assert found["faster"].runs == ("fast", "slow")
    assert found["rate"].runs == ()
    assert set(finished.runs) == {"slow", "fast"}
    assert [bool(figure.png) for figure in finished.figures] == [True, False]


def test_a_tenth_more_flips_every_number(finished):
    numbers = [result for result in finished.results if result.claim.kind == "number" and result.ours is not None]
    assert {verdict(result.claim, 1.1 * result.ours, "ci") for result in numbers} == {"differs"}


def test_verdicts_json_holds_every_row(finished):
    stored = json.loads((finished.folder / "verdicts.json").read_text())
    assert {row["id"]: row["verdict"] for row in stored["claims"]} == VERDICTS
    row = next(row for row in stored["claims"] if row["id"] == "decay")
    assert row["printed"] == "0.67"
    assert row["ours"] == pytest.approx(math.exp(-0.2), rel=1e-6)
    assert row["reason"] == row["derivation"]
    assert (finished.folder / row["runs"]["slow"] / "config.json").is_file()
    assert stored["runs"]["slow"]["config_hash"].startswith(row["runs"]["slow"][-8:])
    assert (finished.folder / stored["figures"][0]["file"]).read_bytes() == finished.figures[0].png


class Page(HTMLParser):
    """Elements of a page: what it would load, its anchors and its links."""

    def __init__(self, text):
        super().__init__()
        self.loaded, self.anchors, self.links, self.open, self.text = [], set(), [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.loaded += [attrs[name] for name in ("src", "srcset", "data") if name in attrs] + ["script"] * (tag == "script")
        self.anchors |= {attrs.get("id")}
        self.links += [attrs["href"]] if "href" in attrs else []
        if tag not in ("meta", "img", "col"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_page_is_whole_static_and_says_everything(finished):
    text = finished.report.read_text()
    page = Page(text)
    assert page.open == []
    assert [start[:22] for start in page.loaded] == ["data:image/png;base64,"]
    assert "@import" not in text and "url(" not in text
    for link in page.links:
        assert link[1:] in page.anchors if link[0] == "#" else (finished.folder / link).is_dir(), link
    assert {f"claim-{name}" for name in VERDICTS} <= page.anchors
    for shown in ("A <decaying> mode", "0.8187", "exp(-0.2), not exp(-0.4)", "1.00×10⁻²", "needs the size 'paper'",
                  "kiral reproduce mode --size ci", "runs/slow-", "twice the diffusivity", "16, 1, 1",
                  "Half the points."):  # fmt: skip
        assert shown in page.text, shown
    counts = re.findall(r"(\d+)[✓≠…✗]", page.text)[:4]
    assert counts == ["4", "2", "1", "0"]


def test_numbers_keep_the_printed_digits():
    assert [pretty(text) for text in ("1.060e-18", "2.50", "-3E+04")] == ["1.060×10⁻¹⁸", "2.50", "−3×10⁴"]


# --- values that fail ------------------------------------------------------------------------------------------------


@pytest.fixture
def context(finished, toy):
    return Context(load_runs("mode", "ci"), finished.folder / "runs", progress=False)


def judged(context, tmp_path, function, **values):
    from kiral.core.progress import Reporter

    return judge(claim(**values), function, context, Log(tmp_path / "log.txt", Reporter()))


@pytest.mark.parametrize(
    ("needs", "function", "said"),
    [
        ("theory", lambda context: 1 / 0, ["ZeroDivisionError", "test_papers.py"]),
        ("theory", lambda context: context.run("slow") and 2500.0, ["uses the run slow", "name the size"]),
        ("theory", lambda context: Measured(2500.0, runs=("fast",)), ["uses the run fast"]),
        ("theory", lambda context: context.cached("x", lambda: context.run("slow")) and 2500.0, ["uses the run slow"]),
        ("ci", lambda context: 2500.0, ["uses no run", "theory"]),
        ("ci", lambda context: context.run("slo"), ["no run 'slo'", "did you mean 'slow'"]),
        ("ci", lambda context: context.run("long"), ["no run 'long'", "slow, fast"]),
        ("theory", lambda context: None, ["TypeError"]),
        ("theory", lambda context: math.nan, ["nan"]),
    ],
)
def test_a_value_that_fails_differs_and_says_why(context, tmp_path, needs, function, said):
    result = judged(context, tmp_path, function, needs=needs)
    assert result.verdict == "differs"
    assert all(part in result.reason for part in said), result.reason
    if "nan" not in said:
        assert "Traceback" in (tmp_path / "log.txt").read_text()


def test_figures_and_claims_that_fail_stop_nothing(finished, files, tmp_path, capsys):
    shutil.copytree(finished.folder, tmp_path / "out" / "ci")
    text = (files / "figures.py").read_text().replace('FIGURES = {"fig1": decay', 'FIGURES = {"fig1": lambda context: 1 / 0')
    (files / "figures.py").write_text(text)
    text = (files / "values.py").read_text().replace('"rate": rate', '"rate": lambda context: nowhere')
    (files / "values.py").write_text(text)
    assert main(["reproduce", "mode", "--out", "out"]) == 1
    out, err = capsys.readouterr()
    assert "differs: rate (Eq. (1)): could not be computed: NameError" in out
    assert "figure fig1 could not be drawn: ZeroDivisionError" in out
    assert "Traceback" not in out + err
    stored = json.loads(Path("out/ci/verdicts.json").read_text())
    assert stored["counts"] == {"printed": 3, "corrected": 2, "larger": 1, "differs": 1}
    assert "could not be drawn" in Path("out/ci/report.html").read_text()


# --- runs: reused, resumed, deleted ----------------------------------------------------------------------------------


def test_finished_runs_are_read_not_repeated(finished, toy, tmp_path, monkeypatch):
    monkeypatch.setattr("kiral.api.run_loaded", None)
    shutil.copytree(finished.folder, tmp_path / "ci")
    again = reproduce("mode", out=tmp_path, progress=False)
    assert [result.ours for result in again.results] == [result.ours for result in finished.results]


def test_interrupted_run_goes_on_and_ends_with_the_same_bits(finished, toy, tmp_path, monkeypatch):
    run = load_runs("mode", "ci").runs["slow"]
    with monkeypatch.context() as patch:
        patch.setattr(StopRequest, "reason", lambda self, reserve: "SIGINT")
        with pytest.raises(Interrupted, match="same command goes on"):
            obtain(run, tmp_path, progress=False)
    assert 0 < len(kiral.open_run(tmp_path / run.folder).provenance["sessions"]) < 2
    whole, resumed = finished.runs["slow"], obtain(run, tmp_path, progress=False)
    assert resumed.status["status"] == "finished"
    assert len(resumed.provenance["sessions"]) == 2
    assert resumed.series.b_rms.identical(whole.series.b_rms)


def test_a_changed_case_is_another_run(files):
    before = load_runs("mode", "ci").runs["slow"].folder
    assert load_runs("mode", "paper").runs["slow"].folder != before
    (files / "case.toml").write_text((files / "case.toml").read_text().replace("t_end = 20.0", "t_end = 19.0"))
    assert load_runs("mode", "ci").runs["slow"].folder != before


def test_overrides_apply_in_order(toy):
    runs = load_runs("mode", "paper").runs
    assert runs["fast"].case.config.time.t_end == 40
    assert runs["fast"].case.config.model.magnetic_diffusivity == 2e-2
    assert runs["slow"].case.config.model.magnetic_diffusivity == 1e-2
    assert load_runs("mode", "ci").runs["fast"].case.config.geometry.n == (8, 1, 1)
    assert set(load_runs("mode", "ci").runs) == {"slow", "fast"}


def test_fresh_deletes_nothing_but_runs(finished, tmp_path):
    runs = shutil.copytree(finished.folder / "runs", tmp_path / "runs")
    names = {path.name for path in runs.iterdir()}
    (runs / "mine").mkdir()
    (runs / "slow-00000000").mkdir()
    (runs / "slow-00000000" / "config.json").write_text("{}")
    (runs / "notes.txt").write_text("keep")
    assert {path.name for path in remove_runs(runs)} == names
    assert {path.name for path in runs.iterdir()} == {"mine", "slow-00000000", "notes.txt"}


# --- mistakes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('printed = "0.67"', 'printed = "0.6x"', ["claim 'decay'", "printed", "decimal number", "0.6x"]),
        ('printed = "0.67"', "printed = 0.67", ["claim 'decay'", "printed", "text in quotes"]),
        ('id = "rate"', 'id = "decay"', ["claim 'decay'", "id", "twice"]),
        ('id = "rate"', 'id = "Rate"', ["claim 'Rate'", "id"]),
        ('id = "rate"\n', "", ["claim number 1", "id", "missing"]),
        ('derivation = "the rate', 'cause = "the rate', ["claim 'decay'", "derivation", "missing", "corrected"]),
        ('corrected = "0.8187"\n', "", ["claim 'decay'", "derivation", "stands alone"]),
        ('expected_source = "exp(-0.4)"\n', "", ["claim 'fast'", "expected_source", "missing"]),
        ('unit = "t*^-1"', "tolerance = 0.05", ["claim 'rate'", "cause", "missing"]),
        ('relation = "<"\n', "", ["claim 'half'", "relation", "missing"]),
        ('relation = "<"', 'relation = "="', ["claim 'half'", "relation", "allowed: <, >"]),
        ('kind = "bound"', 'kind = "limit"', ["claim 'half'", "kind", "number, bound, statement"]),
        ('unit = "t*^-1"', 'unitt = "1"', ["claim 'rate'", "unitt", "did you mean 'unit'"]),
        ('value = "decay"', 'value = "decai"', ["claim 'half'", "value", "did you mean 'decay'"]),
        ('figure = "fig2"', 'figure = "fig9"', ["claim 'late'", "figure", "fig9"]),
        ('needs = "paper"', 'needs = "laptops"', ["claim 'late'", "needs", "did you mean 'laptop'"]),
        ("[[claim]]\nid = \"rate\"", '[[claims]]\nid = "rate"', ["[[claim]]", "claims"]),
        ("[[claim]]\nid = \"rate\"", "[[claim]\nid = 1", ["not valid TOML"]),
    ],
)  # fmt: skip
def test_malformed_claims_name_file_claim_and_key(files, old, new, said):
    text = (files / "claims.toml").read_text()
    assert old in text
    (files / "claims.toml").write_text(text.replace(old, new, 1))
    with pytest.raises(ConfigError) as error:
        load_paper("mode", "ci")
    assert all(part in str(error.value) for part in ("claims.toml", *said)), error.value


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[sizes.paper]", "[sizes.papers]", ["sizes.papers", "did you mean 'paper'"]),
        ('["ci", "paper"]', '["ci", "laptop"]', ["runs.slow.sizes", "'laptop'", "ci, paper"]),
        ("set_paper", "set_papers", ["runs.fast.set_papers", "did you mean 'set_paper'"]),
        ('"geometry.n" =', "geometry.n =", ["sizes.ci.geometry", "in quotes"]),
        ('"model.magnetic_diffusivity"', '"model.magnetic_difusivity"', ["runs.fast", "did you mean 'magnetic_diffusivity'"]),
        ('note = "Half the points."', "note = 3", ["sizes.ci.note", "text"]),
        ("[runs.long]", "[run.long]", ["run: unknown table", "did you mean 'runs'"]),
        ("[runs.long]", '[runs."../long"]', ["runs.../long", "letters"]),
    ],
)
def test_malformed_runs_name_file_and_key(files, old, new, said):
    text = (files / "runs.toml").read_text()
    assert old in text
    (files / "runs.toml").write_text(text.replace(old, new, 1))
    with pytest.raises(ConfigError) as error:
        load_runs("mode", "ci")
    assert all(part in str(error.value) for part in ("runs.toml", *said)), error.value


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["mod"], ["no paper 'mod'", "did you mean 'mode'"]),
        (["mode", "--size", "papr"], ["--size 'papr'", "did you mean 'paper'"]),
        (["mode", "--size", "laptop"], ["--size 'laptop'", "ci, paper"]),
        (["../toy_papers/mode"], ["no paper"]),
    ],
)
def test_mistakes_of_the_command_are_one_message(files, capsys, arguments, said):
    assert main(["reproduce", *arguments]) == ConfigError.exit_code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ") and all(part in err for part in said), err
    assert not Path("runs").exists()


def test_papers_are_listed_with_sizes_and_number_of_claims(toy, capsys):
    assert main(["reproduce"]) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if line.split()[:1] == ["mode"])
    assert "ci, paper" in row and row.split()[-1] == str(len(load_claims("mode")))


def test_every_paper_has_its_citation():
    assert set(kiral.papers.paper_names()) == set(citations.PAPERS)
