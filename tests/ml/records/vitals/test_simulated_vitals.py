"""Simulated people: the same seed gives the same files, and their status can be learnt."""

import subprocess
import sys

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from vitals_reading import read

from ml.records.vitals import judge, vitals_table
from scripts.simulate_patients import VITALS_ROWS, simulate_vitals_patients


def test_the_same_seed_gives_the_same_files_and_another_gives_others() -> None:
    first, again, other = (list(simulate_vitals_patients(seed, people=6)) for seed in (1, 1, 2))
    assert first == again
    assert not {one.data for one in first} & {one.data for one in other}


def test_sixty_people_differ_between_and_within_and_their_status_carries_signal() -> None:
    files = list(simulate_vitals_patients(4, people=60))
    traces = [read(file.data, file.zone) for file in files]
    assert {len(trace) for trace in traces} <= set(range(VITALS_ROWS[0], VITALS_ROWS[1] + 1))
    assert min(judge(trace).score for trace in traces) > 0.5
    table, person = vitals_table(traces, [file.name for file in files], target="status")
    pulse = table.column("heart_rate")
    means = np.array([np.nanmean(pulse[person == one]) for one in range(60)])
    within = np.mean([np.nanstd(pulse[person == one]) for one in range(60)])
    assert means.std() > 4 and within > 3
    share = np.bincount(table.column("status").astype(int), minlength=3) / len(table)
    assert (share > 0.005).all() and share[0] > 0.5
    signs = table.values[:, :6]
    signs = np.where(np.isnan(signs), np.nanmean(signs, axis=0), signs)
    signs = (signs - signs.mean(axis=0)) / signs.std(axis=0)
    ill, known = table.column("status") > 0, person % 2 == 0
    model = LogisticRegression().fit(signs[known], ill[known])
    auc = roc_auc_score(ill[~known], model.predict_proba(signs[~known])[:, 1])
    assert 0.8 < auc < 0.995


def test_the_command_writes_as_many_people_as_asked_for(tmp_path) -> None:
    command = [sys.executable, "-m", "scripts.simulate_patients", "--kind", "vitals"]
    done = subprocess.run(
        [*command, "--people", "6", "--out", str(tmp_path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.iterdir())) == 6 == len(done.stdout.splitlines())
