// What a run means for people who talk over its way: the parts of mouth to ear, and what bursts in real audio took.
import type uPlot from 'uplot';
import type { Media, Voice } from './contract';
import { Figure, narrow } from './figure';
import { colour, Plot } from './plot';
import { count, fixed, ms, plural, rating } from './text';

const total = 'mouth to ear';

/** The estimate of mouth to ear, part by part, each with where its figure is from. */
export function VoiceParts({ of }: { of: Voice }) {
  const above = narrow.value ? 18 : 0;
  const [left, right, width] = above ? [8, 76, 400] : [250, 120, 960];
  const row = 26 + above;
  const name = above ? ({ x: left, 'text-anchor': 'start' } as const) : ({ x: left - 10, 'text-anchor': 'end' } as const);
  const whole = Math.max(0.1, of.mouth_to_ear_ms);
  const parts = of.parts.filter((p) => p.unit === 'ms' && p.value !== null && p.value > 0 && p.name !== total);
  const x = (v: number) => left + (v / whole) * (width - left - right);
  let sum = 0;
  const [height, last, high] = [row * (parts.length + 1) + 12, row * parts.length + 6 + above, row - above - 6];
  return (
    <Figure
      title="What a voice would take"
      nothing={parts.length === 0 ? 'the run has too little for an estimate' : undefined}
      says={
        `Estimated mouth to ear, ${of.way}: ${ms(of.mouth_to_ear_ms)} ms, from this run and from what is assumed ` +
        `of the rest. ${rating(of)}.`
      }
      table={{
        head: ['part', 'value', 'unit', 'from'],
        lines: of.parts.map((p) => [p.name, ms(p.value), p.unit, p.source]),
      }}
    >
      <div class="wide">
        <svg class="picture voice" viewBox={`0 0 ${width} ${height}`} role="img" aria-label="parts of mouth to ear">
          {parts.map((p, i) => {
            const from = sum;
            sum += p.value ?? 0;
            const y = row * i + 6 + above;
            return (
              <g>
                <title>{p.source}</title>
                <text class="label" {...name} y={above ? y - 4 : y + 14}>
                  {p.name}
                </text>
                <rect class="ink accent" x={x(from)} y={y} width={Math.max(1, x(sum) - x(from))} height={high} />
                <text class="label" x={x(sum) + 6} y={y + 14}>
                  {ms(p.value)} ms
                </text>
              </g>
            );
          })}
          <text class="label strong" {...name} y={above ? last - 4 : last + 14}>
            {total}
          </text>
          <rect class="ink quiet" x={left} y={last} width={x(whole) - left} height={high} />
          <text class="label strong" x={x(whole) + 6} y={last + 14}>
            {ms(whole)} ms
          </text>
        </svg>
      </div>
    </Figure>
  );
}

/** Bursts of noise that went through encoder, room and jitter buffer as a voice does. */
export function Bursts({ of }: { of: Media }) {
  const heard = of.bursts.filter((b) => b.mouth_to_ear_ms !== null);
  const at = of.bursts.map((b, i) => (b.at_ms ?? 1000 * i) / 1000);
  const lost = of.bursts.length - heard.length;
  return (
    <Figure
      title="Mouth to ear, as measured"
      nothing={heard.length === 0 ? 'no burst of noise came back so that it could be told from others' : undefined}
      says={
        <>
          {count(heard.length)} of {plural(of.bursts.length, 'burst')} of noise came back
          {lost > 0 && `; ${count(lost)} ${lost === 1 ? 'was' : 'were'} not heard again`}.{' '}
          <span class="key accent">mouth to ear</span>
          <span class="key warn square">of it, the jitter buffer</span>
        </>
      }
      table={{
        head: [
          'burst',
          'at s',
          'mouth to ear ms',
          'match',
          'jitter buffer ms',
          'concealed samples',
          'played samples',
        ],
        lines: of.bursts.map((b) => [
          String(b.seq),
          b.at_ms === null ? '–' : fixed(b.at_ms / 1000, 3),
          ms(b.mouth_to_ear_ms),
          b.match.toFixed(2),
          ms(b.jitter_buffer_ms),
          count(b.concealed_samples),
          count(b.played_samples),
        ]),
      }}
    >
      <Plot
        label="what each burst of noise took from mouth to ear"
        height={220}
        data={
          [at, of.bursts.map((b) => b.mouth_to_ear_ms), of.bursts.map((b) => b.jitter_buffer_ms)] as uPlot.AlignedData
        }
        options={() => ({
          legend: { show: false },
          scales: { x: { time: false }, y: { range: (_, __, high) => [0, Math.max(1, high * 1.08)] } },
          axes: [{ label: 'seconds' }, { label: 'ms', size: 60 }],
          series: [
            {},
            { label: 'mouth to ear', stroke: colour('accent'), width: 2, points: { show: true, size: 6 } },
            { label: 'jitter buffer', stroke: colour('warn'), width: 1.5, dash: [6, 3], points: { show: false } },
          ],
        })}
      />
    </Figure>
  );
}
