// Who could be heard when, turn by turn.
import type { Note, Span, TurnFact, Turns } from './contract';
import { Figure, narrow } from './figure';
import { fixed, ms } from './text';

type Spans = Span[] | null; // a turn without any has none

const most = 20; // ms by which a turn may be unsure without being marked, as bench.MostStalled

/** Of a turn, when it was over: nobody was heard after it, or nobody waited any longer. */
const over = (t: TurnFact) =>
  Math.max(end(t.caller), end(t.agent), t.fate === 'no answer' ? (t.speech_ms ?? 0) + (t.waited_ms ?? 0) : 0);

/** How much of a turn a picture has to show, as bench.Turns.Scale has it. */
const shown = (t: TurnFact) => (t.fate === 'no answer' ? Math.min(over(t), (t.speech_ms ?? 0) + 3000) : over(t));

const end = (list: Spans) => Math.max(0, ...(list ?? []).map((s) => s.to_ms ?? 0));

/** What makes a turn unsure, in words. */
const marks = (t: TurnFact) =>
  [
    (t.stalled_ms ?? 0) > most ? `stalled ${ms(t.stalled_ms)} ms` : '',
    (t.uneven_ms ?? 0) > most ? `uneven by ${ms(t.uneven_ms)} ms` : '',
  ]
    .filter((text) => text !== '')
    .join(', ');

/** What a turn came to, in words. */
function fate(t: TurnFact): string {
  const over = t.barge_in_ms === null ? '' : `, stopped ${ms(t.barge_in_ms)} ms after the interruption`;
  if (t.fate === 'answered') return `${ms(t.latency_ms)} ms${over}`;
  if (t.fate === 'no answer' && t.waited_ms && !t.why) return `${t.fate} in ${fixed(t.waited_ms / 1000, 1)} s`;
  if (t.latency_ms !== null && t.latency_ms < 0) return `${t.fate}, by ${ms(-t.latency_ms)} ms`;
  return t.why ? `${t.fate}: ${t.why}` : t.fate;
}

const fates = ['answered', 'early', 'no answer', 'not measurable'];
const signs: Partial<Record<string, string>> = { answered: '●', early: '◁', 'no answer': '✕', 'not measurable': '○' };

/** What the turns became, and which share of the latency is the network's. */
export function TurnFigures({ of, asked }: { of: Turns; asked: number }) {
  const sure = of.unmarked;
  const marked = sure ? of.turns.filter((t) => t.fate === 'answered').length - sure.turns : 0;
  const network = of.calls.map((c) => c.network_ms).find((v) => v !== null);
  const beside: [string, (number | null)[]][] = [
    ['dispatch', of.calls.map((c) => c.dispatch_ms)],
    ['greeting', of.calls.map((c) => c.greeting_ms)],
    ['reply', of.turns.map((t) => t.reply_ms)],
    ['barge-in', of.turns.map((t) => t.barge_in_ms)],
    ['talk-over', of.turns.map((t) => t.talk_over_ms)],
  ];
  return (
    <>
      {fates.map((f) => {
        const n = of.turns.filter((t) => t.fate === f).length;
        if (n === 0 && f !== 'answered') return null;
        return (
          <div>
            <dt>
              {signs[f]} {f}
            </dt>
            <dd>
              {n} <small>of {Math.max(asked, of.turns.length)}</small>
            </dd>
          </div>
        );
      })}
      {sure && marked > 0 && (
        <div class="two">
          <dt>P50, P95 without the {marked} marked</dt>
          {sure.turns > 0 && (
            <dd>
              {ms(sure.p50_ms)}, {ms(sure.p95_ms)} <small>ms</small>
            </dd>
          )}
          <dd class="ci">{sure.turns > 0 ? `of ${sure.turns}` : 'none: each answered turn is marked'}</dd>
        </div>
      )}
      {network !== undefined && (
        <div>
          <dt>of it, the network</dt>
          <dd>
            {ms(network)} <small>ms</small>
          </dd>
        </div>
      )}
      {beside.map(([what, list]) => {
        const known = list.filter((v) => v !== null);
        if (known.length === 0) return null;
        return (
          <div>
            <dt>{what}</dt>
            <dd>
              {ms(middle(known))} <small>ms</small>
            </dd>
            {known.length > 1 && <dd class="ci">the middle of {known.length}</dd>}
          </div>
        );
      })}
    </>
  );
}

/** The P50 of a list that is not empty. */
function middle(list: number[]): number {
  const sorted = list.toSorted((a, b) => a - b), half = (sorted.length - 1) / 2;
  return (sorted[Math.floor(half)]! + sorted[Math.ceil(half)]!) / 2;
}

