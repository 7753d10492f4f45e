// uPlot as a component: as wide as its place, in the colours of the page.
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { recorded } from './svg';
import { redrawn } from './take';
import { ms, offset, tick, zone } from './text';

/** A colour of the page, by the name of its variable in style.css. */
export const colour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** A colour that lets through what is under it, as every program reads it. */
export function faint(name: string, part: number): string {
  const hex = colour(name).slice(1);
  const full = hex.length === 3 ? hex.replace(/./g, '$&$&') : hex;
  const [r, g, b] = [0, 2, 4].map((i) => parseInt(full.slice(i, i + 2), 16));
  return `rgba(${r}, ${g}, ${b}, ${part.toFixed(3)})`;
}

export interface PlotProps {
  label: string;
  height?: number;
  data: uPlot.AlignedData;
  options: () => Omit<uPlot.Options, 'width' | 'height'>;
  grows?: boolean; // new data is more of the same, drawn as the old was
  tells?: (x: number) => string; // what is said of where the pointer is; without it the values there
}

/** What the series have at a point, by their labels. */
function valuesAt(u: uPlot): string {
  const i = u.cursor.idx;
  if (i === null || i === undefined) return '';
  const said = u.series.slice(1).flatMap((s, k) => {
    const v = u.data[k + 1]?.[i];
    return v === null || v === undefined || !s.label ? [] : [`${String(s.label)} ${ms(v)}`];
  });
  return said.join(', ');
}

/** Says beside the pointer what is there. */
function tip(tells: PlotProps['tells']): uPlot.Plugin {
  const box = document.createElement('div');
  box.className = 'tip';
  return {
    hooks: {
      init: (u) => u.over.append(box),
      setCursor: (u) => {
        const left = u.cursor.left ?? -1;
        const said = left < 0 ? '' : tells ? tells(u.posToVal(left, 'x')) : valuesAt(u);
        box.textContent = said;
        box.hidden = said === '';
        box.classList.toggle('left', left > u.over.clientWidth / 2);
        box.style.setProperty('--at', `${left}px`);
      },
    },
  };
}

const schemes = [matchMedia('(prefers-color-scheme: dark)'), matchMedia('print')];

export function Plot({ label, height = 260, data, options, grows, tells }: PlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const drawn = useRef<uPlot | undefined>(undefined);
  const latest = useRef({ data, options, tells });
  const redraw = useRef(() => {});
  useEffect(() => {
    const place = box.current;
    if (place === null) return undefined;
    let plot: uPlot | undefined;
    const size = () => ({ width: Math.max(280, Math.floor(place.clientWidth)), height });
    const make = (where: HTMLElement) => {
      const o = latest.current.options();
      const axes = o.axes?.map((a) => ({ ...axis(), ...a })) ?? [axis(), axis()];
      const plugins = [tip(latest.current.tells && ((x) => latest.current.tells?.(x) ?? ''))];
      const cursor = { points: { show: false }, ...o.cursor };
      const padding: uPlot.Padding = [12, 22, null, null];
      return new uPlot({ padding, ...o, ...size(), axes, cursor, plugins }, latest.current.data, where);
    };
    const draw = () => {
      plot?.destroy();
      plot = make(place);
      drawn.current = plot;
    };
    draw();
    redraw.current = draw;
    redrawn.set(place, () =>
      recorded(() => {
        const copy = make(document.createElement('div'));
        copy.batch(() => {}); // draws now, and not when nobody writes it down
        copy.destroy();
      }),
    );
    const watch = new ResizeObserver(() => requestAnimationFrame(() => place.isConnected && plot?.setSize(size())));
    watch.observe(place);
    schemes.forEach((s) => s.addEventListener('change', draw));
    return () => {
      watch.disconnect();
      schemes.forEach((s) => s.removeEventListener('change', draw));
      plot?.destroy();
      drawn.current = undefined;
    };
  }, [height]);
  useEffect(() => {
    const old = latest.current.data;
    latest.current = { data, options, tells };
    if (old === data) return;
    if (grows) drawn.current?.setData(data);
    else redraw.current();
  }, [data]);
  return <div class="plot" ref={box} role="img" aria-label={label} />;
}

const two = (n: number) => String(n).padStart(2, '0');

/** Labels of moments: hours of 24, and the day where it begins. shift moves them to another zone's clock. */
const clock =
  (shift: (at: number) => number): uPlot.Axis['values'] =>
  (_, splits, __, ___, step) => {
    const day = (t: Date) => `${two(t.getUTCMonth() + 1)}-${two(t.getUTCDate())}`;
    const seen = splits.map((at) => new Date((at + shift(at)) * 1000));
    return seen.map((t, i) => {
      if (step >= 86_400) return day(t);
      const minutes = `${two(t.getUTCHours())}:${two(t.getUTCMinutes())}`;
      const time = step < 60 ? `${minutes}:${two(t.getUTCSeconds())}` : minutes;
      const before = seen[i - 1];
      return before && day(before) === day(t) ? time : `${time}\n${day(t)}`;
    });
  };

const local = (at: number) => -60 * new Date(at * 1000).getTimezoneOffset();

/** The axes of a time that ends at until: the viewer's own, below, and UTC, above, where that is another. */
export function timeAxes(until: number, y: uPlot.Axis): uPlot.Axis[] {
  const here = offset(until);
  const both = { space: 70, size: 46 };
  const own: uPlot.Axis = { ...both, label: here === 'UTC' ? here : `${zone} (${here})`, values: clock(local) };
  if (here === 'UTC') return [own, y];
  // Its second line, the day, is drawn below the first one: towards the picture.
  const above: uPlot.Axis = { ...both, scale: 'x', side: 0, gap: 19, label: 'UTC', values: clock(() => 0) };
  return [own, y, { ...above, grid: { show: false } }];
}

const font = '12px system-ui, sans-serif';

function axis(): uPlot.Axis {
  const line = { stroke: colour('line'), width: 1 };
  return {
    stroke: colour('quiet'),
    grid: line,
    ticks: line,
    font,
    labelFont: font,
    labelSize: 18,
    labelGap: 0,
    size: 34,
    gap: 4,
    values: (_, splits) => splits.map(tick),
  };
}
