// The world, with a dot at each place whose name says where it is.
import { geoEqualEarth, geoGraticule10, geoPath } from 'd3-geo';
import { feature } from 'topojson-client';
import type { Topology } from 'topojson-specification';
import world from 'world-atlas/land-110m.json';
import type { Series } from './contract';
import { Figure } from './figure';
import { go, link } from './state';
import { ago, marks, ms, percent, way } from './text';

const [width, height] = [960, 470];
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

export const p95 = (s: Series) => s.total.p[5] ?? null;

export const place = (s: Series) => ({
  location: s.location_id,
  platform: s.platform,
  engine: s.engine,
  transport: s.transport_class,
  path: s.path,
});

/** What is silent for so long, in parts of the time that is shown, is drawn hollow. */
export const isSilent = (s: Series, until: number, since: number) =>
  until - s.last_run.end_time > (until - since) / 4;

const spot = (s: Series) => projection([s.where?.lon ?? 0, s.where?.lat ?? 0]);

/** Whether the text to the right of at would run into another dot. */
const near = (at: [number, number], o: [number, number] | null) =>
  o !== null && o[0] >= at[0] && o[0] - at[0] < 90 && Math.abs(o[1] - at[1]) < 16 && (o[0] > at[0] || o[1] > at[1]);

export function Map({ list, since, until }: { list: Series[]; since: number; until: number }) {
  const known = list.filter((s) => s.where !== null);
  const unknown = [...new Set(list.filter((s) => s.where === null).map((s) => s.location_id))];
  const seen: Partial<Record<string, number>> = {};
  return (
    <Figure
      title="Where"
      nothing={
        known.length === 0
          ? `no place here is called as a region of a cloud is (${unknown.join(', ')}); the list below has them all`
          : undefined
      }
      says={
        <>
          P95 of the round trip;{' '}
          {bands.map((b) => (
            <span class={`key ${b.ink}`}>{b.name}</span>
          ))}
          <span class="key none">hollow: silent for a while</span>
          {unknown.length > 0 && <span class="key none">not on the map: {unknown.join(', ')}</span>}
        </>
      }
      table={{
        head: ['place', 'city', 'way', 'P95 ms', 'loss', 'runs', 'last run'],
        lines: known.map((s) => [
          s.location_id,
          s.where?.city ?? '',
          way(s),
          ms(p95(s)),
          percent(s.total.packet_loss_rate),
          String(s.total.runs),
          `${ago(until - s.last_run.end_time)} ago`,
        ]),
      }}
    >
      <div class="wide">
        <svg class="picture map" viewBox={`0 0 ${width} ${height}`} role="group" aria-label="map of places">
          <path class="grid" d={grid} />
          <path class="land" d={land} />
          {known.map((s) => {
            const at = spot(s);
            if (!at) return null;
            const crowded = known.some((o) => o.location_id !== s.location_id && near(at, spot(o)));
            const row = seen[s.location_id] ?? 0;
            seen[s.location_id] = row + 1;
            const value = p95(s);
            const silent = isSilent(s, until, since);
            const figure = value === null ? s.not_shown : `P95 ${ms(value)} ms`;
            const gone = silent ? `, silent for ${ago(until - s.last_run.end_time)}` : '';
            const name = `${s.location_id}, ${way(s)}: ${figure}${gone}`;
            return (
              <a
                href={link('place', place(s))}
                onClick={(e) => {
                  e.preventDefault();
                  go('place', place(s));
                }}
              >
                <title>{name}</title>
                <circle
                  class={`dot ${value === null || silent ? 'hollow' : bandOf(value).ink}`}
                  cx={at[0]}
                  cy={at[1] + 15 * row}
                  r="6"
                />
                <text
                  class="label"
                  text-anchor={crowded ? 'end' : 'start'}
                  x={at[0] + (crowded ? -9 : 9)}
                  y={at[1] + 15 * row + 4}
                >
                  {row === 0 ? `${s.location_id} ` : ''}
                  {value === null ? '–' : ms(value)} {marks[s.last_run.validity]}
                </text>
              </a>
            );
          })}
        </svg>
      </div>
    </Figure>
  );
}
