#!/usr/bin/env python3
"""Writes samples.json: 20 samples and what numpy and scipy say of them.

    pip install numpy==2.2.6 scipy==1.15.3 && python3 internal/stats/testdata/make.py

Durations are integers, in nanoseconds. The figures are floats of the same unit.
"""
import json, pathlib
import numpy as np
from scipy import stats

rng = np.random.default_rng(20261123)
makers = {
    "constant": lambda n: np.full(n, 42_000_000.0),
    "lognormal": lambda n: rng.lognormal(17.5, 0.4, n),
    "exponential": lambda n: 20e6 + rng.exponential(5e6, n),
    "bimodal": lambda n: np.where(rng.random(n) < 0.8, rng.normal(30e6, 1e6, n), rng.normal(90e6, 3e6, n)),
    "heavy": lambda n: 10e6 + rng.pareto(1.5, n) * 1e6,
}
plan = [("constant", 10), ("lognormal", 1), ("lognormal", 2), ("exponential", 5), ("lognormal", 6), ("heavy", 7),
        ("exponential", 20), ("bimodal", 50), ("lognormal", 71), ("lognormal", 72), ("heavy", 100), ("exponential", 100),
        ("bimodal", 200), ("lognormal", 299), ("heavy", 367), ("exponential", 368), ("lognormal", 600), ("bimodal", 600),
        ("heavy", 1000), ("exponential", 1000)]


def ranks(n, q):
    """Two-sided, equal-tail 95 % interval of the q quantile by order statistics."""
    k = np.arange(-1, n + 1)
    cdf = stats.binom.cdf(k, n, q)
    lo = int(k[cdf <= 0.025].max()) + 1
    hi = int(k[cdf >= 0.975].min()) + 1
    return [lo, hi] if lo >= 1 and hi <= n else None


def rfc3550(x):
    j = 0.0
    for d in np.abs(np.diff(x)):
        j += (d - j) / 16
    return float(j)


out = []
for i, (name, n) in enumerate(plan):
    x = np.maximum(makers[name](n), 1000).astype(np.int64)
    lost = int(rng.integers(0, n + 1)) if i % 3 else 0
    w = stats.binomtest(lost, n).proportion_ci(0.95, method="wilson")
    out.append({
        "name": f"{name}-{n}", "ns": x.tolist(), "lost": lost,
        "mean": float(np.mean(x)), "std": float(np.std(x)),
        "q": {str(q): float(np.quantile(x, q)) for q in (0, 0.5, 0.9, 0.95, 0.99, 0.999, 1)},
        "mean_delta": float(np.mean(np.abs(np.diff(x)))) if n > 1 else None,
        "rfc3550": rfc3550(x) if n > 1 else None,
        "ranks": {str(q): ranks(n, q) for q in (0.5, 0.95, 0.99)},
        "wilson": [float(w.low), float(w.high)],
    })
pathlib.Path(__file__).with_name("samples.json").write_text(
    "[\n" + ",\n".join(json.dumps(o, separators=(",", ":")) for o in out) + "\n]\n")
