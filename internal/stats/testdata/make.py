#!/usr/bin/env python3
"""Writes samples.json: 20 samples and what numpy and scipy say of them; and groups.json: 16 pairs of groups.

    pip install numpy==2.2.6 scipy==1.15.3 && python3 internal/stats/testdata/make.py

Durations are integers, in nanoseconds. The figures are floats of the same unit.
"""
import json, math, pathlib
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


def shift_rank(n, m):
    """The rank with which the interval of the shift begins: P(U <= k-1) <= 0.025, by enumeration in integers."""
    ways = {(i, 0): [1] for i in range(n + 1)} | {(0, j): [1] for j in range(m + 1)}
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            w = [0] * (i * j + 1)
            for u, c in enumerate(ways[i - 1, j]):
                w[u + j] += c
            for u, c in enumerate(ways[i, j - 1]):
                w[u] += c
            ways[i, j] = w
    total, below, k = math.comb(n + m, n), 0, 0
    for c in ways[n, m]:
        below += c
        if below * 40 > total:
            return k
        k += 1


groups = []
for n, m, shift, step in [(1, 1, 0, 1), (3, 3, 0, 1), (3, 5, 0, 1), (4, 4, 9, 1), (4, 4, 0, 1), (5, 7, 1, 1), (8, 8, 0, 1), (10, 10, 2, 1),
                          (20, 25, 1, 1), (1, 39, 0, 1), (30, 30, 0, 1), (40, 60, 1, 1), (8, 8, 0, 2e6), (20, 20, 1, 1e6), (200, 300, 0, 1), (50, 50, 0, 1e9)]:
    # step > 1 makes ties
    a = ((rng.normal(80e6 + shift * 1e6, 2e6, n) // step) * step).astype(np.int64)
    b = ((rng.normal(80e6, 2e6, m) // step) * step).astype(np.int64)
    exact = len(set(a) | set(b)) == n + m and n * m <= 1000
    t = stats.mannwhitneyu(a, b, alternative="two-sided", method="exact" if exact else "asymptotic")
    d = np.sort(np.subtract.outer(a, b).ravel())
    k = shift_rank(n, m) if n * m <= 1000 else max(0, int(math.floor(n * m / 2 - stats.norm.ppf(0.975) * math.sqrt(n * m * (n + m + 1) / 12))))
    groups.append({
        "a": a.tolist(), "b": b.tolist(), "u": float(t.statistic), "p": None if np.isnan(t.pvalue) else float(t.pvalue),
        "shift": float(np.median(d)), "ci": [int(d[k - 1]), int(d[n * m - k])] if k else None,
    })
pathlib.Path(__file__).with_name("groups.json").write_text(
    "[\n" + ",\n".join(json.dumps(o, separators=(",", ":")) for o in groups) + "\n]\n")
