// The world, with a dot at each place whose name says where it is.
import { geoEqualEarth, geoGraticule10, geoPath } from 'd3-geo';
import { feature } from 'topojson-client';
import type { Topology } from 'topojson-specification';
import world from 'world-atlas/land-110m.json';
import { Figure, narrow } from './figure';
import { isSilent, notShown, place, type Row } from './overview';
import { go, link, type View } from './state';
import { ago, count, marks, ms, percent, plural, route, utc, way } from './text';

const [width, height] = [960, 470];
const [top, bottom] = [6, 424]; // nobody measures from the South Pole
const projection = geoEqualEarth().fitSize([width, height], { type: 'Sphere' });
const path = geoPath(projection);
const topology = world as unknown as Topology;
const land = topology.objects.land ? (path(feature(topology, topology.objects.land)) ?? '') : '';
const grid = path(geoGraticule10()) ?? '';

/** Bands of P95 in which voice agents are felt: below the first they answer as people do. */
export const bands = [
  { below: 100, ink: 'fast', name: 'below 100 ms' },
  { below: 200, ink: 'fair', name: '100 to 200 ms' },
  { below: 400, ink: 'slow', name: '200 to 400 ms' },
  { below: Infinity, ink: 'worst', name: '400 ms and more' },
] as const;

export const bandOf = (p95: number) => bands.find((b) => p95 < b.below) ?? bands[3];

/** All series at one point of the map. */
interface Spot {
  at: [number, number];
  list: Row[];
  silent: boolean;
  worst: number | null; // the highest P95 of those that are not silent
}

function spots(known: Row[], since: number, until: number): Spot[] {
  const all: Partial<Record<string, Spot>> = {};
  for (const s of known) {
    const at = projection([s.where?.lon ?? 0, s.where?.lat ?? 0]);
    if (!at) continue;
    const key = `${Math.round(at[0])} ${Math.round(at[1])}`;
    const spot = (all[key] ??= { at, list: [], silent: true, worst: null });
    spot.list.push(s);
    const value = s.p95;
    if (isSilent(s, until, since) || value === null) continue;
    spot.silent = false;
    spot.worst = Math.max(spot.worst ?? 0, value);
  }
  return Object.values(all)
    .flatMap((s) => (s ? [s] : []))
    .toSorted((a, b) => (b.worst ?? 0) - (a.worst ?? 0));
}

const shownLines = 3; // of one spot, one for each of its series

/** What stands beside a spot. */
function lines(s: Spot): string[] {
  const names = [...new Set(s.list.map((x) => x.location_id))];
  const mark = (v: string) => (v === 'valid' ? '' : ` ${marks[v] ?? ''}`);
  const value = (x: Row) => ms(x.p95) + mark(x.validity);
  if (names.length === 1 && s.list.length <= shownLines)
    return s.list.map((x, i) => (i === 0 ? `${names[0]} ${value(x)}` : value(x)));
  const what = names.length === 1 ? names[0] : `${s.list[0]?.where?.city ?? ''}: ${names.length} places`;
  return [`${what} ≤ ${s.worst === null ? '–' : ms(s.worst)}`, plural(s.list.length, 'series').replace(/ss$/, 's')];
}

interface Box {
  x: number;
  y: number;
  wide: number;
  high: number;
}

const meet = (a: Box, b: Box) => a.x < b.x + b.wide && b.x < a.x + a.wide && a.y < b.y + b.high && b.y < a.y + a.high;

/** How large texts and dots are: the map of a phone is smaller, and what stands on it is not. */
const scale = () => (narrow.value ? 1.5 : 1);

/** Where the text of each spot has room: right of it, left, below, above or at a corner; undefined = nowhere. */
function placed(list: Spot[], k: number): (Box | undefined)[] {
  const taken: Box[] = list.map(({ at }) => ({ x: at[0] - 7 * k, y: at[1] - 7 * k, wide: 14 * k, high: 14 * k }));
  return list.map((s) => {
    const text = lines(s);
    const wide = 6.6 * k * Math.max(...text.map((t) => t.length)) + 2;
    const high = 14 * k * text.length;
    const [x, y] = s.at;
    const free = [
      { x: x + 9 * k, y: y - 8 * k },
      { x: x - 9 * k - wide, y: y - 8 * k },
      { x: x - wide / 2, y: y + 9 * k },
      { x: x - wide / 2, y: y - 9 * k - high },
      ...[4 - wide, -4].flatMap((by) => [8 * k, -8 * k - high].map((down) => ({ x: x + by, y: y + down }))),
    ]
      .map((b) => ({ ...b, wide, high }))
      .find(
        (b) =>
          b.x >= 0 && b.x + wide <= width && b.y >= top && b.y + high <= bottom && !taken.some((t) => meet(t, b)),
      );
    if (free) taken.push(free);
    return free;
  });
}

