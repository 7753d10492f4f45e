// A place over time: quantile bands as smoke, latency against time as a heat map, verdicts as a strip.
import type uPlot from 'uplot';
import type { Series, SeriesList, Sum } from './contract';
import { Figure, type Table } from './figure';
import { colour, faint, Plot, timeAxes } from './plot';
import { count, marks, moment, ms, ofTurns, percent, plural, range, tick, utc, words } from './text';

interface Props {
  list: SeriesList;
  of: Series;
}

/** When each part begins, in Unix seconds. */
const begins = (l: SeriesList, n: number) =>
  Array.from({ length: n }, (_, i) => l.since + (i * (l.until - l.since)) / n);

function table(list: SeriesList, of: Series): Table {
  const at = begins(list, of.parts.length);
  const pings = words(ofTurns(of), 'pings');
  return {
    head: [
      'from',
      'UTC',
      'runs',
      pings,
      'P5 ms',
      'P25',
      'P50',
      'P75',
      'P90',
      'P95',
      'P99',
      'P50, 95 % interval',
      'P95, 95 % interval',
      'P99, 95 % interval',
      'loss',
      'loss, 95 % interval',
    ],
    lines: of.parts.flatMap((p, i) =>
      p.runs + p.runs_left_out === 0
        ? []
        : [
            [
              moment(at[i] ?? 0),
              utc(at[i] ?? 0),
              p.runs_left_out > 0 ? `${count(p.runs)} (${count(p.runs_left_out)} invalid left out)` : count(p.runs),
              count(p.answered + p.failed),
              ...p.p.map(ms),
              ...[p.p50_ci95, p.p95_ci95, p.p99_ci95].map((ci) => range(ci, ms)),
              percent(p.packet_loss_rate),
              range(p.packet_loss_ci95, percent),
            ],
          ],
    ),
  };
}

interface Column {
  p: Sum;
  from: number;
  to: number;
}

/**
 * The parts that have runs, each as wide as runs are usually apart: where they are rarer than the parts are short, no
 * gap is seen that is none. A longer time without runs stays one.
 */
function columns(list: SeriesList, of: Series): Column[] {
  const length = (list.until - list.since) / of.parts.length;
  const at = begins(list, of.parts.length);
  const filled = of.parts.flatMap((p, i) => (p.runs + p.runs_left_out > 0 ? [i] : []));
  const apart = filled
    .slice(1)
    .map((n, i) => n - (filled[i] ?? 0))
    .toSorted((a, b) => a - b);
  const usual = apart[Math.floor(0.8 * apart.length)] ?? 1;
  return filled.flatMap((n, i) => {
    const p = of.parts[n];
    const wide = Math.min(usual, (filled[i + 1] ?? of.parts.length) - n);
    return p ? [{ p, from: at[n] ?? 0, to: (at[n] ?? 0) + length * wide }] : [];
  });
}

type Draws = (on: CanvasRenderingContext2D, c: Column, left: number, wide: number, y: (v: number) => number) => void;

/** What draw draws of each column of a plot. */
const paths =
  (all: Column[], draw: Draws): uPlot.Series.PathBuilder =>
  (u) => {
    u.ctx.save();
    for (const c of all) {
      const [left, right] = [u.valToPos(c.from, 'x', true), u.valToPos(c.to, 'x', true)];
      draw(u.ctx, c, left, right - left, (v) => u.valToPos(v, 'y', true));
    }
    u.ctx.restore();
    return null;
  };

/** What is said of the column at a moment. */
const tellsOf = (all: Column[], words: (p: Sum) => string) => (x: number) => {
  const c = all.find((k) => x >= k.from && x < k.to);
  return c ? `${moment(c.from)} (${utc(c.from)}): ${words(c.p)}` : '';
};

const bandsOf = [
  [0, 6, 0.16],
  [1, 5, 0.3],
  [1, 3, 0.5],
] as const; // of quantiles: from, to, and how much is seen

