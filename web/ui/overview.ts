// All series of a time as the map and the list show them: made of the columns that the server sends.
import type { Overview, Point } from './contract';
import type { Way } from './text';

/** One series. */
export interface Row extends Way {
  location_id: string;
  echo_place: string;
  where: Point | null;
  transport_class: string;
  path: string;
  p50: number | null;
  p95: number | null;
  p99: number | null;
  loss: number | null;
  pings: number;
  runs: number;
  left_out: number;
  last_end: number;
  validity: string;
  course: (number | null)[]; // of the median, in parts of the time: from 0, the least, to 1
  least: number | null;
  most: number | null;
}

const steps = 35;

/** A character of a course: 0 to z, or a space. */
const height = (c: string) => (c === ' ' ? null : parseInt(c, 36) / steps);

/** The rows of o. The course of a row is read when it is asked for: few of them are shown. */
export function rowsOf(o: Overview): Row[] {
  const points = o.locations.map((l) => (l.point === null ? null : (o.points[l.point] ?? null)));
  return o.location.map((at, i) => {
    const way = o.ways[o.way[i] ?? 0] ?? { platform: '', engine: '', transport_class: '', path: '' };
    const [answered, failed] = [o.answered[i] ?? 0, o.failed[i] ?? 0];
    const pings = answered + failed;
    return {
      ...way,
      location_id: o.locations[at]?.location_id ?? '',
      echo_place: o.echoes[o.echo[i] ?? 0] ?? '',
      where: points[at] ?? null,
      p50: o.p50[i] ?? null,
      p95: o.p95[i] ?? null,
      p99: o.p99[i] ?? null,
      loss: pings > 0 ? failed / pings : null,
      pings,
      runs: o.runs[i] ?? 0,
      left_out: o.runs_left_out[i] ?? 0,
      last_end: o.last_end[i] ?? 0,
      validity: o.validity[i] ?? '',
      get course() {
        return Array.from(o.course[i] ?? '', height);
      },
      least: o.least[i] ?? null,
      most: o.most[i] ?? null,
    };
  });
}

/** Why a row has no figures. */
export const notShown = (r: Row) =>
  r.runs === 0 && r.left_out > 0
    ? 'all runs of this time are invalid, and left out'
    : 'no ping was answered in this time';

/** The address of a row as parameters. */
export const place = (r: Row) => ({
  location: r.location_id,
  platform: r.platform,
  engine: r.engine,
  transport: r.transport_class,
  path: r.path,
  ...(r.echo_place ? { echo_place: r.echo_place } : {}),
});

/** What is silent for so long, in parts of the time that is shown, is drawn hollow. */
export const isSilent = (r: Row, until: number, since: number) => until - r.last_end > (until - since) / 4;
