// How long a jitter buffer has to wait, so that few packets come too late for it.
import type uPlot from 'uplot';
import type { BufferPoint, Buffers, File } from './contract';
import { Figure } from './figure';
import { colour, Plot } from './plot';
import { ms } from './text';

const depth = (share: number) => -Math.log10(share);
const shares = [0.5, 0.1, 0.01, 0.001, 0.0001];

/** Both curves on the steps of the longer one: each goes as far as there are packets for it. */
function aligned(of: Buffers): uPlot.AlignedData {
  const longer = of.up.length > of.down.length ? of.up : of.down;
  const at = (list: BufferPoint[]) => longer.map((_, i) => list[i]?.wait_ms ?? null);
  return [longer.map((p) => depth(p.share)), at(of.up), at(of.down)] as uPlot.AlignedData;
}

export function JitterBuffer({ of, file }: { of: Buffers; file: File }) {
  const told = file.details.variation;
  const one = (name: string, wait: number | null | undefined) => (wait == null ? '' : `${name} ${ms(wait)} ms`);
  const words = [one('up', told?.up.buffer_ms.loses_1_percent), one('down', told?.down.buffer_ms.loses_1_percent)];
  const clocks = file.details.one_way.reason ?? 'it is not known how long packets took on each way';
  return (
    <Figure
      title="Jitter buffer"
      nothing={of.up.length + of.down.length === 0 ? clocks : undefined}
      says={
        <>
          How long a buffer of a fixed size waits, beyond the fastest packet, and which share of the packets still
          comes too late for it. One packet of a hundred: {words.filter(Boolean).join(', ') || 'too few packets'}.{' '}
          <span class="key accent">up</span>
          <span class="key warn square">down</span>
        </>
      }
      table={{
        head: ['too late', 'up ms', 'down ms'],
        lines: (of.up.length > of.down.length ? of.up : of.down).map((p, i) => [
          `${(100 * p.share).toPrecision(3)} %`,
          ms(of.up[i]?.wait_ms),
          ms(of.down[i]?.wait_ms),
        ]),
      }}
    >
      <Plot
        label="wait of a jitter buffer against the share of packets that come too late"
        data={aligned(of)}
        options={() => ({
          legend: { show: false },
          scales: { x: { time: false } },
          axes: [
            {
              label: 'packets that come too late, %',
              splits: (_, __, ___, most) => shares.map(depth).filter((d) => d <= most + 0.001),
              values: (_, at) => at.map((d) => `${+(100 * 10 ** -d).toPrecision(2)}`),
            },
            { label: 'wait, ms', size: 60 },
          ],
          series: [
            {},
            { label: 'up', stroke: colour('accent'), width: 2, points: { show: false } },
            { label: 'down', stroke: colour('warn'), width: 2, dash: [8, 4], points: { show: false } },
          ],
        })}
      />
    </Figure>
  );
}
