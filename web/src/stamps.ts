// The T1 of every ping sent, in ascending order, each with the number of its ping. It is the twin of
// internal/recorder/stamps.go, which says why a T1 has at most three decimals. All are kept, because a pong may come
// back however late, and must still be told from another runner's. It costs 12 bytes a ping.

export class Stamps {
  private t1 = new Float64Array(1024); // whole thousandths of a Unix millisecond
  private seq = new Uint32Array(1024); // 0 = warm-up
  private length = 0;

  /** Notes a ping sent at unix ms and returns its T1: the next thousandth, where two T1 would be equal. */
  add(unix: number, seq: number): number {
    const n = this.length;
    const now = thousandths(unix);
    const t1 = n > 0 && now <= this.t1[n - 1]! ? this.t1[n - 1]! + 1 : now;
    if (n === this.t1.length) {
      const wider = new Float64Array(2 * n), more = new Uint32Array(2 * n);
      wider.set(this.t1);
      more.set(this.seq);
      this.t1 = wider;
      this.seq = more;
    }
    this.t1[n] = t1;
    this.seq[n] = seq;
    this.length++;
    return t1 / 1000;
  }

  /** The number of the last counted ping among those with a T1 up to this one; 0 = none. */
  before(unix: number): number {
    const t1 = thousandths(unix);
    for (let i = this.length - 1; i >= 0; i--) if (this.t1[i]! <= t1 && this.seq[i] !== 0) return this.seq[i]!;
    return 0;
  }

  /** The number of the ping with this T1, to the thousandth of a millisecond. */
  find(unix: number): number | undefined {
    const t1 = thousandths(unix);
    let low = 0, high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.t1[middle]! < t1) low = middle + 1;
      else high = middle;
    }
    return low < this.length && this.t1[low] === t1 ? this.seq[low] : undefined;
  }
}

const thousandths = (unix: number): number => Math.round(unix * 1000);