/** The view of a spot: its one series, its one place, or those of the list whose names begin as they do. */
function goal(s: Spot): [View, Record<string, string>] {
  const names = [...new Set(s.list.map((x) => x.location_id))];
  if (s.list.length === 1 && s.list[0]) return ['place', place(s.list[0])];
  if (names.length === 1) return ['place', { location: names[0] ?? '' }];
  const one = names.reduce((a, b) => a.slice(0, [...a].findIndex((c, i) => c !== b[i]) >>> 0));
  return ['places', { find: one || (s.list[0]?.where?.city ?? '') }];
}

export function Map({ list, since, until }: { list: Row[]; since: number; until: number }) {
  const known = list.filter((s) => s.where !== null);
  const unknown = [...new Set(list.filter((s) => s.where === null).map((s) => s.location_id))];
  const all = spots(known, since, until);
  const boxes = placed(all, scale());
  return (
    <Figure
      title="Where"
      nothing={
        known.length === 0 ? `no place here is called as a region of a cloud is (${some(unknown)})` : undefined
      }
      says={
        <>
          P95 of the round trip in ms, the highest of each spot;{' '}
          {bands.map((b) => (
            <span class={`key ${b.ink}`}>{b.name}</span>
          ))}
          <span class="key hollow">silent for a while</span>
          {unknown.length > 0 && <span class="key none">(not on the map: {some(unknown)})</span>}
        </>
      }
      table={() => ({
        head: ['place', 'city', 'way', 'P95 ms', 'loss', 'runs', 'last run', 'UTC'],
        lines: known.map((s) => [
          route(s),
          s.where?.city ?? '',
          way(s),
          ms(s.p95),
          percent(s.loss),
          count(s.runs),
          `${ago(until - s.last_end)} ago`,
          utc(s.last_end),
        ]),
      })}
    >
      <div class="wide">
        <svg
          class="picture map"
          viewBox={`0 ${top} ${width} ${bottom - top}`}
          role="group"
          aria-label="map of places"
        >
          <path class="grid" d={grid} />
          <path class="land" d={land} />
          {all.map((s, i) => (
            <Dot s={s} box={boxes[i]} until={until} />
          ))}
        </svg>
      </div>
    </Figure>
  );
}

/** The first names of many. */
const some = (names: string[]) =>
  names.slice(0, 6).join(', ') + (names.length > 6 ? ` and ${names.length - 6} more` : '');

function Dot({ s, box, until }: { s: Spot; box: Box | undefined; until: number }) {
  const k = scale();
  const [view, to] = goal(s);
  const names = s.list.slice(0, 5).map((x) => {
    const gone = s.silent ? `, silent for ${ago(until - x.last_end)}` : '';
    return `${route(x)}, ${way(x)}: ${x.p95 === null ? notShown(x) : `P95 ${ms(x.p95)} ms`}${gone}`;
  });
  if (s.list.length > 5) names.push(`and ${s.list.length - 5} more`);
  const right = box !== undefined && box.x > s.at[0] - 5;
  const left = box !== undefined && box.x + box.wide < s.at[0] + 5;
  const anchor = right ? 'start' : left ? 'end' : 'middle';
  const x = box === undefined ? 0 : right ? box.x : left ? box.x + box.wide : box.x + box.wide / 2;
  return (
    <a
      href={link(view, to)}
      onClick={(e) => {
        e.preventDefault();
        go(view, to);
      }}
    >
      <title>{names.join('\n')}</title>
      <circle
        class={`dot ${s.worst === null ? 'hollow' : bandOf(s.worst).ink}`}
        cx={s.at[0]}
        cy={s.at[1]}
        r={k * (s.list.length > shownLines ? 7 : 6)}
      />
      {box &&
        lines(s).map((t, i) => (
          <text
            class="label halo"
            style={`font-size:${12 * k}px`}
            text-anchor={anchor}
            x={x}
            y={box.y + k * (12 + 14 * i)}
          >
            {t}
          </text>
        ))}
    </a>
  );
}
