"""The demo trains one simulated person and prints its own figures."""

import sys

from ml.experiments import singan_demo


def test_the_demo_prints_setting_time_reconstruction_and_fidelity(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["singan_demo", "--iterations", "1", "--days", "10"])
    singan_demo.main()
    printed = capsys.readouterr().out
    assert "setting demo, 15 min, 13 scales of 1 iterations, seed 0" in printed
    assert "trained on 10 days" in printed
    for figure in ("sd_ratio", "tir_difference", "lag1_difference", "reconstruction from z*"):
        assert figure in printed
    assert "later days" in printed
