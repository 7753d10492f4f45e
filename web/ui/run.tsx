// One run: what was measured, how far it can be trusted, and each ping of it.
import type uPlot from 'uplot';
import type { File, Run } from './contract';
import { Figure } from './figure';
import { Distribution, fromZero, Percentiles, Pings } from './pictures';
import { colour, Plot } from './plot';
import { JitterBuffer } from './buffer';
import { Strips, TurnFigures } from './turns';
import { Bursts, VoiceParts } from './voice';
import { count, marks, moment, ms, percent, plural, route, utc, way } from './text';

const interval = (file: File, q: string) => file.details.rtt_ms.ci95[q] ?? null;

/** How many pings there were, and how often. */
function pace(file: File): string {
  const { iterations, cooldown_ms } = file.metadata;
  if (file.details.turns) return plural(iterations, 'turn');
  const pings = plural(iterations, 'ping');
  if (cooldown_ms === null) return pings;
  return cooldown_ms === 0
    ? `${pings}, each when the one before was settled`
    : `${pings}, one every ${count(cooldown_ms)} ms`;
}

export function RunView({ run }: { run: Run }) {
  const file = run.result;
  const { statistics: s, metadata: m, details: d } = file;
  const verdict = d.validity?.verdict ?? 'unjudged';
  return (
    <section class={`run ${verdict}`}>
      <h2>
        Run {m.run_id.slice(-8)}{' '}
        <small>
          {route({ location_id: m.location_id ?? 'unknown place', echo_place: d.echo.place ?? 'none' })},{' '}
          {moment(m.start_time)} ({utc(m.start_time)})
        </small>
      </h2>
      <p class="says">
        {way({ platform: file.platform, engine: d.engine, transport_class: d.transport_class, path: d.path })}.{' '}
        {pace(file)}, each given {count(m.timeout_ms)} ms.{' '}
        {d.ended !== 'complete' && `It ended early: ${d.ended}${d.error ? `, ${d.error}` : ''}.`}
      </p>
      <dl class="facts">
        {(d.turns ? (['p50', 'p95'] as const) : (['p50', 'p95', 'p99'] as const)).map((q) => {
          const ci = interval(file, q);
          return (
            <div>
              <dt>{q.toUpperCase()}</dt>
              <dd>
                {ms(s[`${q}_rtt`])} <small>ms</small>
              </dd>
              <dd class="ci">
                {ci ? `${ms(ci[0])} … ${ms(ci[1])}` : `too few ${d.turns ? 'turns' : 'pings'} for an interval`}
              </dd>
            </div>
          );
        })}
        {d.turns ? <TurnFigures of={d.turns} asked={m.iterations} /> : <PingFigures file={file} />}
      </dl>
      <section class={`trust ${verdict}`}>
        <h3>
          {marks[verdict]} This run is {verdict}
        </h3>
        {d.doubts.length > 0 ? (
          <ul>
            {d.doubts.map((x) => (
              <li>{x.text}</li>
            ))}
          </ul>
        ) : (
          <p>Nothing was found that speaks against its numbers.</p>
        )}
      </section>
      {d.turns && <Strips of={d.turns} />}
      <Pings file={file} />
      <div class="pair">
        <Distribution bins={run.bins} answered={s.successful_messages} of={d.turns ? 'turns' : 'pings'} />
        <Percentiles curve={run.curve} answered={s.successful_messages} of={d.turns ? 'turns' : 'pings'} />
      </div>
      {!d.turns && <OneWay file={file} />}
      {d.media && <Bursts of={d.media} />}
      {d.voice && <VoiceParts of={d.voice} />}
      {run.buffers && <JitterBuffer of={run.buffers} file={file} />}
    </section>
  );
}

