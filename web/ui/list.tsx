// All series of a time as a list: found by a word, in the order of a column, some at a time.
import { useMemo } from 'preact/hooks';
import type { Overview } from './contract';
import { Take } from './figure';
import { place, type Row } from './overview';
import { address, go, link, replace } from './state';
import { ago, count, marks, moment, ms, ordered, percent, plural, route, utc, way } from './text';

interface Column {
  name: string;
  by?: (s: Row) => string | number; // what it is ordered by
}

const low = -Infinity;
const columns: Column[] = [
  { name: 'place', by: route },
  { name: 'way', by: way },
  { name: 'P50 ms', by: (s) => s.p50 ?? low },
  { name: 'P95', by: (s) => s.p95 ?? low },
  { name: 'P99', by: (s) => s.p99 ?? low },
  { name: 'loss', by: (s) => s.loss ?? low },
  { name: 'pings', by: (s) => s.pings },
  { name: 'runs', by: (s) => s.runs },
  { name: 'P50 over time' },
  { name: 'last run', by: (s) => s.last_end },
];

const step = 100;

function sorted(rows: Row[], order: string): Row[] {
  const name = order.replace(/^-/, '');
  const by = columns.find((c) => c.name === name)?.by ?? route;
  const sign = order.startsWith('-') ? -1 : 1;
  return rows
    .map((row) => {
      const key = by(row);
      return { row, key: typeof key === 'string' ? ordered(key) : key };
    })
    .toSorted((a, b) => (a.key < b.key ? -sign : a.key > b.key ? sign : 0))
    .map((x) => x.row);
}

export function List({ list, rows: given }: { list: Overview; rows: Row[] }) {
  const q = address.value;
  const [find, order, rows] = [q.get('find') ?? '', q.get('sort') ?? '', Number(q.get('rows')) || step];
  const all = useMemo(() => {
    const wanted = find.toLowerCase();
    const is = (s: Row) => `${route(s)} ${way(s)} ${s.where?.city ?? ''}`.toLowerCase().includes(wanted);
    return sorted(wanted === '' ? given : given.filter(is), order);
  }, [given, find, order]);
  return (
    <section>
      <div class="title">
        <h3>All series</h3>
        {given.length > 8 && (
          <label>
            find{' '}
            <input type="search" value={find} onInput={(e) => replace('find', e.currentTarget.value)} size={16} />
          </label>
        )}
        <span class="quiet" role="status">
          {find && `${count(all.length)} of `}
          {plural(given.length, 'series').replace(/ss$/, 's')}
        </span>
        <Take title="All series" table={() => table(all, list)} />
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
              <Line s={s} list={list} />
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

const leftOut = (s: Row) => (s.left_out > 0 ? ` (${count(s.left_out)} invalid left out)` : '');

const table = (all: Row[], list: Overview) => ({
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
    ms(s.p50),
    ms(s.p95),
    ms(s.p99),
    percent(s.loss),
    count(s.pings),
    count(s.runs),
    count(s.left_out),
    s.validity,
    `${ago(list.until - s.last_end)} ago`,
    utc(s.last_end),
  ]),
});

function Line({ s, list }: { s: Row; list: Overview }) {
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
      <td class="way">{way(s)}</td>
      <td>{ms(s.p50)}</td>
      <td>{ms(s.p95)}</td>
      <td>{ms(s.p99)}</td>
      <td>{percent(s.loss)}</td>
      <td>{count(s.pings)}</td>
      <td>
        {count(s.runs)}
        {leftOut(s)}
      </td>
      <td>
        <Spark of={s} />
      </td>
      <td class={`trusted ${s.validity}`}>
        {marks[s.validity]} {s.validity}, {ago(list.until - s.last_end)} ago
      </td>
    </tr>
  );
}

/** The course of a median, from its lowest to its highest value. */
function Spark({ of }: { of: Row }) {
  const values = of.course;
  const flat = of.least === of.most;
  const y = (v: number) => 17 - (flat ? 7 : 14 * v);
  const bars = values.flatMap((v, i) => (v === null ? [] : [`M${3 * i} ${y(v).toFixed(1)}h2.4V20h-2.4Z`]));
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${values.length * 3} 20`}
      role="img"
      aria-label={`from ${ms(of.least)} to ${ms(of.most)} ms`}
    >
      <path class="ink accent" d={bars.join('')} />
    </svg>
  );
}
