// The pictures of a distribution, of a run and of a place.
import uPlot from 'uplot';
import type { Bin, File, Rank } from './contract';
import { Figure } from './figure';
import { colour, faint, Plot } from './plot';
import { count, fixed, ms, plural, words } from './text';

interface Shown {
  answered: number;
  why?: string | undefined; // there is nothing
}

/** Counts have no halves. */
const whole = [1, 2, 5].flatMap((v) => Array.from({ length: 10 }, (_, k) => v * 10 ** k)).toSorted((a, b) => a - b);

/** A histogram: how many pings took how long. */
export function Distribution({ bins, answered, why, of = 'pings' }: Shown & { bins: Bin[]; of?: string }) {
  const beyond = bins.at(-1);
  const open =
    beyond !== undefined &&
    bins.length > 1 &&
    beyond.hi - beyond.lo > 1.5 * ((bins[0]?.hi ?? 0) - (bins[0]?.lo ?? 0));
  const rest = open ? `; ${count(beyond.n)} of them above ${ms(beyond.lo)} ms, up to ${ms(beyond.hi)} ms` : '';
  const drawn = open ? bins.slice(0, -1) : bins;
  const data: uPlot.AlignedData = [drawn.map((b) => (b.lo + b.hi) / 2), drawn.map((b) => b.n)];
  return (
    <Figure
      title="Distribution"
      nothing={bins.length === 0 ? (why ?? 'no answer came') : undefined}
      says={`${plural(answered, 'answer')} in time${rest}.`}
      table={{ head: ['from ms', 'to ms', of], lines: bins.map((b) => [ms(b.lo), ms(b.hi), count(b.n)]) }}
    >
      <Plot
        label={words(of === 'turns', 'histogram of the round trip')}
        data={data}
        options={() => ({
          legend: { show: false },
          scales: { x: { time: false } },
          cursor: { y: false },
          axes: [
            { label: words(of === 'turns', 'round trip, ms') },
            { label: of, size: 60, incrs: whole },
          ],
          series: [
            {},
            {
              label: of,
              fill: faint('accent', 0.7),
              stroke: colour('accent'),
              points: { show: false },
              paths: uPlot.paths.bars?.({ size: [0.95, 60] }) as uPlot.Series.PathBuilder,
            },
          ],
        })}
      />
    </Figure>
  );
}

const edge = { stroke: 'transparent', points: { show: false } };
const levels = [0, 0.5, 0.9, 0.95, 0.99, 0.999, 0.9999];
const depth = (q: number) => -Math.log10(1 - q);

const level = (d: number) => `${+(100 * (1 - 10 ** -d)).toFixed(2)}`;

/** The levels up to most whose names have room beside each other, where a factor of ten has so many pixels. */
const named = (most: number, pixels: number) =>
  levels.map(depth).reduce<number[]>((list, d) => {
    const last = list.at(-1);
    const meet = last !== undefined && (d - last) * pixels < 3.5 * (level(last) + level(d)).length + 5;
    return d > most + 0.001 || meet ? list : [...list, d];
  }, []);

/** The curve of percentiles, on an axis on which each step is ten times as rare. */
export function Percentiles({ curve, answered, why, of = 'pings' }: Shown & { curve: Rank[]; of?: string }) {
  const data: uPlot.AlignedData = [
    curve.map((r) => depth(r.q)),
    curve.map((r) => r.lo),
    curve.map((r) => r.hi),
    curve.map((r) => r.ms),
  ];
  return (
    <Figure
      title="Percentiles"
      nothing={
        curve.length > 1
          ? undefined
          : answered > 0
            ? `${plural(answered, 'answer')}, too few for a curve`
            : (why ?? 'no answer came')
      }
      says={
        `Of ${plural(answered, 'answer')} in time. The band is the 95 % interval, if ${of} were independent of each ` +
        'other; where it ends they are too few.'
      }
      table={{
        head: ['percentile', 'ms', '95 % from', 'to'],
        lines: curve.map((r) => [(100 * r.q).toFixed(2), ms(r.ms), ms(r.lo), ms(r.hi)]),
      }}
    >
      <Plot
        label={words(of === 'turns', 'percentiles of the round trip')}
        data={data}
        options={() => ({
          legend: { show: false },
          scales: { x: { time: false } },
          axes: [
            {
              label: 'percentile',
              splits: (u, _, least, most) => named(most, u.over.clientWidth / (most - least)),
              values: (_, at) => at.map(level),
            },
            { label: words(of === 'turns', 'round trip, ms'), size: 60 },
          ],
          bands: [{ series: [2, 1], fill: faint('accent', 0.25) }],
          series: [{}, edge, edge, { label: 'ms', stroke: colour('accent'), width: 2, points: { show: false } }],
        })}
      />
    </Figure>
  );
}

export interface Kind {
  name: string;
  ink: string;
  mark: string; // what it is drawn as: never by its colour alone
  is: (outcome: string) => boolean;
  edge?: boolean;
}