/** Bands of quantiles. A time without runs is a gap. */
export function Smoke({ list, of }: Props) {
  const all = columns(list, of);
  const high = Math.max(0.1, ...all.map((c) => c.p.p[6] ?? 0)) * 1.08;
  const draw: Draws = (on, { p }, left, wide, y) => {
    for (const [lo, hi, part] of bandsOf) {
      const [a, b] = [p.p[lo], p.p[hi]];
      if (a == null || b == null) continue;
      on.fillStyle = faint('accent', part);
      on.fillRect(left, y(b), wide, Math.max(1, y(a) - y(b)));
    }
    const middle = p.p[2];
    if (middle == null) return;
    on.fillStyle = colour('ink');
    on.fillRect(left, y(middle) - devicePixelRatio, wide, 2 * devicePixelRatio);
  };
  const about = (p: Sum) =>
    `P50 ${ms(p.p[2])}, P95 ${ms(p.p[5])}, P99 ${ms(p.p[6])} ms, ${count(p.answered + p.failed)} ` +
    words(ofTurns(of), 'pings');
  return (
    <Figure
      title={ofTurns(of) ? 'Turn latency over time' : 'Round trip over time'}
      nothing={of.not_shown || undefined}
      table={table(list, of)}
      says={
        <>
          <span class="band line">P50</span> <span class="band two">P25 to P75</span>{' '}
          <span class="band one">P25 to P95</span> <span class="band zero">P5 to P99</span>. Where no run was made
          there is a gap.
        </>
      }
    >
      <Plot
        label={words(ofTurns(of), 'quantiles of the round trip over time')}
        height={300}
        data={
          [
            [list.since, list.until],
            [0, high],
          ] as uPlot.AlignedData
        }
        tells={tellsOf(all, about)}
        options={() => ({
          legend: { show: false },
          scales: { y: { range: [0, high] } },
          axes: timeAxes(list.until, { label: words(ofTurns(of), 'round trip, ms'), size: 60 }),
          series: [{}, { paths: paths(all, draw), points: { show: false } }],
        })}
      />
      <Losses list={list} of={of} />
    </Figure>
  );
}

/** The share of lost pings, as bars below the same time. */
function Losses({ list, of }: Props) {
  const worst = Math.max(...of.parts.map((p) => p.packet_loss_rate ?? 0));
  if (worst === 0)
    return (
      <p class="says">
        {ofTurns(of) ? 'Each turn had an answer' : 'No ping was lost'}: 0 of {count(of.total.answered)}
        {of.total.packet_loss_ci95 && ` (95 % interval up to ${percent(of.total.packet_loss_ci95[1])})`}.
      </p>
    );
  const all = columns(list, of);
  const draw: Draws = (on, { p }, left, wide, y) => {
    if (!p.packet_loss_rate) return;
    on.fillStyle = colour('bad');
    on.fillRect(left, y(p.packet_loss_rate), wide, y(0) - y(p.packet_loss_rate));
  };
  const about = (p: Sum) =>
    `${percent(p.packet_loss_rate)}, ${count(p.failed)} of ${count(p.answered + p.failed)} ${words(ofTurns(of), 'lost')}`;
  return (
    <>
      <p class="says">
        {ofTurns(of) ? 'Turns without an answer' : 'Lost pings'}: {percent(of.total.packet_loss_rate)} of all, up to{' '}
        {percent(worst)} at one time.
      </p>
      <Plot
        label="loss over time"
        height={90}
        data={
          [
            [list.since, list.until],
            [0, worst],
          ] as uPlot.AlignedData
        }
        tells={tellsOf(all, about)}
        options={() => ({
          legend: { show: false },
          scales: { y: { range: [0, worst * 1.1] } },
          axes: [
            { show: false },
            {
              label: words(ofTurns(of), 'lost'),
              size: 60,
              space: 24,
              values: (_, at) => at.map((v) => `${tick(+(100 * v).toPrecision(3))}\u00a0%`),
            },
          ],
          series: [{}, { paths: paths(all, draw), points: { show: false } }],
        })}
      />
    </>
  );
}

const order = ['invalid', 'doubtful', 'unjudged', 'valid'];
/** How high a verdict stands in its strip: the worse the higher, for whoever does not see the colours. */
const heights: Partial<Record<string, number>> = { invalid: 1, doubtful: 0.8, unjudged: 0.65, valid: 0.5 };
const inks: Partial<Record<string, string>> = { invalid: 'bad', doubtful: 'warn', unjudged: 'quiet', valid: 'good' };

