// uPlot as a component: as wide as its place, in the colours of the page.
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';

/** A colour of the page, by the name of its variable in style.css. */
export const colour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** A colour that lets through what is under it. */
export const faint = (name: string, part: number): string =>
  `color-mix(in srgb, ${colour(name)} ${Math.round(100 * part)}%, transparent)`;

export interface PlotProps {
  label: string;
  height?: number;
  data: uPlot.AlignedData;
  options: () => Omit<uPlot.Options, 'width' | 'height'>;
}

const dark = matchMedia('(prefers-color-scheme: dark)');

export function Plot({ label, height = 260, data, options }: PlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const drawn = useRef<uPlot | undefined>(undefined);
  const latest = useRef(data);
  useEffect(() => {
    const place = box.current;
    if (place === null) return undefined;
    let plot: uPlot | undefined;
    const size = () => ({ width: Math.max(280, Math.floor(place.clientWidth)), height });
    const draw = () => {
      plot?.destroy();
      const o = options();
      plot = new uPlot(
        { ...o, ...size(), axes: o.axes?.map((a) => ({ ...axis(), ...a })) ?? [axis(), axis()] },
        latest.current,
        place,
      );
      drawn.current = plot;
    };
    draw();
    const watch = new ResizeObserver(() => plot?.setSize(size()));
    watch.observe(place);
    dark.addEventListener('change', draw);
    return () => {
      watch.disconnect();
      dark.removeEventListener('change', draw);
      plot?.destroy();
      drawn.current = undefined;
    };
  }, [height]);
  useEffect(() => {
    if (latest.current !== data) drawn.current?.setData(data);
    latest.current = data;
  }, [data]);
  return <div class="plot" ref={box} role="img" aria-label={label} />;
}

const two = (n: number) => String(n).padStart(2, '0');

/** An axis of time: hours of 24, and the day where it begins. */
export const timeAxis: uPlot.Axis = {
  space: 70,
  values: (_, splits, __, ___, step) =>
    splits.map((at, i) => {
      const t = new Date(at * 1000);
      const day = `${two(t.getMonth() + 1)}-${two(t.getDate())}`;
      const before = i > 0 ? new Date((splits[i - 1] ?? 0) * 1000).getDate() : -1;
      const time =
        step < 60
          ? `${two(t.getHours())}:${two(t.getMinutes())}:${two(t.getSeconds())}`
          : `${two(t.getHours())}:${two(t.getMinutes())}`;
      if (step >= 86_400) return day;
      return before === t.getDate() ? time : `${time}\n${day}`;
    }),
};

function axis(): uPlot.Axis {
  const line = { stroke: colour('line'), width: 1 };
  return { stroke: colour('quiet'), grid: line, ticks: line, font: '12px system-ui, sans-serif' };
}