export const kinds: Kind[] = [
  { name: 'answered', ink: 'accent', mark: '●', is: (o) => o === 'answered' },
  { name: 'late', ink: 'warn', mark: '▲', is: (o) => o === 'late', edge: true },
  { name: 'lost', ink: 'bad', mark: '✕', is: (o) => o === 'lost', edge: true },
  { name: 'not sent', ink: 'quiet', mark: '○', is: (o) => o === 'not_sent', edge: true },
];

const ofTurns: Partial<Record<string, string>> = { lost: 'no answer', 'not sent': 'early, or not measurable' };

/** The kinds that are there, with their marks. */
export const Legend = ({ of, turns }: { of: Kind[]; turns: boolean }) => (
  <>
    {of.map((k) => (
      <span class="marks">
        <span class={`mark ${k.ink}`} aria-hidden="true">
          {k.mark}
        </span>{' '}
        {(turns && ofTurns[k.name]) || k.name}
      </span>
    ))}
  </>
);

/** Draws each point of a series as the mark of its kind. */
function marksOf(kind: Kind): uPlot.Series.PathBuilder {
  return (u, series, from, to) => {
    const path = new Path2D();
    const r = (kind.mark === '●' ? 2 : 4) * devicePixelRatio;
    for (let i = from; i <= to; i++) {
      const value = u.data[series]?.[i];
      if (value === null || value === undefined) continue;
      const x = u.valToPos(u.data[0][i] ?? 0, 'x', true);
      const y = u.valToPos(value, 'y', true);
      if (kind.mark === '✕') {
        path.moveTo(x - r, y - r);
        path.lineTo(x + r, y + r);
        path.moveTo(x - r, y + r);
        path.lineTo(x + r, y - r);
      } else if (kind.mark === '▲') {
        path.moveTo(x, y - r);
        path.lineTo(x + r, y + r);
        path.lineTo(x - r, y + r);
        path.closePath();
      } else {
        path.moveTo(x + r, y);
        path.arc(x, y, r, 0, 2 * Math.PI);
      }
    }
    return kind.mark === '○' || kind.mark === '✕' ? { stroke: path } : { stroke: path, fill: path };
  };
}

/** How each kind is drawn, in their order; the lost ones stand at the upper edge. */
export const drawnKinds = (): uPlot.Series[] =>
  kinds.map((k) => ({
    label: k.name,
    stroke: colour(k.ink),
    fill: colour(k.ink),
    width: 1.5,
    paths: marksOf(k),
    points: { show: false },
  }));

/** The scale of times: a little wider than they are, so that no mark is cut off. */
export const apart: uPlot.Scale = {
  time: false,
  range: (_, low, high) => [low - Math.max(0.02, (high - low) / 40), high + Math.max(0.02, (high - low) / 40)],
};

/** The scale of round trips: from nothing, so that nothing looks larger than it is. */
export const fromZero: uPlot.Scale = { range: (_, __, high) => [0, Math.max(0.1, (high || 1) * 1.08)] };

/** Where what has no round trip is marked: above all that have one. */
export const edgeOf = (answered: number[]) => answered.reduce((a, b) => Math.max(a, b), 0.1) * 1.07;

/** Each ping of a run, in the order in which they were due. What has no round trip is marked at the upper edge. */
export function Pings({ file }: { file: File }) {
  const s = file.details.samples;
  const at = s.due_ms.map((d, i) => ((s.sent_ms[i] ?? d) || d) / 1000);
  const top = edgeOf(s.rtt_ms.map((v, i) => (s.outcome[i] === 'answered' ? (v ?? 0) : 0)));
  const rows = kinds.map((k) => s.outcome.map((o, i) => (k.is(o) ? (k.edge ? top : (s.rtt_ms[i] ?? top)) : null)));
  const present = kinds.filter((_, i) => rows[i]?.some((v) => v !== null));
  const turns = file.details.turns !== null && file.details.turns !== undefined;
  const what = words(turns, 'round trip, ms');
  const edges = present.some((k) => k.edge);
  return (
    <Figure
      title={turns ? 'Every turn' : 'Every ping'}
      nothing={s.seq.length === 0 ? 'the file has no samples' : undefined}
      says={
        <>
          Seconds after the start. <Legend of={present} turns={turns} />
          {edges && <span class="key none">(what was not answered in time stands at the upper edge)</span>}
        </>
      }
      table={{
        head: [
          turns ? 'turn' : 'ping',
          'due s',
          'outcome',
          'why',
          turns ? 'latency ms' : 'round trip ms',
          'up ms (raw)',
          'echo held ms',
        ],
        lines: s.seq.map((n, i) => [
          String(n),
          fixed((s.due_ms[i] ?? 0) / 1000, 3),
          s.outcome[i] ?? '',
          s.reason?.[i] ?? '',
          ms(s.rtt_ms[i]),
          ms(s.up_raw_ms[i]),
          ms(s.hold_ms[i]),
        ]),
      }}
    >
      <Plot
        label={words(turns, 'round trip of every ping over the run')}
        data={[at, ...rows] as uPlot.AlignedData}
        options={() => ({
          legend: { show: false },
          scales: { x: apart, y: fromZero },
          axes: [{ label: 'seconds' }, { label: what, size: 60 }],
          series: [{}, ...drawnKinds()],
        })}
      />
    </Figure>
  );
}
