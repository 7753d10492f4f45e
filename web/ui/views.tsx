// The views: all places, one place, the runs, one run, and a comparison.
import { useState } from 'preact/hooks';
import { useApi, type Answer } from './api';
import type { Comparison, Groups, Run, Series, SeriesList } from './contract';
import { Forest } from './forest';
import { Map, p95, place } from './map';
import { Distribution, Percentiles } from './pictures';
import { RunView } from './run';
import { Heat, Smoke, Verdicts } from './smoke';
import { address, asked, go, link } from './state';
import { ago, count, marks, moment, ms, percent, plural, utc, way } from './text';

/** What is said in place of a view that has nothing to show, and above one that is out of date. */
export function Told({ error, waiting }: { error?: string | undefined; waiting: boolean }) {
  if (error)
    return (
      <p class="told bad" role="alert">
        {error}
      </p>
    );
  return waiting ? (
    <p class="told" role="status">
      Reading …
    </p>
  ) : null;
}

const told = <T,>(a: Answer<T>) => <Told error={a.error} waiting={a.waiting && a.value === undefined} />;

export function Places() {
  const answer = useApi<SeriesList>(`/api/v1/series?${asked({ brief: 'true' })}`);
  const list = answer.value;
  return (
    <>
      {told(answer)}
      {list && list.series.length === 0 && <First list={list} />}
      {list && list.series.length > 0 && (
        <>
          <Map list={list.series} since={list.since} until={list.until} />
          <section>
            <h3>All series</h3>
            <div class="scroll" tabIndex={0} role="region" aria-label="all series">
              <table class="rows">
                <thead>
                  <tr>
                    {[
                      'place',
                      'way',
                      'P50 ms',
                      'P95',
                      'P99',
                      'loss',
                      'pings',
                      'runs',
                      'P50 over time',
                      'last run',
                    ].map((h) => (
                      <th scope="col">{h}</th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {list.series.map((s) => (
                    <Row s={s} list={list} />
                  ))}
                </tbody>
              </table>
            </div>
            <p class="says">
              From {moment(list.since)} to {moment(list.until)} ({utc(list.since)} to {utc(list.until)}). Percentiles
              are of all pings together, and never means of percentiles. Invalid runs are left out.
            </p>
          </section>
          {list.errors.map((e) => (
            <p class="told warn">{e}</p>
          ))}
        </>
      )}
    </>
  );
}

function Row({ s, list }: { s: Series; list: SeriesList }) {
  return (
    <tr>
      <td>
        <a
          href={link('place', place(s))}
          onClick={(e) => {
            e.preventDefault();
            go('place', place(s));
          }}
        >
          {s.location_id}
        </a>
      </td>
      <td>{way(s)}</td>
      <td>{ms(s.total.p[2])}</td>
      <td>{ms(p95(s))}</td>
      <td>{ms(s.total.p[6])}</td>
      <td>{percent(s.total.packet_loss_rate)}</td>
      <td>{count(s.total.answered + s.total.failed)}</td>
      <td>
        {s.total.runs}
        {s.total.runs_left_out > 0 && ` (${s.total.runs_left_out} invalid left out)`}
      </td>
      <td>
        <Spark values={s.p50} />
      </td>
      <td>
        {marks[s.last_run.validity]} {s.last_run.validity}, {ago(list.until - s.last_run.end_time)} ago
      </td>
    </tr>
  );
}

function Spark({ values }: { values: (number | null)[] }) {
  const known = values.filter((v) => v !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const y = (v: number) => 18 - (high > low ? (16 * (v - low)) / (high - low) : 8);
  return (
    <svg class="spark" viewBox={`0 0 ${values.length * 3} 20`} aria-hidden="true">
      {values.map(
        (v, i) => v !== null && <rect class="ink accent" x={i * 3} y={y(v)} width="2.4" height={20 - y(v)} />,
      )}
    </svg>
  );
}

/** What a newcomer sees. */
function First({ list }: { list: SeriesList }) {
  return (
    <section class="first">
      <h2>Nothing was measured here yet</h2>
      <p>
        There is no run of this time in <code>{list.store}</code>. In another terminal, type
      </p>
      <pre>rtcbench livekit</pre>
      <p>
        and the run appears on this page when it is kept. With <code>--location fra</code> it has its place on the
        map. For runs of long ago choose a longer time above.
      </p>
    </section>
  );
}

export function Place() {
  const answer = useApi<SeriesList>(`/api/v1/series?${asked({ parts: '96' })}`);
  const list = answer.value;
  return (
    <>
      {told(answer)}
      {list?.series.length === 0 && <p class="told">No run was made there in this time.</p>}
      {list?.series.map((s) => (
        <section>
          <h2>
            {s.location_id}
            {s.where && s.where.city !== s.location_id && <small> {s.where.city}</small>}
          </h2>
          <p class="says">
            {way(s)}. {plural(s.total.runs, 'run')}
            {s.total.runs_left_out > 0 && `, ${s.total.runs_left_out} invalid left out`}; the last one{' '}
            {marks[s.last_run.validity]} {s.last_run.validity}, {moment(s.last_run.end_time)} (
            {utc(s.last_run.end_time)}): <a href={link('run', { id: s.last_run.run_id })}>show it</a>
          </p>
          <dl class="facts">
            {[
              ['P50', ms(s.total.p[2])],
              ['P95', ms(p95(s))],
              ['P99', ms(s.total.p[6])],
            ].map(([k, v]) => (
              <div>
                <dt>{k}</dt>
                <dd>
                  {v} <small>ms</small>
                </dd>
              </div>
            ))}
            <div>
              <dt>lost</dt>
              <dd>{percent(s.total.packet_loss_rate)}</dd>
            </div>
            <div>
              <dt>pings</dt>
              <dd>{count(s.total.answered + s.total.failed)}</dd>
            </div>
          </dl>
          <Smoke list={list} of={s} />
          <Heat list={list} of={s} />
          <div class="pair">
            <Percentiles curve={s.curve} answered={s.total.answered} why={s.not_shown} />
            <Distribution bins={s.bins} answered={s.total.answered} why={s.not_shown} />
          </div>
          <Verdicts list={list} of={s} />
        </section>
      ))}
    </>
  );
}

interface HistoryRun {
  run_id: string;
  end_time: number;
  location_id: string;
  platform: string;
  engine: string;
  transport_class: string;
  path: string;
  total_messages: number;
  p50_rtt: number | null;
  p95_rtt: number | null;
  p99_rtt: number | null;
  packet_loss_rate: number | null;
  validity: string;
  doubts: { code: string; text: string }[];
}

export function Runs() {
  const answer = useApi<{ runs: HistoryRun[]; store: string }>(`/api/v1/history?${asked()}`);
  return (
    <>
      {told(answer)}
      {answer.value && (
        <section>
          <h2>Runs</h2>
          <p class="says">The newest first, at most 200. Choose two of them, or two filters, in Compare.</p>
          <div class="scroll" tabIndex={0} role="region" aria-label="runs">
            <table class="rows">
              <thead>
                <tr>
                  {['ended', 'place', 'way', 'pings', 'P50 ms', 'P95', 'P99', 'loss', 'trust', 'run'].map((h) => (
                    <th scope="col">{h}</th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {answer.value.runs.toReversed().map((r) => (
                  <tr>
                    <td title={utc(r.end_time)}>{moment(r.end_time)}</td>
                    <td>{r.location_id}</td>
                    <td>{way(r)}</td>
                    <td>{count(r.total_messages)}</td>
                    <td>{ms(r.p50_rtt)}</td>
                    <td>{ms(r.p95_rtt)}</td>
                    <td>{ms(r.p99_rtt)}</td>
                    <td>{percent(r.packet_loss_rate)}</td>
                    <td title={r.doubts.map((d) => d.text).join('; ')}>
                      {marks[r.validity]} {r.validity}
                    </td>
                    <td>
                      <a href={link('run', { id: r.run_id })}>{r.run_id.slice(-8)}</a>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </section>
      )}
    </>
  );
}

export function OneRun() {
  const id = address.value.get('id') ?? '';
  const answer = useApi<Run>(id === '' ? '' : `/api/v1/runs/${encodeURIComponent(id)}`);
  return (
    <>
      {told(answer)}
      {answer.value && <RunView run={answer.value} />}
    </>
  );
}

export function Compare() {
  const [a, b] = [address.value.get('a') ?? '', address.value.get('b') ?? ''];
  const [typedA, setA] = useState(a);
  const [typedB, setB] = useState(b);
  const q = new URLSearchParams({ a, b });
  const answer = useApi<Comparison>(a && b ? `/api/v1/compare?${q}` : '');
  return (
    <section>
      <h2>Compare</h2>
      <form
        class="sides"
        onSubmit={(e) => {
          e.preventDefault();
          go('compare', { a: typedA.trim(), b: typedB.trim() });
        }}
      >
        <label>
          A{' '}
          <input
            value={typedA}
            onInput={(e) => setA(e.currentTarget.value)}
            placeholder="platform=livekit,location=fra,since=7d"
            required
          />
        </label>
        <label>
          B{' '}
          <input
            value={typedB}
            onInput={(e) => setB(e.currentTarget.value)}
            placeholder="platform=daily,location=fra,since=7d"
            required
          />
        </label>
        <button type="submit">Compare</button>
      </form>
      <p class="says">
        A side is a filter as <code>rtcbench compare</code> takes it (platform=, location=, engine=, transport=,
        path=, since=, until=), or the ID of a run. Differences are B − A.
      </p>
      {a && b ? told(answer) : null}
      {answer.value && <Compared c={answer.value} />}
    </section>
  );
}

function Compared({ c }: { c: Comparison }) {
  return (
    <>
      <p class={`verdict ${c.all.alike ? '' : 'warn'}`}>{c.all.verdict}</p>
      <Sides g={c.all} />
      <Forest c={c} />
      {c.all.notes.length > 0 && (
        <ul class="notes">
          {c.all.notes.map((n) => (
            <li>{n}</li>
          ))}
        </ul>
      )}
    </>
  );
}

function Sides({ g }: { g: Groups }) {
  const line = (name: string, s: Groups['a']) => [
    name,
    s.operand,
    s.platforms.join(', '),
    s.locations.join(', '),
    s.transport_classes.join(', '),
    String(s.runs),
    count(s.pings_answered),
    ms(s.p50_ms),
    ms(s.p95_ms),
    percent(s.loss),
  ];
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="both sides">
      <table class="rows">
        <thead>
          <tr>
            {['', 'asked for', 'platform', 'place', 'class', 'runs', 'answered', 'P50 ms', 'P95 ms', 'loss'].map(
              (h) => (
                <th scope="col">{h}</th>
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {[line('A', g.a), line('B', g.b)].map((l) => (
            <tr>
              {l.map((x) => (
                <td>{x}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
