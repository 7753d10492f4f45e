// A place over time: quantile bands as smoke, latency against time as a heat map, verdicts as a strip.
import { useEffect, useRef } from 'preact/hooks';
import type uPlot from 'uplot';
import type { Series, SeriesList, Sum } from './contract';
import { Figure, type Table } from './figure';
import { colour, faint, Plot, timeAxis } from './plot';
import { count, marks, moment, ms, percent, plural } from './text';

interface Props {
  list: SeriesList;
  of: Series;
}

/** When each part begins, in Unix seconds. */
const begins = (l: SeriesList, n: number) =>
  Array.from({ length: n }, (_, i) => l.since + (i * (l.until - l.since)) / n);

function table(list: SeriesList, of: Series): Table {
  const at = begins(list, of.parts.length);
  return {
    head: ['from', 'runs', 'pings', 'P5 ms', 'P25', 'P50', 'P75', 'P90', 'P95', 'P99', 'loss'],
    lines: of.parts.flatMap((p, i) =>
      p.runs + p.runs_left_out === 0
        ? []
        : [
            [
              moment(at[i] ?? 0),
              p.runs_left_out > 0 ? `${p.runs} (${p.runs_left_out} invalid left out)` : String(p.runs),
              count(p.answered + p.failed),
              ...p.p.map(ms),
              percent(p.packet_loss_rate),
            ],
          ],
    ),
  };
}

/** Bands of quantiles. A time without runs is a gap. */
export function Smoke({ list, of }: Props) {
  const half = (list.until - list.since) / of.parts.length / 2;
  const at = begins(list, of.parts.length).map((t) => t + half);
  const column = (i: number) => of.parts.map((p) => p.p[i] ?? null);
  const data = [at, column(0), column(6), column(1), column(5), column(3), column(2)] as uPlot.AlignedData;
  return (
    <Figure
      title="Round trip over time"
      nothing={of.not_shown || undefined}
      table={table(list, of)}
      says={
        <>
          The line is P50; <span class="band two">P25 to P75</span> <span class="band one">P25 to P95</span>{' '}
          <span class="band zero">P5 to P99</span>. Where no run was made there is a gap.
        </>
      }
    >
      <Plot
        label="quantiles of round trip times over time"
        data={data}
        options={() => ({
          legend: { show: false },
          axes: [timeAxis, { label: 'round trip, ms', size: 60 }],
          bands: [
            { series: [2, 1], fill: faint('accent', 0.14) },
            { series: [4, 3], fill: faint('accent', 0.2) },
            { series: [5, 3], fill: faint('accent', 0.3) },
          ],
          series: [
            {},
            ...[1, 2, 3, 4, 5].map(() => ({
              stroke: 'transparent',
              points: { show: true, size: 2, stroke: faint('accent', 0.4) },
            })),
            { stroke: colour('accent'), width: 2, points: { show: true, size: 5, fill: colour('accent') } },
          ],
        })}
      />
      <Losses list={list} of={of} />
    </Figure>
  );
}

/** The share of lost pings, as bars with their figure where there is loss. */
function Losses({ of }: Props) {
  const worst = Math.max(...of.parts.map((p) => p.packet_loss_rate ?? 0));
  if (worst === 0)
    return (
      <p class="says">
        No ping was lost: 0 of {count(of.total.answered)}
        {of.total.packet_loss_ci95 && ` (95 % interval up to ${percent(of.total.packet_loss_ci95[1])})`}.
      </p>
    );
  return (
    <>
      <p class="says">Loss, up to {percent(worst)}:</p>
      <Strip parts={of.parts} label="loss over time">
        {(p) => ({
          height: (p.packet_loss_rate ?? 0) / worst,
          ink: 'bad',
          says: `${percent(p.packet_loss_rate)}, ${p.failed} of ${p.answered + p.failed}`,
        })}
      </Strip>
    </>
  );
}

const order = ['invalid', 'doubtful', 'unjudged', 'valid'];
const inks: Partial<Record<string, string>> = { invalid: 'bad', doubtful: 'warn', unjudged: 'quiet', valid: 'good' };