function PingFigures({ file }: { file: File }) {
  const { statistics: s, details: d } = file;
  return (
    <>
      <div>
        <dt>lost</dt>
        <dd>{percent(s.packet_loss_rate)}</dd>
        <dd class="ci">
          {count(s.failed_messages)} of {count(s.total_messages)}
          {d.loss.wilson95 && `; ${percent(d.loss.wilson95[0])} … ${percent(d.loss.wilson95[1])}`}
        </dd>
      </div>
      <div>
        <dt>jitter</dt>
        <dd>
          {ms(s.jitter)} <small>ms</small>
        </dd>
        <dd class="ci">mean |ΔRTT|</dd>
      </div>
    </>
  );
}

const clocks: Partial<Record<string, string>> = {
  one: 'runner and echo share one clock',
  synchronised: 'both clocks were measured against each other',
  unknown: 'the offset of the two clocks is not known',
};

function OneWay({ file }: { file: File }) {
  const o = file.details.one_way;
  const l = file.details.loss;
  const within = o.half_width_ms ? `: each figure ± ${ms(o.half_width_ms)} ms` : '';
  const told = `${clocks[o.clocks] ?? o.clocks}${within}.${o.reason ? ` ${o.reason}` : ''}`;
  const range = (r: number[] | null) => (r ? `${ms(r[0])} … ${ms(r[1])}` : '–');
  const exact = (r: number[] | null) => r !== null && r[0] === r[1];
  return (
    <Figure
      title="Each way by itself"
      nothing={
        o.up_p50_ms === null && o.up_ms === null
          ? (o.reason ?? clocks[o.clocks] ?? 'the echo told no times')
          : undefined
      }
      says={told.charAt(0).toUpperCase() + told.slice(1)}
      table={{
        head: ['way', 'P50 ms', 'range ms', 'lost pings'],
        lines: [
          ['up', ms(o.up_p50_ms), range(o.up_ms), l.up === null ? '–' : count(l.up)],
          ['down', ms(o.down_p50_ms), range(o.down_ms), l.down === null ? '–' : count(l.down)],
        ],
      }}
    >
      <WayByWay file={file} />
      <dl class="facts">
        <div>
          <dt>up</dt>
          <dd>
            {ms(o.up_p50_ms)} <small>ms</small>
          </dd>
          {!exact(o.up_ms) && <dd class="ci">{range(o.up_ms)}</dd>}
        </div>
        <div>
          <dt>down</dt>
          <dd>
            {ms(o.down_p50_ms)} <small>ms</small>
          </dd>
          {!exact(o.down_ms) && <dd class="ci">{range(o.down_ms)}</dd>}
        </div>
        <div>
          <dt>lost on the way up</dt>
          <dd>{l.up === null ? '–' : count(l.up)}</dd>
        </div>
        <div>
          <dt>lost on the way down</dt>
          <dd>{l.down === null ? '–' : count(l.down)}</dd>
        </div>
      </dl>
    </Figure>
  );
}

/** What each answered ping took on each way, where the clocks let one say. */
function WayByWay({ file }: { file: File }) {
  const known = file.measurements.filter((m) => m.client_to_server !== null && m.server_to_client !== null);
  if (known.length === 0) return <p class="says">The clocks do not tell the ways of single pings.</p>;
  const first = known[0]?.timestamp ?? 0;
  const points = { show: known.length === 1 }; // which is no line
  const data = [
    known.map((m) => m.timestamp - first),
    known.map((m) => m.client_to_server),
    known.map((m) => m.server_to_client),
  ] as uPlot.AlignedData;
  return (
    <>
      <p class="says">
        <span class="key accent">up</span>
        <span class="key warn square">down</span>
      </p>
      <Plot
        label="what each ping took on each way"
        height={200}
        data={data}
        options={() => ({
          legend: { show: false },
          scales: { x: { time: false }, y: fromZero },
          axes: [{ label: 'seconds' }, { label: 'one way, ms', size: 60 }],
          series: [
            {},
            { label: 'up', stroke: colour('accent'), width: 1.5, points },
            { label: 'down', stroke: colour('warn'), width: 1.5, dash: [6, 3], points },
          ],
        })}
      />
    </>
  );
}
