// The ping loop. It runs in the page, because a hop over the debugging protocol costs more than a LAN. It keeps the
// rules of internal/recorder: a fixed grid, the sample before the send, nothing called lost that never left. The page
// is one thread, so there is one place where everything happens: look().

import { type Count, Outcome, type Plan, Reason, type Sample, type State } from './contract';
import type { Listener, Pong, Time, Wire } from './carrier';
import { Record } from './record';
import { type Link, Muted, NotConnected } from './session';
import { Ledger } from './seen';

const warmupInterval = 50;
const longestWait = 60; // ms: three frames of an encoder
const settleGrace = 2;
const retryInterval = 50;
const maxUp = 2.3e12; // ms: an echo's clock may begin anywhere, as that of internal/recorder may

export class Probe implements Listener {
  readonly result: State = {
    ended: 'complete', error: '', noEcho: false, start: 0, end: 0, firstPong: 0, identity: '', kind: '',
    others: [], counts: {}, strays: 0, unmatched: 0, ways: { known: false, up: 0, down: 0, unknown: 0 },
  };
  private readonly record = new Record();
  private readonly ledger = new Ledger((seq) => this.record.isOpen(seq));
  private readonly waiting = new Set<number>(); // pings that the wire keeps until they can leave
  private draining = false; // control pings are being sent …
  private controlAt = 0; // … the last one then
  private slowest = 0; // round trip answered in time
  private phase: 'first' | 'warmup' | 'grid' | 'over' = 'first';
  private began = 0;
  private nextWarmup = 0;
  private warmups = 0;
  private start = 0;
  private oldest = 0;
  private sending = false;
  private sendSeq = 0;
  private sendSince = 0;
  private freedAt = -Infinity;
  private failedAt = -Infinity;
  private failingSince = Infinity; // no send has worked since then …
  private failure = ''; // … for this reason
  private sent = 0;
  private down = false;
  private downSince = 0;
  private finish!: (r: State) => void;
  private readonly echoes = new Set<string>();
  private readonly unmatched = new Map<string, number>(); // what may have been a pong, by sender

  constructor(
    private readonly link: Link, private readonly wire: Wire, private readonly plan: Plan, private readonly time: Time,
  ) {}

  run(): Promise<State> {
    const done = new Promise<State>((resolve) => (this.finish = resolve));
    this.wire.hear(this);
    this.began = this.nextWarmup = this.time.now();
    this.link.onDown((down, ago) => {
      this.down = down;
      this.downSince = this.time.now() - ago;
      this.look();
    });
    this.link.onEnd((why) => this.end('disconnected', why));
    this.look();
    return done;
  }

  /** The samples that are new or changed since the last call, at most so many. */
  take(most: number): Sample[] {
    return this.record.take(most);
  }

  /** The result as it is by now. Its firstPong is a performance.now(). */
  soFar(): State {
    const begun = this.start !== 0;
    return {
      ...this.result,
      counts: { ...this.result.counts },
      start: begun ? this.time.origin + this.start : 0,
      end: begun ? this.time.origin + Math.max(this.result.end, this.start) : 0,
      others: [...this.echoes].sort(),
      unmatched: this.unmatched.get(this.result.identity) ?? 0,
    };
  }

  /** Ends the run now; what was measured stays. */
  stop(): void {
    this.end('interrupted', 'interrupted');
  }

  private get closedLoop(): boolean {
    return this.plan.cooldown === 0;
  }

  private due(seq: number): number {
    return (seq - 1) * this.plan.cooldown;
  }

  private end(ended: State['ended'], error: string): void {
    if (this.phase === 'over') return;
    const r = this.result;
    if (this.start === 0) this.start = r.end = this.time.now();
    this.splitLost();
    r.ended = ended;
    r.error = error;
    this.phase = 'over';
    this.finish(this.soFar());
  }

  /** Says of each lost ping where it was lost, as far as that is known. */
  private splitLost(): void {
    const { lost, notSent } = this.record.failed(this.ledger.covered);
    for (const s of lost) this.record.because(s, this.ledger.way(s.seq));
    this.result.ways = this.ledger.split(lost.map((s) => s.seq), this.ledger.covered - notSent);
  }

  /** Looks what is to be done now, does that, and sets the timer for the next thing. */
  private look(): void {
    if (this.phase === 'over') return;
    const now = this.time.now();
    if (this.down && now - this.downSince >= this.plan.reconnectTimeout) {
      this.end('disconnected', `no connection to the server for ${this.plan.reconnectTimeout / 1000}s`);
      return;
    }
    if (this.sending && now - this.sendSince >= this.plan.reconnectTimeout) {
      this.end('disconnected', `send call still blocked after ${this.plan.reconnectTimeout / 1000}s`);
      return;
    }
    if (now - this.failingSince >= this.plan.reconnectTimeout) {
      this.end('disconnected', `nothing could be sent for ${this.plan.reconnectTimeout / 1000}s: ${this.failure}`);
      return;
    }
    const wait = this.phase === 'grid' ? this.onGrid(now) : this.warmUp(now);
    if (wait !== undefined) this.time.wake(wait, () => this.look());
  }

