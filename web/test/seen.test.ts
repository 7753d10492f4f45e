import { describe, it } from 'node:test';
import { expect } from 'expect';
import { SeenRun, Ledger, readWindow, windowText } from '../src/seen';

describe('what an echo has seen', () => {
  it('counts as bench/seen.go does', () => {
    // The cases of TestSeen.
    const cases: [number[], number, number, string][] = [
      [[], 0, 0, '0'], [[0, 0], 0, 0, '0'], [[1, 2, 3], 3, 3, '7'], [[1, 4], 2, 4, '9'], [[4, 1, 1, 4], 2, 4, '9'],
      [[1, 65], 2, 65, '1'], [[1, 64], 2, 64, '8000000000000001'], [[100, 1], 2, 100, '1'], [[7, 4e9], 2, 4e9, '1'],
      [[1, 34], 2, 34, '200000001'],
    ];
    for (const [seqs, count, last, text] of cases) {
      const b = new SeenRun();
      for (const s of seqs) b.note(s);
      expect([b.count, b.last, windowText(b)]).toEqual([count, last, text]);
      expect(readWindow(text)).toEqual({ high: b.high, low: b.low });
    }
    expect(readWindow('12345678123456789')).toBeUndefined();
    expect(readWindow('xyz')).toBeUndefined();
  });

  it('splits loss as it was, at random and in bursts longer than the window', () => {
    let seed = 1;
    const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
    for (let trial = 0; trial < 60; trial++) {
      const run = new SeenRun(), settled = new Set<number>();
      const ledger = new Ledger((seq) => !settled.has(seq));
      const count = 600;
      const lost: number[] = [];
      let up = 0, down = 0, burst = 0;
      for (let seq = 1; seq <= count; seq++) {
        const last = seq === count; // comes through
        if (!last && random() < 0.05) {
          up++;
          lost.push(seq);
          continue;
        }
        run.note(seq);
        if (burst > 0) burst--;
        else if (random() < (trial % 2 ? 0.01 : 0.08)) burst = Math.floor(random() * (trial % 2 ? 150 : 3)) + 1;
        if (!last && burst > 0) {
          down++;
          lost.push(seq);
          continue;
        }
        const { count: n, last: l, high, low } = run;
        ledger.take({ count: n, last: l, high, low }, seq);
        settled.add(seq);
        ledger.answered(seq);
      }
      expect(ledger.split(lost, count)).toEqual({ known: true, up, down, unknown: 0 });
    }
  });
});