/** What the runs of each part were judged, the worst of them first. */
export function Verdicts({ list, of }: Props) {
  const at = begins(list, of.parts.length);
  const worst = (p: Sum) => order.find((v) => (p.verdicts[v] ?? 0) > 0);
  const words = order
    .filter((v) => (of.total.verdicts[v] ?? 0) > 0)
    .map((v) => `${marks[v]} ${plural(of.total.verdicts[v] ?? 0, 'run')} ${v}`)
    .join(', ');
  return (
    <Figure
      title="Can they be trusted?"
      says={`${words}. Each part shows the worst of its runs.`}
      table={{
        head: ['from', ...order],
        lines: of.parts.flatMap((p, i) =>
          worst(p) ? [[moment(at[i] ?? 0), ...order.map((v) => String(p.verdicts[v] ?? 0))]] : [],
        ),
      }}
    >
      <Strip parts={of.parts} label="verdicts over time">
        {(p) => {
          const v = worst(p);
          return v ? { height: 1, ink: inks[v] ?? 'quiet', mark: marks[v] ?? '', says: v } : undefined;
        }}
      </Strip>
    </Figure>
  );
}

interface Cell {
  height: number;
  ink: string;
  says: string;
  mark?: string;
}

function Strip({ parts, label, children }: { parts: Sum[]; label: string; children: (p: Sum) => Cell | undefined }) {
  const width = 1000 / parts.length;
  return (
    <svg class="picture strip" viewBox="0 0 1000 40" role="img" aria-label={label}>
      <line class="line" x1="0" y1="39.5" x2="1000" y2="39.5" />
      {parts.map((p, i) => {
        const c = children(p);
        return (
          c && (
            <g>
              <title>{c.says}</title>
              <rect
                class={`ink ${c.ink}`}
                x={i * width + 0.5}
                width={Math.max(1, width - 1)}
                y={39 - 38 * c.height}
                height={38 * c.height}
              />
              {c.mark && width > 7 && (
                <text class="on" x={(i + 0.5) * width} y="24" text-anchor="middle">
                  {c.mark}
                </text>
              )}
            </g>
          )
        );
      })}
    </svg>
  );
}

/** How many pings took how long, when. The darker the more, on white; the lighter the more, on black. */
export function Heat({ list, of }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const steps = of.parts.flatMap((p) => p.heat.map((h) => h[0] ?? 0));
  const [low, high] = [Math.min(...steps), Math.max(...steps)];
  useEffect(() => {
    const c = canvas.current?.getContext('2d');
    if (!c || steps.length === 0) return;
    const [w, h] = [c.canvas.width / of.parts.length, c.canvas.height / (high - low + 1)];
    c.clearRect(0, 0, c.canvas.width, c.canvas.height);
    of.parts.forEach((p, i) => {
      const most = Math.max(1, ...p.heat.map((x) => x[1] ?? 0));
      for (const [step = 0, n = 0] of p.heat) {
        c.fillStyle = faint('ink', 0.08 + 0.92 * Math.sqrt(n / most));
        c.fillRect(i * w, (high - step) * h, Math.ceil(w), Math.ceil(h));
      }
    });
  }, [of]);
  const edge = (step: number) => `${ms(10 ** (step / 16))} ms`;
  return (
    <Figure
      title="Where the pings lie"
      nothing={of.not_shown || undefined}
      says={
        `From ${edge(low)} (below) to ${edge(high + 1)} (above), on a logarithmic scale; within each part of the ` +
        'time, the stronger the more pings.'
      }
      table={{
        head: ['from', 'latency from ms', 'pings'],
        lines: of.parts.flatMap((p, i) =>
          p.heat.map(([step = 0, n = 0]) => [
            moment(begins(list, of.parts.length)[i] ?? 0),
            ms(10 ** (step / 16)),
            String(n),
          ]),
        ),
      }}
    >
      <canvas
        class="heat"
        ref={canvas}
        width="1000"
        height="200"
        role="img"
        aria-label="heat map of latency against time"
      />
    </Figure>
  );
}
