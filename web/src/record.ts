// The samples of a run, by their numbers.

import { Outcome, Reason, type Sample } from './contract';

export class Record {
  slots = 0; // used or not: the number of the last sample
  private readonly samples = new Map<number, Sample>(); // but for those answered and taken
  private readonly fresh = new Set<Sample>(); // changed since take

  add(seq: number, due: number): Sample {
    const s: Sample = {
      seq, due, outcome: Outcome.unsettled, reason: Reason.none, stamped: false, sent: 0, sendCall: 0, rtt: 0, hold: 0,
      up: 0,
    };
    this.samples.set(seq, s);
    this.slots = seq;
    this.fresh.add(s);
    return s;
  }

  get(seq: number): Sample | undefined {
    return this.samples.get(seq);
  }

  changed(s: Sample): void {
    this.fresh.add(s);
  }

  /** Whether a ping has no pong yet. */
  isOpen(seq: number): boolean {
    const outcome = this.samples.get(seq)?.outcome;
    return outcome === Outcome.unsettled || outcome === Outcome.lost;
  }

  /**
   * The samples that are new or changed since the last call, at most so many. Answered samples are not kept after that.
   */
  take(most: number): Sample[] {
    const list: Sample[] = [];
    for (const s of this.fresh) {
      if (list.length === most) break;
      list.push(s);
      this.fresh.delete(s);
      if (s.outcome === Outcome.answered || s.outcome === Outcome.late) this.samples.delete(s.seq);
    }
    return list;
  }

  /** The lost pings, and how many pings up to a number were not sent. */
  failed(upTo: number): { lost: Sample[]; notSent: number } {
    const lost: Sample[] = [];
    let notSent = 0;
    for (const s of this.samples.values()) {
      if (s.outcome === Outcome.notSent && s.seq <= upTo) notSent++;
      if (s.outcome === Outcome.lost) lost.push(s);
    }
    return { lost, notSent };
  }

  /** Says why; nothing, where that is not known. */
  because(s: Sample, why: Reason): void {
    s.reason = why;
    if (why !== Reason.none) this.fresh.add(s);
  }
}
