// Runs that go on now, each ping as it becomes known.
import { useEffect, useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import type { Ping, Pings } from './contract';
import { Figure } from './figure';
import { apart, drawnKinds, edgeOf, fromZero, kinds, Legend } from './pictures';
import { Plot } from './plot';
import { connection, link, pings } from './state';
import { count, fixed, ms, plural, way, words } from './text';

/** A run as far as this page has heard of it. */
interface Heard {
  of: Pings;
  seen: Ping[]; // in the order of their slots
  dropped: number;
  at: number; // when it was heard of last, in ms
}

const shownPings = 1200; // of each run; what is older leaves the picture
const forgotten = 60_000; // ms after the end
const silentAfter = 10_000;

/** The list with what is new; a lost ping that turned out late is there once. */
function added(list: Ping[], fresh: Ping[]): Ping[] {
  const again = new Set(fresh.map((p) => p.seq));
  const kept = list.some((p) => again.has(p.seq)) ? list.filter((p) => !again.has(p.seq)) : list;
  return [...kept, ...fresh].toSorted((a, b) => a.seq - b.seq).slice(-shownPings);
}

function take(runs: Map<string, Heard>, list: Pings[]): Map<string, Heard> {
  const next = new Map(runs);
  const now = Date.now();
  for (const p of list) {
    const old = next.get(p.run);
    next.set(p.run, {
      of: p,
      seen: added(old?.seen ?? [], p.pings),
      dropped: (old?.dropped ?? 0) + p.dropped,
      at: now,
    });
  }
  for (const [key, r] of next) if (r.of.over && now - r.at > forgotten) next.delete(key);
  return next;
}

export function LiveView() {
  const [runs, setRuns] = useState<Map<string, Heard>>(new Map());
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    pings.on = (list) => setRuns((old) => take(old, list));
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => {
      pings.on = undefined;
      clearInterval(timer);
    };
  }, []);
  const list = [...runs.values()].toReversed();
  return (
    <section class="now">
      <h2>Live</h2>
      {list.length === 0 && <Nothing />}
      {list.map((r) => (
        <One key={r.of.run} r={r} now={now} />
      ))}
    </section>
  );
}

function Nothing() {
  return (
    <div class="first">
      <p role="status">
        {connection.value === 'open'
          ? 'No run goes on at this moment. Its pings appear here as they become known. In another terminal, type'
          : 'Waiting for rtcbench.'}
      </p>
      <pre>rtcbench livekit</pre>
    </div>
  );
}

function One({ r, now }: { r: Heard; now: number }) {
  const { of, seen, dropped } = r;
  const answered = seen.flatMap((p) => (p.outcome === 'answered' && p.rtt_ms !== null ? [p.rtt_ms] : []));
  const sorted = answered.toSorted((a, b) => a - b);
  const last = seen.at(-1);
  const tally = (o: string) => seen.filter((p) => p.outcome === o).length;
  const where = of.place || of.location_id || 'this machine';
  const quiet = Math.round((now - r.at) / 1000);
  const turns = of.transport_class === 'turn';
  const state = of.over ? 'over' : quiet * 1000 > silentAfter ? `nothing heard for ${quiet} s` : 'goes on';
  const top = edgeOf(answered);
  const data = useRef<{ of: Ping[]; value: uPlot.AlignedData }>(undefined);
  if (data.current?.of !== seen) {
    const rows = kinds.map((k) => seen.map((p) => (k.is(p.outcome) ? (k.edge ? top : (p.rtt_ms ?? top)) : null)));
    data.current = { of: seen, value: [seen.map((p) => p.at_ms / 1000), ...rows] as uPlot.AlignedData };
  }
  const carried = of.transport_class || 'the usual class';
  return (
    <Figure
      title={`${where}: ${of.platform}`}
      says={
        <>
          {way({ ...of, transport_class: carried, path: null })}. {turns ? 'Turn' : 'Ping'} {count(last?.seq ?? 0)} of{' '}
          {count(of.count)}; {state}.{' '}
          {of.over && of.run_id && <a href={link('run', { id: of.run_id })}>Show the run {of.run_id.slice(-8)}</a>}
          <Legend of={kinds.filter((k) => seen.some((p) => k.is(p.outcome)))} turns={turns} />
        </>
      }
      table={{
        head: [turns ? 'turn' : 'ping', 'due s', 'outcome', turns ? 'latency ms' : 'round trip ms'],
        lines: seen.map((p) => [String(p.seq), fixed(p.at_ms / 1000, 3), p.outcome, ms(p.rtt_ms)]),
      }}
    >
      <dl class="facts" data-seq={last?.seq}>
        {(
          [
            last?.rtt_ms === null
              ? ['latest', last.outcome.replace('_', ' '), '']
              : ['latest', ms(last?.rtt_ms), 'ms'],
            [
              `P50 of ${plural(sorted.length, turns ? 'turn' : 'ping')}`,
              ms(sorted[Math.ceil(sorted.length / 2) - 1]),
              'ms',
            ],
            ...(turns ? [] : ([['late', count(tally('late')), '']] as const)),
            [turns ? 'no answer' : 'lost', count(tally('lost')), ''],
            [turns ? 'early, or not measurable' : 'not sent', count(tally('not_sent')), ''],
          ] as const
        ).map(([k, v, unit]) => (
          <div>
            <dt>{k}</dt>
            <dd>
              {v} <small>{unit}</small>
            </dd>
          </div>
        ))}
      </dl>
      <Plot
        label={`${words(turns, 'round trip')} in the run at ${where}, as it becomes known`}
        height={180}
        data={data.current.value}
        grows
        options={() => ({
          legend: { show: false },
          scales: { x: apart, y: fromZero },
          axes: [{ label: 'seconds' }, { label: words(turns, 'round trip, ms'), size: 60 }],
          series: [{}, ...drawnKinds()],
        })}
      />
      <p class="says">
        {dropped > 0 && `${plural(dropped, 'ping')} came faster than they could be shown, and are left out here. `}
        The run itself has every {turns ? 'turn' : 'ping'}, and its own figures when it is over.
      </p>
    </Figure>
  );
}
