// Two sides held against each other: filters, or runs.
import { useEffect, useState } from 'preact/hooks';
import { useApi } from './api';
import type { Comparison, Groups, Overview } from './contract';
import { Take } from './figure';
import { Forest } from './forest';
import { rowsOf, type Row } from './overview';
import { address, go, link } from './state';
import { count, marks, ms, percent, route, words } from './text';
import { Told } from './told';

export function Compare() {
  const [a, b] = [address.value.get('a') ?? '', address.value.get('b') ?? ''];
  const [typedA, setA] = useState(a);
  const [typedB, setB] = useState(b);
  const invalid = address.value.get('include_invalid') === 'true';
  const q = new URLSearchParams({ a, b, ...(invalid ? { include_invalid: 'true' } : {}) });
  useEffect(() => {
    setA(a);
    setB(b);
  }, [a, b]); // the back button changes them, too
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
        path=, echo-place=, since=, until=), or the ID of a run. Differences are B − A.
      </p>
      {a && b ? <Told error={answer.error} waiting={answer.waiting && !answer.value} /> : <Suggested />}
      {answer.value && <Compared c={answer.value} />}
    </section>
  );
}

/** What could be compared here, by what the store has of the last week: kinds of ways that are alike. */
function suggestions(list: Row[]): [string, string, string][] {
  const ways = list.toSorted((x, y) => y.runs - x.runs);
  const usual = ways[0];
  if (!usual) return [];
  const way = (s: Row, more = '') =>
    `platform=${s.platform},engine=${s.engine},transport=${s.transport_class}${more}`;
  const found: [string, string, string][] = [
    ['the last 24 hours with the 24 before', way(usual, ',since=48h,until=24h'), way(usual, ',since=24h')],
  ];
  const pair = (what: string, x: Row, y: Row | undefined, more: (s: Row) => string) => {
    if (y) found.push([what, way(x, more(x)), way(y, more(y))]);
  };
  for (const key of ['platform', 'engine'] as const) {
    const other = ways.find((s) => s[key] !== usual[key] && s.transport_class === usual.transport_class);
    const both = list.filter((s) => s.location_id === other?.location_id);
    const here = both.find((s) => s[key] === usual[key] && s.transport_class === usual.transport_class);
    const at = (s: Row) => `,location=${s.location_id},since=7d`;
    if (here && other) pair(`${here[key]} with ${other[key]} at ${other.location_id}`, here, other, at);
  }
  const elsewhere = ways.find((s) => s.location_id !== usual.location_id && way(s) === way(usual));
  pair(
    `${usual.location_id} with ${elsewhere?.location_id ?? ''}`,
    usual,
    elsewhere,
    (s) => `,location=${s.location_id},since=7d`,
  );
  return found;
}

function Suggested() {
  const overview = useApi<Overview>('/api/v1/overview?since=7d').value;
  const list = overview ? rowsOf(overview) : [];
  if (list.length === 0)
    return (
      <p class="told">
        There is nothing of the last 7 days to be compared. <code>rtcbench both</code> measures two platforms at one
        time.
      </p>
    );
  return (
    <div class="suggested">
      <p>For example:</p>
      <ul>
        {suggestions(list).map(([name, a, b]) => (
          <li>
            <a href={link('compare', { a, b })}>{name}</a>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Compared({ c }: { c: Comparison }) {
  return (
    <>
      <p class={`verdict ${c.all.alike ? '' : 'warn'}`}>{c.all.verdict}</p>
      <Otherwise c={c} />
      <Forest c={c} />
      <Sides g={c.all} />
      {c.all.a.runs_left_out + c.all.b.runs_left_out > 0 && (
        <p>
          <a
            href={`#${new URLSearchParams([...address.value, ['include_invalid', 'true']])}`}
          >
            With the invalid runs, too
          </a>
        </p>
      )}
      {c.all.notes.length > 0 && (
        <ul class="notes">
          {c.all.notes.map((n) => (
            <li>{n.replace(/; --include-invalid takes (it|them) in/, '')}</li>
          ))}
        </ul>
      )}
    </>
  );
}

const sign = (g: Groups) => {
  const [lo = 0, hi = 0] = g.median_diff_ms?.ci95 ?? [];
  return lo > 0 ? 1 : hi < 0 ? -1 : 0;
};

/** Says where a place shows the opposite of all together: then the sides were not at the same places alike. */
function Otherwise({ c }: { c: Comparison }) {
  const against = c.places.filter((p) => c.all.alike && sign(c.all) * sign(p.comparison) < 0);
  if (against.length === 0) return null;
  const names = against.map((p) => route(p)).join(', ');
  return (
    <p class="told warn">
      ◐ Place by place it is the other way round at {names}: the sides were not at the same places for the same share
      of their runs. Trust the places, or compare one place alone.
    </p>
  );
}

/** What the runs of a side were judged. */
function trust(s: Groups['a']): string {
  const bad = [
    [s.runs_invalid, 'invalid'],
    [s.runs_doubtful, 'doubtful'],
    [s.runs_unjudged, 'unjudged'],
  ] as const;
  const list = bad.flatMap(([n, word]) => (n > 0 ? [`${marks[word]} ${count(n)} ${word}`] : []));
  if (s.runs_left_out > 0) list.push(`${count(s.runs_left_out)} left out`);
  return list.join(', ') || `${marks.valid} valid`;
}

/** A filter, which may be broken behind each of its parts. */
const brief = (text: string | undefined) => text?.replaceAll(',', ',\u200b');

function Sides({ g }: { g: Groups }) {
  const turns = [g.a, g.b].every((s) => s.transport_classes.join() === 'turn');
  const lines: [string, (s: Groups['a']) => string][] = [
    ['asked for', (s) => s.operand],
    ['platform', (s) => s.platforms.join(', ')],
    ['places', (s) => s.locations.join(', ')],
    ['engine', (s) => s.engines.join(', ')],
    ['class', (s) => s.transport_classes.join(', ')],
    ['path', (s) => s.paths.join(', ') || '–'],
    ['runs', (s) => count(s.runs)],
    ['trust', trust],
    [words(turns, 'pings answered'), (s) => count(s.pings_answered)],
    ['P50 ms', (s) => ms(s.p50_ms)],
    ['P95 ms', (s) => ms(s.p95_ms)],
    ['P99 ms', (s) => ms(s.p99_ms)],
    [words(turns, 'lost'), (s) => percent(s.loss)],
  ];
  const table = { head: ['of each side', 'A', 'B'], lines: lines.map(([name, of]) => [name, of(g.a), of(g.b)]) };
  return (
    <>
      <div class="scroll" tabIndex={0} role="region" aria-label="both sides">
        <table class="rows both">
          <thead>
            <tr>
              <th scope="col">of each side</th>
              <th scope="col">A</th>
              <th scope="col">B</th>
            </tr>
          </thead>
          <tbody>
            {table.lines.map(([name, a, b]) => (
              <tr>
                <th scope="row">{name}</th>
                <td>{brief(a)}</td>
                <td>{brief(b)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {g.a.runs + g.b.runs > 2 && (
        <p class="says">
          Percentiles of a side are here the medians of its runs' own, as differences are made of them.
        </p>
      )}
      <Take title="Both sides" table={table} />
    </>
  );
}