/** What the runs of each part were judged, the worst of them first. */
export function Verdicts({ list, of }: Props) {
  const at = begins(list, of.parts.length);
  const worst = (p: Sum) => order.find((v) => (p.verdicts[v] ?? 0) > 0);
  const tally = (p: Sum) =>
    order
      .filter((v) => (p.verdicts[v] ?? 0) > 0)
      .map((v) => `${marks[v]} ${plural(p.verdicts[v] ?? 0, 'run')} ${v}`)
      .join(', ');
  const all = columns(list, of);
  const draw: Draws = (on, { p }, left, wide, y) => {
    const v = worst(p);
    if (!v) return;
    on.fillStyle = colour(inks[v] ?? 'quiet');
    const top = y(heights[v] ?? 1);
    on.fillRect(left, top, Math.max(1, wide - devicePixelRatio), y(0) - top);
    if (wide < 10 * devicePixelRatio) return;
    on.fillStyle = colour('paper');
    on.font = `${Math.round(11 * devicePixelRatio)}px system-ui, sans-serif`;
    on.textAlign = 'center';
    on.textBaseline = 'middle';
    on.fillText(marks[v] ?? '', left + wide / 2, (y(0) + top) / 2);
  };
  return (
    <Figure
      title="Can they be trusted?"
      says={`${tally(of.total)}. Each part shows the worst of its runs, the worse the higher.`}
      table={{
        head: ['from', 'UTC', ...order],
        lines: of.parts.flatMap((p, i) =>
          worst(p) ? [[moment(at[i] ?? 0), utc(at[i] ?? 0), ...order.map((v) => count(p.verdicts[v] ?? 0))]] : [],
        ),
      }}
    >
      <Plot
        label="verdicts over time"
        height={90}
        data={
          [
            [list.since, list.until],
            [0, 1],
          ] as uPlot.AlignedData
        }
        tells={tellsOf(all, tally)}
        options={() => ({
          legend: { show: false },
          scales: { y: { range: [0, 1] } },
          axes: timeAxes(list.until, { size: 78, values: () => [], grid: { show: false } })
            .slice(0, 2)
            .map((a) => ({ ...a, label: '', labelSize: 0, ticks: { show: false } })),
          series: [{}, { paths: paths(all, draw), points: { show: false } }],
        })}
      />
    </Figure>
  );
}

/** Some round values of a logarithmic scale: of each factor of ten the more, the fewer there are. */
function round(low: number, high: number): number[] {
  const wide = Math.log10(high / low);
  const few = wide > 2.5 ? [1] : wide > 1.2 ? [1, 3] : [1, 2, 3, 5];
  const each = wide > 0.6 ? few : [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8];
  const first = Math.floor(Math.log10(low));
  return Array.from({ length: Math.ceil(wide) + 2 }, (_, k) => each.map((v) => v * 10 ** (first + k)))
    .flat()
    .filter((v) => v >= low && v <= high);
}

/** How many pings took how long, when. The darker the more, on white; the lighter the more, on black. */
export function Heat({ list, of }: Props) {
  const at = begins(list, of.parts.length);
  const steps = of.parts.flatMap((p) => p.heat.map((h) => h[0] ?? 0));
  const from = (step: number) => 10 ** (step / 16);
  const [low, high] = [from(Math.min(...steps)), from(Math.max(...steps) + 1)];
  const all = columns(list, of);
  const draw: Draws = (on, { p }, left, wide, y) => {
    const most = Math.max(1, ...p.heat.map((h) => h[1] ?? 0));
    for (const [step = 0, n = 0] of p.heat) {
      on.fillStyle = faint('heat', 0.12 + 0.88 * Math.sqrt(n / most));
      on.fillRect(left, y(from(step + 1)), wide, y(from(step)) - y(from(step + 1)));
    }
  };
  const about = (p: Sum) => `${count(p.answered)} answered, from ${ms(p.p[0])} (P5) to ${ms(p.p[6])} ms (P99)`;
  return (
    <Figure
      title={words(ofTurns(of), 'Where the pings lie')}
      nothing={of.not_shown || undefined}
      says={words(
        ofTurns(of),
        'On a logarithmic scale; within each part of the time, the stronger the more pings.',
      )}
      table={{
        head: ['from', 'UTC', 'latency from ms', 'to ms', words(ofTurns(of), 'pings')],
        lines: of.parts.flatMap((p, i) =>
          p.heat.map(([step = 0, n = 0]) => [
            moment(at[i] ?? 0),
            utc(at[i] ?? 0),
            ms(from(step)),
            ms(from(step + 1)),
            count(n),
          ]),
        ),
      }}
    >
      <Plot
        label="heat map of latency against time"
        height={280}
        tells={tellsOf(all, about)}
        data={
          [
            [list.since, list.until],
            [low, high],
          ] as uPlot.AlignedData
        }
        options={() => ({
          legend: { show: false },
          scales: { y: { distr: 3, range: [low, high] } },
          axes: timeAxes(list.until, {
            label: words(ofTurns(of), 'round trip, ms'),
            size: 60,
            splits: () => round(low, high),
            values: (_, ticks) => ticks.map((v) => (v === null ? '' : tick(+v.toPrecision(3)))),
          }),
          series: [{}, { paths: paths(all, draw), points: { show: false } }],
        })}
      />
    </Figure>
  );
}
