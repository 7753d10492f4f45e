// The T1 of every ping sent, ascending, with its number beside it: what bench/probe.go keeps, too.
// A pong may come back however late, and is still to be told from somebody else's. It costs 12 bytes a ping.

export class Stamps {
  private t1 = new Float64Array(1024);
  private seq = new Uint32Array(1024); // 0 = warm-up
  private length = 0;

  /** Notes a ping sent at unix ms and returns its T1: unique by the next representable number. */
  add(unix: number, seq: number): number {
    const n = this.length;
    const t1 = n > 0 && unix <= this.t1[n - 1]! ? nextUp(this.t1[n - 1]!) : unix;
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
    return t1;
  }

  /** The number of the last counted ping among those with a T1 up to this one; 0 = none. */
  before(t1: number): number {
    for (let i = this.length - 1; i >= 0; i--) if (this.t1[i]! <= t1 && this.seq[i] !== 0) return this.seq[i]!;
    return 0;
  }

  /** The number of the ping with exactly this T1. */
  find(t1: number): number | undefined {
    let low = 0, high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.t1[middle]! < t1) low = middle + 1;
      else high = middle;
    }
    return low < this.length && this.t1[low] === t1 ? this.seq[low] : undefined;
  }
}

const bits = new DataView(new ArrayBuffer(8));

/** The next representable number above x > 0. */
function nextUp(x: number): number {
  bits.setFloat64(0, x);
  bits.setBigUint64(0, bits.getBigUint64(0) + 1n);
  return bits.getFloat64(0);
}