  private warmUp(now: number): number | undefined {
    if (this.phase === 'first') {
      if (now - this.began >= this.plan.echoTimeout) {
        this.result.noEcho = true;
        this.end('disconnected', 'no echo answered');
        return undefined;
      }
      if (now >= this.nextWarmup) {
        if (!this.sending) this.send(0);
        this.nextWarmup = now + warmupInterval;
      }
      return Math.min(this.nextWarmup, this.began + this.plan.echoTimeout);
    }
    if (now < this.nextWarmup) return this.nextWarmup;
    if (this.warmups < this.plan.warmup) {
      this.warmups++;
      if (!this.sending) this.send(0);
      this.nextWarmup += this.plan.cooldown || warmupInterval;
      return this.nextWarmup;
    }
    this.start = this.result.end = this.nextWarmup + this.toGrid(this.time.origin + this.nextWarmup);
    this.phase = 'grid';
    return this.onGrid(now);
  }

  /** How long until an aligned grid begins; see bench.Plan.Align. */
  private toGrid(unix: number): number {
    const { aligned, phase, cooldown } = this.plan;
    return aligned && !this.closedLoop ? (cooldown - ((unix - phase) % cooldown)) % cooldown : 0;
  }

  private onGrid(now: number): number | undefined {
    const wait = this.settleOverdue(now);
    if (this.sent + this.waiting.size + (this.sending ? 1 : 0) >= this.plan.count) {
      if (!this.sending && this.oldest === this.record.slots) {
        this.end('complete', '');
        return undefined;
      }
      return this.control(now, wait);
    }
    return this.closedLoop ? this.inLoop(now, wait) : this.nextSlot(now, wait);
  }

  /** Sends pings that are not counted while the last ones wait for their pongs; see internal/recorder/grid.go. */
  private control(now: number, wait: number): number {
    const last = this.record.get(this.record.slots);
    if (this.sending || this.waiting.size > 0 || !last) return wait;
    if (!this.ledger.told || this.ledger.covered >= this.record.slots) return wait;
    if (!this.draining) {
      this.draining = true;
      this.controlAt = this.start + last.sent + this.slowest;
    }
    const due = this.controlAt + Math.max(this.plan.cooldown, warmupInterval);
    if (now < due) return Math.min(wait, due);
    this.controlAt = now;
    this.send(0);
    return Math.min(wait, now + Math.max(this.plan.cooldown, warmupInterval));
  }

  private nextSlot(now: number, wait: number): number {
    let seq = this.record.slots + 1;
    for (; now - this.start >= this.due(seq + 1); seq++) {
      const blocked = this.sending || this.freedAt > this.start + this.due(seq);
      const s = this.record.add(seq, this.due(seq));
      s.outcome = Outcome.notSent;
      s.reason = this.down ? Reason.notConnected : blocked ? Reason.sendBlocked : Reason.stalled;
      this.settled(s, now);
    }
    const due = this.start + this.due(seq);
    if (this.sending) return Math.min(wait, this.start + this.due(seq + 1));
    if (now < due) return Math.min(wait, due);
    this.send(seq, this.due(seq));
    return Math.min(wait, this.start + this.due(seq + 1), this.time.now() + this.plan.timeout + settleGrace);
  }

  private inLoop(now: number, wait: number): number {
    if (this.sending || this.oldest < this.record.slots) return wait;
    if (now < this.failedAt + retryInterval) return Math.min(wait, this.failedAt + retryInterval);
    if (now < this.start) return Math.min(wait, this.start);
    this.send(this.record.slots + 1, now - this.start);
    return Math.min(wait, this.time.now() + this.plan.timeout + settleGrace);
  }

  /** Calls pings lost whose timeout is over. Returns when to look again. */
  private settleOverdue(now: number): number {
    for (; this.oldest < this.record.slots; this.oldest++) {
      const s = this.record.get(this.oldest + 1);
      if (s?.outcome !== Outcome.unsettled) continue;
      if (this.sending && s.seq === this.sendSeq) break;
      if (this.waiting.has(s.seq)) {
        const tooLate = this.start + s.sent + longestWait;
        if (now < tooLate) return tooLate;
        this.wire.withdraw?.(s.seq);
        return now + longestWait;
      }
      const deadline = this.start + s.sent + this.plan.timeout + settleGrace;
      if (now < deadline) return deadline;
      s.outcome = Outcome.lost;
      this.settled(s, this.start + s.sent + this.plan.timeout);
    }
    return now + 1000;
  }

  private settled(s: Sample, at: number): void {
    this.result.end = Math.max(this.result.end, at);
    this.record.changed(s);
  }

