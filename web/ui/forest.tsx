// How two sides differ, of all runs and place by place, each with its interval.
import type { Comparison, Groups } from './contract';
import { Figure } from './figure';
import { ms } from './text';

interface Line {
  name: string;
  g: Groups;
}

const [left, width, row] = [170, 960, 34];

export function Forest({ c }: { c: Comparison }) {
  const lines: Line[] = [
    { name: 'all', g: c.all },
    ...c.places.map((p) => ({ name: p.location_id, g: p.comparison })),
  ];
  const drawn = lines.filter((l) => l.g.alike && l.g.median_diff_ms !== null);
  const ends = drawn.flatMap((l) => [l.g.median_diff_ms?.value ?? 0, ...(l.g.median_diff_ms?.ci95 ?? [])]);
  const far = Math.max(0.01, ...ends.map(Math.abs)) * 1.15;
  const x = (v: number) => left + ((v + far) / (2 * far)) * (width - left - 150);
  const height = row * (lines.length + 1) + 16;
  const ticks = [-far / 1.15, -far / 2.3, 0, far / 2.3, far / 1.15];
  return (
    <Figure
      title="Difference of the medians"
      nothing={
        drawn.length === 0
          ? c.all.alike
            ? c.all.verdict
            : 'the two sides did not go the same kind of way, and are not drawn against each other'
          : undefined
      }
      says="B − A in ms, with the 95 % interval. Left of the line B is faster, right of it A is."
      table={{
        head: ['place', 'B − A ms', '95 % from', 'to', 'runs A', 'runs B', 'verdict'],
        lines: lines.map(({ name, g }) => [
          name,
          ms(g.median_diff_ms?.value),
          ms(g.median_diff_ms?.ci95?.[0]),
          ms(g.median_diff_ms?.ci95?.[1]),
          String(g.a.runs),
          String(g.b.runs),
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
          <line class="zero" x1={x(0)} x2={x(0)} y1="4" y2={row * lines.length + 8} />
          {lines.map(({ name, g }, i) => {
            const y = row * (i + 0.5) + 6;
            const d = g.median_diff_ms;
            const shown = d?.ci95 && ((d.ci95[0] ?? 0) > 0 || (d.ci95[1] ?? 0) < 0);
            return (
              <g>
                <text class="label" x={left - 12} y={y + 4} text-anchor="end">
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
                    <text class="label" x={width - 140} y={y + 4}>
                      {ms(d.value)} ms{d.ci95 ? ` (${ms(d.ci95[0])} … ${ms(d.ci95[1])})` : ''}
                    </text>
                  </>
                ) : (
                  <text class="label" x={left} y={y + 4}>
                    {g.alike ? g.verdict : 'unlike ways'}
                  </text>
                )}
              </g>
            );
          })}
          {drawn.length > 0 &&
            ticks.map((t) => (
              <text class="label quiet" x={x(t)} y={height - 6} text-anchor="middle">
                {ms(t)}
              </text>
            ))}
        </svg>
      </div>
    </Figure>
  );
}
