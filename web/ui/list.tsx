// All series of a time as a list: found by a word, in the order of a column, some at a time.
import type { Series, SeriesList } from './contract';
import { Take } from './figure';
import { p95, place } from './map';
import { address, go, link, replace } from './state';
import { ago, count, marks, moment, ms, percent, plural, route, utc, way } from './text';

interface Column {
  name: string;
  by?: (s: Series) => string | number; // what it is ordered by
}

const low = -Infinity;
const columns: Column[] = [
  { name: 'place', by: route },
  { name: 'way', by: way },
  { name: 'P50 ms', by: (s) => s.total.p[2] ?? low },
  { name: 'P95', by: (s) => p95(s) ?? low },
  { name: 'P99', by: (s) => s.total.p[6] ?? low },
  { name: 'loss', by: (s) => s.total.packet_loss_rate ?? low },
  { name: 'pings', by: (s) => s.total.answered + s.total.failed },
  { name: 'runs', by: (s) => s.total.runs },
  { name: 'P50 over time' },
  { name: 'last run', by: (s) => s.last_run.end_time },
];

const step = 100;
const names = new Intl.Collator('en', { numeric: true });

function sorted(list: Series[], order: string): Series[] {
  const name = order.replace(/^-/, '');
  const by = columns.find((c) => c.name === name)?.by ?? route;
  const sign = order.startsWith('-') ? -1 : 1;
  return list.toSorted((a, b) => {
    const [x, y] = [by(a), by(b)];
    return sign * (typeof x === 'string' ? names.compare(x, String(y)) : x - Number(y));
  });
}

export function List({ list }: { list: SeriesList }) {
  const q = address.value;
  const [find, order, rows] = [q.get('find') ?? '', q.get('sort') ?? '', Number(q.get('rows')) || step];
  const wanted = find.toLowerCase();
  const found = list.series.filter((s) =>
    `${route(s)} ${way(s)} ${s.where?.city ?? ''}`.toLowerCase().includes(wanted),
  );
  const all = sorted(found, order);
  return (
    <section>
      <div class="title">
        <h3>All series</h3>
        {list.series.length > 8 && (
          <label>
            find{' '}
            <input type="search" value={find} onInput={(e) => replace('find', e.currentTarget.value)} size={16} />
          </label>
        )}
        <span class="quiet" role="status">
          {find && `${found.length} of `}
          {plural(list.series.length, 'series').replace(/ss$/, 's')}
        </span>
        <Take title="All series" table={table(all, list)} />
      </div>
      <div class="scroll" tabIndex={0} role="region" aria-label="all series">
        <table class="rows">
          <thead>
            <tr>
              {columns.map((c) => (
                <Head column={c} order={order} />
              ))}
            </tr>
          </thead>
          <tbody>
            {all.slice(0, rows).map((s) => (
              <Row s={s} list={list} />
            ))}
          </tbody>
        </table>
      </div>
      {all.length > rows && (
        <p>
          <button type="button" onClick={() => go('places', { rows: String(rows + 4 * step) })}>
            Show more: {count(rows)} of {count(all.length)} are here
          </button>
        </p>
      )}
      <p class="says">
        From {moment(list.since)} to {moment(list.until)} ({utc(list.since)} to {utc(list.until)}). Percentiles are of
        all pings together, and never means of percentiles. Invalid runs are left out.
      </p>
    </section>
  );
}

function Head({ column, order }: { column: Column; order: string }) {
  const { name, by } = column;
  if (!by) return <th scope="col">{name}</th>;
  const up = order === name;
  const down = order === `-${name}`;
  return (
    <th scope="col" aria-sort={up ? 'ascending' : down ? 'descending' : undefined}>
      <button type="button" class="head" onClick={() => go('places', { sort: down ? name : `-${name}` })}>
        {name}
        <span aria-hidden="true">{up ? ' ↑' : down ? ' ↓' : ''}</span>
      </button>
    </th>
  );
}

const leftOut = (s: Series) => (s.total.runs_left_out > 0 ? ` (${s.total.runs_left_out} invalid left out)` : '');

const table = (all: Series[], list: SeriesList) => ({
  head: [
    'place',
    'way',
    'P50 ms',
    'P95 ms',
    'P99 ms',
    'loss',
    'pings',
    'runs',
    'left out',
    'trust',
    'last run',
    'UTC',
  ],
  lines: all.map((s) => [
    route(s),
    way(s),
    ms(s.total.p[2]),
    ms(p95(s)),
    ms(s.total.p[6]),
    percent(s.total.packet_loss_rate),
    count(s.total.answered + s.total.failed),
    String(s.total.runs),
    String(s.total.runs_left_out),
    s.last_run.validity,
    `${ago(list.until - s.last_run.end_time)} ago`,
    utc(s.last_run.end_time),
  ]),
});

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
          {route(s)}
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
        {leftOut(s)}
      </td>
      <td>
        <Spark values={s.p50} />
      </td>
      <td class={`trusted ${s.last_run.validity}`}>
        {marks[s.last_run.validity]} {s.last_run.validity}, {ago(list.until - s.last_run.end_time)} ago
      </td>
    </tr>
  );
}

/** The course of a median, from its lowest to its highest value. */
function Spark({ values }: { values: (number | null)[] }) {
  const known = values.filter((v) => v !== null);
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const y = (v: number) => 17 - (most > least ? (14 * (v - least)) / (most - least) : 7);
  const bars = values.flatMap((v, i) => (v === null ? [] : [`M${3 * i} ${y(v).toFixed(1)}h2.4V20h-2.4Z`]));
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${values.length * 3} 20`}
      role="img"
      aria-label={`from ${ms(least)} to ${ms(most)} ms`}
    >
      <path class="ink accent" d={bars.join('')} />
    </svg>
  );
}
