// How two sides differ, of all runs and place by place, each with its interval.
import type { Comparison, Groups } from './contract';
import { Figure, narrow } from './figure';
import { count, ms, route, tick } from './text';

interface Line {
  name: string;
  g: Groups;
}

/** The least of 1, 2, 5, 10, … that is not below v. */
function nice(v: number): number {
  const ten = 10 ** Math.floor(Math.log10(v));
  return ten * ([1, 2, 5].find((f) => f * ten >= v) ?? 10);
}

export function Forest({ c }: { c: Comparison }) {
  const above = narrow.value ? 16 : 0;
  const [left, right, width, row] = above ? [8, 8, 400, 50] : [170, 210, 960, 34];
  const lines: Line[] = [{ name: 'all', g: c.all }, ...c.places.map((p) => ({ name: route(p), g: p.comparison }))];
  const drawn = lines.filter((l) => l.g.alike && l.g.median_diff_ms !== null);
  const ends = drawn.flatMap((l) => [l.g.median_diff_ms?.value ?? 0, ...(l.g.median_diff_ms?.ci95 ?? [])]);
  const [least, most] = [Math.min(0, ...ends), Math.max(0, ...ends)];
  const margin = Math.max(0.01, (most - least) * 0.08);
  const [low, high] = [least - margin, most + margin];
  const x = (v: number) => left + ((v - low) / (high - low)) * (width - left - right);
  const height = row * (lines.length + 1) + 32;
  const step = nice((high - low) / (above ? 4 : 6));
  const first = Math.ceil(low / step);
  const ticks = Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => (first + i) * step);
  return (
    <Figure
      title="Difference of the medians"
      of={`A: ${c.all.a.operand}; B: ${c.all.b.operand}`}
      nothing={
        drawn.length === 0
          ? c.all.alike
            ? c.all.verdict
            : 'the two sides did not go the same kind of way, and are not drawn against each other'
          : undefined
      }
      says="B − A in ms, with the 95 % interval. A thick bar leaves zero out: that is a difference."
      table={{
        head: ['place', 'B − A ms', '95 % from', 'to', 'runs A', 'runs B', 'verdict'],
        lines: lines.map(({ name, g }) => [
          name,
          ms(g.median_diff_ms?.value),
          ms(g.median_diff_ms?.ci95?.[0]),
          ms(g.median_diff_ms?.ci95?.[1]),
          count(g.a.runs),
          count(g.b.runs),
          g.verdict,
        ]),
      }}
    >
      <div class="wide">
        <svg
          class="picture forest"
          viewBox={`0 0 ${width} ${height}`}
          role="img"
          aria-label="differences with their intervals"
        >
          {ticks.map((t) => (
            <line class="line" x1={x(t)} x2={x(t)} y1="24" y2={row * lines.length + 26} />
          ))}
          <line class="zero" x1={x(0)} x2={x(0)} y1="20" y2={row * lines.length + 26} />
          {least < 0 && (
            <text class="label quiet" x={x(0) - 8} y="14" text-anchor="end">
              ← B faster
            </text>
          )}
          {most > 0 && (
            <text class="label quiet" x={x(0) + 8} y="14">
              A faster →
            </text>
          )}
          {lines.map(({ name, g }, i) => {
            const y = row * (i + 0.5) + 24 + above / 2;
            const level = y + 4 - 1.25 * above; // of the texts
            const beside = above
              ? { x: width - right, y: level, 'text-anchor': 'end' as const }
              : { x: width - right + 20, y: level };
            const d = g.median_diff_ms;
            const shown = d?.ci95 && ((d.ci95[0] ?? 0) > 0 || (d.ci95[1] ?? 0) < 0);
            return (
              <g>
                <text class="label" x={above ? left : left - 12} y={level} text-anchor={above ? 'start' : 'end'}>
                  {name}
                </text>
                {d && g.alike ? (
                  <>
                    {d.ci95 && (
                      <line
                        class={`bar ${shown ? 'shown' : ''}`}
                        x1={x(d.ci95[0] ?? d.value)}
                        x2={x(d.ci95[1] ?? d.value)}
                        y1={y}
                        y2={y}
                      />
                    )}
                    <rect
                      class={`ink ${shown ? 'accent' : 'quiet'}`}
                      x={x(d.value) - 5}
                      y={y - 5}
                      width="10"
                      height="10"
                    >
                      <title>{g.verdict}</title>
                    </rect>
                    <text class="label" {...beside}>
                      {ms(d.value)} ms{d.ci95 ? ` (${ms(d.ci95[0])} … ${ms(d.ci95[1])})` : ''}
                    </text>
                  </>
                ) : (
                  <text class="label" {...beside}>
                    {g.alike ? g.verdict : 'unlike ways'}
                  </text>
                )}
              </g>
            );
          })}
          {drawn.length > 0 &&
            ticks.map((t) => (
              <text class="label quiet" x={x(t)} y={height - 6} text-anchor="middle">
                {tick(+t.toPrecision(6))}
              </text>
            ))}
        </svg>
      </div>
    </Figure>
  );
}
