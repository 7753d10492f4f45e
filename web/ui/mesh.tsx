// Who measures whom: each place of a fleet against the echo at each other, one matrix for each kind of way.
import { useApi } from './api';
import type { Cell as MeshCell, Mesh } from './contract';
import { Figure, narrow } from './figure';
import { bandOf, bands } from './map';
import { asked, go, link } from './state';
import { ago, count, marks, moment, ms, ordered, percent, plural, range, utc, way } from './text';
import { Told } from './told';

export function MeshView() {
  const answer = useApi<Mesh>(`/api/v1/mesh?${asked()}`);
  const mesh = answer.value;
  const ways = [...new Set(mesh?.cells.map(way))].toSorted();
  return (
    <section>
      <h2>Mesh</h2>
      <Told error={answer.error} waiting={answer.waiting && !mesh} />
      {mesh && mesh.cells.length === 0 && <NoMesh />}
      {mesh && ways.map((w) => <Matrix key={w} of={w} mesh={mesh} cells={mesh.cells.filter((c) => way(c) === w)} />)}
    </section>
  );
}

function NoMesh() {
  return (
    <div class="first">
      <p>
        No place of a fleet has measured the echo of another one in this time. In the fleet's file, give a job this
        line:
      </p>
      <pre>echo: mesh</pre>
      <p>and tell the hub. Within a few slots each place has measured each other.</p>
      <pre>rtcbench fleet plan apply fleet.yaml</pre>
    </div>
  );
}

/** How large cells are: they shrink until a place has its row, and what does not fit stands in the table. */
const sizes = [
  { upTo: 8, wide: 104, high: 58 },
  { upTo: 16, wide: 64, high: 40 },
  { upTo: Infinity, wide: 46, high: 24 },
] as const;

const twoLines = 40; // px: how high a cell is that has room for P95, too
const [phone, narrowest] = [336, 40]; // px: the room of a picture, and the least that a cell takes there

/** How large cells are that have so much room beside the names of their rows. */
function sizeOf(columns: number, left: number): { wide: number; high: number } {
  const usual = sizes.find((s) => columns <= s.upTo) ?? sizes[2];
  if (!narrow.value) return usual;
  const wide = Math.floor((phone - left - 2) / columns);
  return wide < narrowest ? usual : { wide: Math.min(usual.wide, wide), high: 42 };
}

interface MatrixProps {
  of: string;
  mesh: Mesh;
  cells: MeshCell[];
}

function Matrix({ of, mesh, cells }: MatrixProps) {
  const rows = names(cells.map((c) => c.from));
  const columns = names(cells.map((c) => c.to));
  const longest = Math.max(...rows.map((r) => r.length));
  const left = Math.min(narrow.value ? 96 : 220, 24 + 7.4 * longest);
  const size = sizeOf(columns.length, left);
  const longestTo = Math.max(...columns.map((c) => c.length));
  const upright = !fits(longestTo, size.wide);
  const top = upright ? Math.min(150, 22 + letter * longestTo) : 34;
  const drawn = left + columns.length * size.wide + (narrow.value ? 2 : 8);
  const width = Math.max(narrow.value ? phone : 420, drawn);
  const height = top + rows.length * size.high + 8;
  const at = new Map(cells.map((c) => [c.to, c.to_location ?? c.to]));
  const missing = rows.flatMap((r) =>
    columns.filter((c) => at.get(c) !== r && !cells.some((x) => x.from === r && x.to === c)),
  );
  return (
    <Figure
      title={of}
      says={
        <>
          From the runner (row) to the echo (column): P50 of the round trip in ms
          {size.high < twoLines ? '' : ', and P95 below it'}. The colour is that of P95:{' '}
          {bands.map((b) => (
            <span class={`key square ${b.ink}`}>{b.name}</span>
          ))}
          <span class="key none">
            ({marks.doubtful}&nbsp;framed: a run of it is doubtful; {marks.invalid}&nbsp;hatched: all are invalid
            {missing.length > 0 && `; –: no run yet, of ${plural(missing.length, 'pair')}`})
          </span>
        </>
      }
      table={table(cells, mesh.until)}
    >
      <div class="wide">
        <svg
          class="picture mesh"
          style={`max-width:${width}px;min-width:${width <= phone ? 0 : narrow.value ? width : Math.min(width, 620)}px`}
          viewBox={`0 0 ${width} ${height}`}
          role="group"
          aria-label={`from each runner to each echo, ${of}`}
        >
          <defs>
            <pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
              <line class="hatch" x1="0" y1="0" x2="0" y2="7" />
            </pattern>
          </defs>
          {columns.map((c, i) => {
            const [x, y] = [left + (i + 0.5) * size.wide + (upright ? 4 : 0), top - 10];
            return (
              <text
                class="label"
                x={x}
                y={y}
                text-anchor={upright ? 'start' : 'middle'}
                transform={upright ? `rotate(-90 ${x} ${y})` : undefined}
              >
                {short(c, upright ? top : size.wide)}
                <title>{c}</title>
              </text>
            );
          })}
          {rows.map((r, i) => (
            <g>
              <text class="label" x={left - 10} y={top + (i + 0.5) * size.high + 4} text-anchor="end">
                {short(r, left)}
                <title>{r}</title>
              </text>
              {columns.map((c, j) => (
                <Cell
                  cell={cells.find((x) => x.from === r && x.to === c)}
                  self={at.get(c) === r}
                  x={left + j * size.wide}
                  y={top + i * size.high}
                  wide={size.wide}
                  high={size.high}
                  until={mesh.until}
                />
              ))}
            </g>
          ))}
        </svg>
      </div>
    </Figure>
  );
}

