// The views: all places, one place, one run.
import { useMemo } from 'preact/hooks';
import { useApi, type Answer } from './api';
import type { Overview, Run, Series, SeriesList } from './contract';
import { List } from './list';
import { Map } from './map';
import { rowsOf } from './overview';
import { Distribution, Percentiles } from './pictures';
import { RunView } from './run';
import { Heat, Smoke, Verdicts } from './smoke';
import { address, asked, filterNames, link } from './state';
import { count, marks, moment, ms, ofTurns, percent, plural, range, route, utc, way, words } from './text';
import { Told } from './told';

const told = <T,>(a: Answer<T>) => <Told error={a.error} waiting={a.waiting && a.value === undefined} />;

export function Places() {
  const answer = useApi<Overview>(`/api/v1/overview?${asked()}`);
  const list = answer.value;
  const rows = useMemo(() => list && rowsOf(list), [list]);
  const map = useMemo(() => list && rows && <Map list={rows} since={list.since} until={list.until} />, [rows]);
  return (
    <>
      {told(answer)}
      {list && rows?.length === 0 && <First store={list.store} />}
      {list && rows && rows.length > 0 && (
        <>
          {map}
          <List list={list} rows={rows} />
          {list.errors.map((e) => (
            <p class="told warn">{e}</p>
          ))}
        </>
      )}
    </>
  );
}

/** What a newcomer sees. */
function First({ store }: { store: string }) {
  const chosen = filterNames.filter((n) => n !== 'since' && n !== 'until' && address.value.get(n));
  if (chosen.length > 0)
    return (
      <p class="told">
        No run of this choice ({chosen.map((n) => `${n} ${address.value.get(n)}`).join(', ')}) and time is in{' '}
        <code>{store}</code>: choose otherwise above.
      </p>
    );
  return (
    <section class="first">
      <h2>Nothing was measured here in this time</h2>
      <p>
        There is no run of this time in <code>{store}</code>. In another terminal, type
      </p>
      <pre>rtcbench livekit</pre>
      <p>
        and the run appears on this page when it is kept. With <code>--location fra</code> it has its place on the
        map. For runs of long ago choose a longer time above.
      </p>
    </section>
  );
}

/** So many series are drawn at most; a place has more where the filters leave much. */
const mostDrawn = 12;

export function Place() {
  const answer = useApi<SeriesList>(`/api/v1/series?${asked({ parts: '96' })}`);
  const list = answer.value;
  const drawn = useMemo(() => list?.series.slice(0, mostDrawn).map((s) => <OneSeries s={s} list={list} />), [list]);
  const more = (list?.series.length ?? 0) - mostDrawn;
  return (
    <>
      {told(answer)}
      {list?.series.length === 0 && (
        <p class="told">No run was made there in this time: choose a longer one above.</p>
      )}
      {drawn}
      {more > 0 && (
        <p class="told">
          {plural(more, 'more')} of this choice {more === 1 ? 'is' : 'are'} not drawn: choose one of the list in
          Places.
        </p>
      )}
    </>
  );
}

function OneSeries({ s, list }: { s: Series; list: SeriesList }) {
  return (
    <section>
      <h2>
        {route(s)}
        {s.where && s.where.city !== s.location_id && <small> {s.where.city}</small>}
      </h2>
      <p class="says">
        {way(s)}. {plural(s.total.runs, 'run')}
        {s.total.runs_left_out > 0 && `, ${count(s.total.runs_left_out)} invalid left out`}; the last one{' '}
        {marks[s.last_run.validity]} {s.last_run.validity}, {moment(s.last_run.end_time)} ({utc(s.last_run.end_time)}
        ): <a href={link('run', { id: s.last_run.run_id })}>show it</a>. From {moment(list.since)} to{' '}
        {moment(list.until)} ({utc(list.since)} to {utc(list.until)}).
      </p>
      <dl class="facts">
        {(
          [
            ['P50', s.total.p[2], s.total.p50_ci95],
            ['P95', s.total.p[5], s.total.p95_ci95],
            ['P99', s.total.p[6], s.total.p99_ci95],
          ] as const
        ).map(([k, v, ci]) => (
          <div>
            <dt>{k}</dt>
            <dd>
              {ms(v)} <small>ms</small>
            </dd>
            {ci && <dd class="ci">{range(ci, ms)}</dd>}
          </div>
        ))}
        <div>
          <dt>{words(ofTurns(s), 'lost')}</dt>
          <dd>{percent(s.total.packet_loss_rate)}</dd>
          {s.total.packet_loss_ci95 && (
            <dd class="ci">{s.total.packet_loss_ci95.map((v) => percent(v)).join(' … ')}</dd>
          )}
        </div>
        <div>
          <dt>{words(ofTurns(s), 'pings')}</dt>
          <dd>{count(s.total.answered + s.total.failed)}</dd>
        </div>
      </dl>
      <p class="says">
        Below a figure is its 95 % interval, where there is one; of a percentile if{' '}
        {words(ofTurns(s), 'pings')} were independent of each other.
      </p>
      <Smoke list={list} of={s} />
      <Heat list={list} of={s} />
      <div class="pair">
        <Percentiles curve={s.curve} answered={s.total.answered} why={s.not_shown} of={words(ofTurns(s), 'pings')} />
        <Distribution bins={s.bins} answered={s.total.answered} why={s.not_shown} of={words(ofTurns(s), 'pings')} />
      </div>
      <Verdicts list={list} of={s} />
    </section>
  );
}

export function OneRun() {
  const id = address.value.get('id') ?? '';
  const answer = useApi<Run>(id === '' ? '' : `/api/v1/runs/${encodeURIComponent(id)}`);
  const run = answer.value;
  const drawn = useMemo(() => run && <RunView run={run} />, [run]);
  return (
    <>
      {id !== '' && told(answer)}
      {id === '' && <p class="told">No run is named: choose one in Runs.</p>}
      {run && (
        <p class="files">
          <a href={link('compare', { a: id })}>Compare it</a> ·{' '}
          <a href={`/api/v1/runs/${encodeURIComponent(id)}?format=csv`} download={`rtcbench-${id.slice(-8)}.csv`}>
            {run.result.details.turns ? 'Turns' : 'Pings'} as CSV
          </a>
        </p>
      )}
      {drawn}
    </>
  );
}