  private send(seq: number, due = 0): void {
    const s = seq === 0 ? undefined : this.record.add(seq, due);
    const began = this.time.now();
    if (this.down) {
      this.sendFailed(s, began);
      return;
    }
    if (s) s.sent = began - this.start;
    this.sending = true;
    this.sendSeq = seq;
    this.sendSince = began;
    let sync = true; // nothing may look before this send has been noted
    const returned = (failed: boolean, error?: unknown) => {
      this.sending = false;
      const now = (this.freedAt = this.time.now());
      if (failed) this.threw(s, error, began, now);
      else this.took(s, began, now);
      if (!sync) this.look();
    };
    try {
      const result = this.wire.send(seq, began);
      if (result === 'waits') this.waits(seq);
      else if (result instanceof Promise) result.then(() => returned(false), (e: unknown) => returned(true, e));
      else returned(false);
    } catch (e) {
      returned(true, e);
    }
    sync = false;
  }

  private took(s: Sample | undefined, began: number, now: number): void {
    this.failingSince = Infinity;
    if (!s) {
      this.count(this.draining ? 'control_sent' : 'warmup_sent');
      return;
    }
    this.sent++;
    s.sendCall = now - began;
    this.record.changed(s);
  }

  /** Notes that a ping waits with the wire. The next ping goes there when it is due: no ping blocks another. */
  private waits(seq: number): void {
    this.sending = false;
    this.failingSince = Infinity;
    if (seq !== 0) this.waiting.add(seq);
  }

  left(seq: number, at: number): void {
    const s = this.record.get(seq);
    this.waiting.delete(seq);
    if (seq === 0) this.took(undefined, at, at);
    else if (s) {
      s.sent = at - this.start;
      this.took(s, at, at);
    }
    if (this.phase === 'grid' && (this.closedLoop || this.sent >= this.plan.count)) this.look();
  }

  withdrawn(seq: number, why: Reason): void {
    const s = this.record.get(seq), now = this.time.now();
    if (!this.waiting.delete(seq) || !s || this.phase === 'over') return;
    s.outcome = Outcome.notSent;
    s.reason = why;
    this.failedAt = now;
    this.settled(s, now);
    this.look();
  }

  /**
   * A send that failed, as in internal/recorder/sending.go: a link that is down costs the slot, any other error the
   * run.
   */
  private threw(s: Sample | undefined, error: unknown, began: number, now: number): void {
    this.failure = error instanceof Error ? error.message : String(error);
    this.failingSince = Math.min(this.failingSince, began);
    this.sendFailed(s, now, error instanceof Muted ? Reason.muted : Reason.notConnected);
    if (!(error instanceof NotConnected)) this.end('disconnected', `send: ${this.failure}`);
  }

  private sendFailed(s: Sample | undefined, now: number, why: Reason = Reason.notConnected): void {
    if (!s) return;
    this.failedAt = now;
    if (s.outcome === Outcome.unsettled) {
      s.outcome = Outcome.notSent;
      s.reason = why;
      this.settled(s, now);
    } else {
      this.sent++; // a pong proves that it left
    }
  }

  private count(what: Count): void {
    this.result.counts[what] = (this.result.counts[what] ?? 0) + 1;
  }

  malformed(from: string): void {
    if (this.phase === 'over') return;
    this.count('malformed');
    this.unmatched.set(from, (this.unmatched.get(from) ?? 0) + 1);
  }

  stray(from: string): void {
    if (this.phase === 'over') return;
    this.count('foreign');
    this.result.strays++;
    this.unmatched.set(from, (this.unmatched.get(from) ?? 0) + 1);
  }

  foreign(): void {
    if (this.phase !== 'over') this.count('foreign');
  }

  answered(pong: Pong): void {
    if (this.phase === 'over') return;
    const r = this.result, { seq, from } = pong;
    if (this.plan.echo !== '' && from !== this.plan.echo) {
      this.count('foreign');
      this.echoes.add(from);
      return;
    }
    if (this.phase === 'first') {
      r.firstPong = pong.at;
      r.identity = from;
      r.kind = pong.kind;
      this.phase = 'warmup';
      this.nextWarmup = this.time.now();
    }
    if (from !== r.identity) {
      this.count('foreign');
      this.echoes.add(from);
      return;
    }
    if (pong.seen && pong.seen.last <= this.record.slots) this.ledger.take(pong.seen, pong.before);
    if (seq !== 0) this.answer(this.record.get(seq), pong.receive, pong.send, pong.at);
    if (seq === 0 || this.closedLoop || this.sent >= this.plan.count) this.look();
  }

  private answer(s: Sample | undefined, receive: number, send: number, at: number): void {
    if (!s || s.outcome === Outcome.answered || s.outcome === Outcome.late) {
      this.count('duplicate');
      return;
    }
    if (s.outcome === Outcome.notSent) {
      s.reason = Reason.none;
      this.sent++;
    }
    s.rtt = at - this.start - s.sent;
    s.outcome = s.rtt <= this.plan.timeout ? Outcome.answered : Outcome.late;
    if (s.outcome === Outcome.answered) this.slowest = Math.max(this.slowest, s.rtt);
    this.ledger.answered(s.seq);
    const t1 = this.time.origin + this.start + s.sent; // the T1 on the wire is rounded
    const hold = send - receive, up = receive - t1;
    if (hold >= 0 && hold <= s.rtt && Math.abs(up) < maxUp) {
      s.stamped = true;
      s.hold = hold;
      s.up = up;
    }
    this.settled(s, at);
  }
}