const letter = 7.2; // px: how wide a letter of a name is
const fits = (letters: number, wide: number) => letters <= Math.floor(wide / letter);
const short = (name: string, wide: number) =>
  fits(name.length, wide) ? name : `${name.slice(0, Math.max(1, Math.floor(wide / letter) - 1))}…`;

/** Each name once, 10 after 9. */
const names = (list: string[]) => [...new Set(list)].toSorted((a, b) => (ordered(a) < ordered(b) ? -1 : 1));

/** A style in which a text of a cell is as large as its room lets it be, and not larger than px. */
const sized = (text: string, room: number, px: number) =>
  `font-size:${Math.min(px, room / (0.7 * text.length)).toFixed(1)}px`;

interface CellProps {
  cell: MeshCell | undefined;
  self: boolean;
  x: number;
  y: number;
  wide: number;
  high: number;
  until: number;
}

function Cell({ cell, self, x, y, wide, high, until }: CellProps) {
  const box = { x: x + 1.5, y: y + 1.5, width: wide - 3, height: high - 3, rx: 4 };
  const [middle, centre] = [x + wide / 2, y + high / 2];
  if (!cell)
    return (
      <g>
        <rect class={`cell none ${self ? 'self' : ''}`} {...box} />
        <text class="label quiet" x={middle} y={centre + 4} text-anchor="middle">
          {self ? '' : '–'}
        </text>
      </g>
    );
  const ink = cell.p95_rtt === null ? 'unknown' : bandOf(cell.p95_rtt).ink;
  const two = high >= twoLines && cell.p95_rtt !== null;
  const small = wide < 64; // a figure has room there, and nothing beside it
  const verdict = judged(cell);
  const mark = verdict === 'valid' ? '' : (marks[verdict] ?? '');
  const to = goal(cell);
  const said = verdict === 'invalid' ? [mark, small ? '' : 'invalid'] : [ms(cell.p50_rtt), small ? '' : mark];
  const figure = said.join(' ').trim();
  const under = `${small ? mark : 'P95'} ${ms(cell.p95_rtt)}`.trim();
  return (
    <a
      href={link('place', to)}
      onClick={(e) => {
        e.preventDefault();
        go('place', to);
      }}
    >
      <title>{words(cell, until)}</title>
      <rect class={`cell ${ink} ${verdict}`} {...box} />
      <text
        class={`figure-of ${ink}`}
        x={middle}
        y={centre + (two ? -2 : 5)}
        text-anchor="middle"
        style={sized(figure, wide - 8, 14)}
      >
        {figure}
      </text>
      {two && (
        <text class={`under ${ink}`} x={middle} y={centre + 14} text-anchor="middle" style={sized(under, wide - 8, 11)}>
          {under}
        </text>
      )}
    </a>
  );
}

/** The worst that a run of it was judged; invalid ones are left out, and count where there is no other. */
function judged(c: MeshCell): string {
  if (c.runs === 0 && c.runs_left_out > 0) return 'invalid';
  return ['doubtful', 'unjudged'].find((v) => (c.verdicts[v] ?? 0) > 0) ?? 'valid';
}

const goal = (c: MeshCell) => ({
  location: c.from,
  echo_place: c.to,
  platform: c.platform,
  engine: c.engine,
  transport: c.transport_class,
  path: c.path,
});

function words(c: MeshCell, until: number): string {
  const within = c.p50_ci95 ? ` (95 % interval ${range(c.p50_ci95, ms)})` : '';
  return (
    `${c.from} to ${c.to}: P50 ${ms(c.p50_rtt)} ms${within}, P95 ${ms(c.p95_rtt)} ms, lost ${percent(c.packet_loss_rate)}, ` +
    `${count(c.n + c.failed)} pings in ${plural(c.runs, 'run')}, ${judged(c)}, ` +
    `the last ${ago(until - c.last_run.end_time)} ago`
  );
}

const table = (cells: MeshCell[], until: number) => ({
  head: [
    'runner',
    'echo',
    'P50 ms',
    'P50, 95 % interval',
    'P95 ms',
    'P95, 95 % interval',
    'loss',
    'loss, 95 % interval',
    'pings',
    'runs',
    'left out',
    'trust',
    'last run',
    'UTC',
  ],
  lines: cells.map((c) => [
    c.from,
    c.to,
    ms(c.p50_rtt),
    range(c.p50_ci95, ms),
    ms(c.p95_rtt),
    range(c.p95_ci95, ms),
    percent(c.packet_loss_rate),
    range(c.packet_loss_ci95, percent),
    count(c.n + c.failed),
    count(c.runs),
    count(c.runs_left_out),
    `${marks[judged(c)] ?? ''} ${judged(c)}`,
    `${moment(c.last_run.end_time)}, ${ago(until - c.last_run.end_time)} ago`,
    utc(c.last_run.end_time),
  ]),
});