const short = (text: string, most: number) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

export function Strips({ of }: { of: Turns }) {
  const above = narrow.value ? 18 : 0;
  const [left, right, width] = above ? [12, 14, 400] : [150, 230, 960];
  const list = of.turns;
  const longest = Math.max(1, ...list.map(shown));
  // An agent that still speaks when its caller begins was there before the turn.
  const before = Math.min(0, ...list.map((t) => ((t.agent as Spans) ?? [])[0]?.from_ms ?? 0));
  const x = (v: number | null) => left + (((v ?? 0) - before) / (longest - before)) * (width - left - right);
  const row = 36 + above;
  const height = row * list.length + 34;
  const step = [100, 200, 500, 1000, 2000, 5000, 10_000].find((s) => (longest - before) / s <= (above ? 5 : 8)) ?? 20_000;
  const ticks = Array.from({ length: Math.floor(longest / step) + 1 }, (_, i) => i * step);
  const bars = (spans: Spans, kind: string, y: number, height: number) =>
    (spans ?? []).map((s) => (
      <rect class={kind} x={x(s.from_ms)} width={Math.max(1, x(s.to_ms) - x(s.from_ms))} y={y} height={height} />
    ));
  return (
    <Figure
      title="Turn by turn"
      nothing={list.length === 0 ? 'no turn was made' : undefined}
      says={
        <>
          Who could be heard when, in seconds from the beginning of each turn; the latency of a turn is from the end
          of the caller's speech to the beginning of the answer.{' '}
          <span class="key accent square">caller (above)</span>
          <span class="key warn square">agent (below)</span>
          <span class="key none">
            (framed: a gap in the answer; upright line: the caller interrupts; dashed: nobody answers)
          </span>
        </>
      }
      table={{
        head: [
          'turn',
          'call',
          'said',
          'became',
          'latency ms',
          'speech ms',
          'reply ms',
          'both at once ms',
          'unsure',
          'notes',
        ],
        lines: list.map((t) => [
          String(t.seq),
          String(t.call),
          t.said,
          t.why ? `${t.fate}: ${t.why}` : t.fate,
          ms(t.latency_ms),
          ms(t.speech_ms),
          ms(t.reply_ms),
          ms(t.talk_over_ms),
          marks(t),
          ((t.notes as Note[] | null) ?? []).map((n) => n.text).join('; '),
        ]),
      }}
    >
      <div class="wide">
        <svg class="picture turns" viewBox={`0 0 ${width} ${height}`} role="img" aria-label="who spoke when">
          {ticks.map((t) => (
            <>
              <line class="line" x1={x(t)} x2={x(t)} y1="4" y2={height - 24} />
              <text class="label quiet" x={x(t)} y={height - 8} text-anchor="middle">
                {t / 1000} s
              </text>
            </>
          ))}
          {list.map((t, i) => {
            const y = row * i + 8 + above;
            const became = above && marks(t) ? `${fate(t)}, ${marks(t)}` : fate(t);
            return (
              <g>
                <title>{[`${t.said}: ${fate(t)}`, marks(t)].filter((text) => text !== '').join(', ')}</title>
                <text
                  class="label"
                  x={above ? left : left - 10}
                  y={above ? y - 5 : y + 15}
                  text-anchor={above ? 'start' : 'end'}
                >
                  {t.seq} {t.said.slice(0, 16)}
                </text>
                {bars(t.caller, 'own', y, 9)}
                {bars(t.agent, 'other', y + 12, 9)}
                {bars(t.gaps, 'gap', y + 12, 9)}
                {t.fate === 'no answer' && t.waited_ms && (
                  <line
                    class="silence"
                    x1={x(t.speech_ms)}
                    x2={x(Math.min(over(t), longest))}
                    y1={y + 10.5}
                    y2={y + 10.5}
                  />
                )}
                {t.interrupt_at_ms !== null && (
                  <line class="cut" x1={x(t.interrupt_at_ms)} x2={x(t.interrupt_at_ms)} y1={y - 3} y2={y + 24} />
                )}
                <text
                  class="label"
                  x={above ? width - right : width - right + 10}
                  y={above ? y - 5 : marks(t) ? y + 8 : y + 15}
                  text-anchor={above ? 'end' : 'start'}
                >
                  {short(became, above ? 40 : 32)}
                </text>
                {!above && marks(t) && (
                  <text class="label quiet" x={width - right + 10} y={y + 24}>
                    {marks(t)}
                  </text>
                )}
              </g>
            );
          })}
        </svg>
      </div>
    </Figure>
  );
}
