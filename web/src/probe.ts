// The ping loop, in the page: a hop over the debugging protocol costs more than a LAN. It keeps
// the rules of internal/recorder: a fixed grid, the sample before the send, nothing called lost
// that never left. The page is one thread, so there is one place where everything happens: look().

import { noCounts, Outcome, type Plan, Reason, type Sample, type State } from './contract';
import { NotConnected, type Packet, type Session } from './session';
import { Ledger } from './seen';
import { Stamps } from './stamps';
import { decodePong, encodePing } from './wire';

/** Where time comes from: the page's clock and a timer that nothing throttles. */
export interface Time {
  now(): number; // monotonic, ms
  origin: number; // Unix ms of now() = 0
  wake(at: number, f: () => void): void; // one at a time: a new call replaces the one before
}

const warmupInterval = 50;
const settleGrace = 2;
const retryInterval = 50;
const maxUp = 2.3e12; // ms: an echo's clock may begin anywhere, as that of internal/recorder may

export class Probe {
  readonly result: State = {
    ended: 'complete', error: '', noEcho: false, start: 0, end: 0, firstPong: 0, identity: '', kind: '',
    others: [], counts: { ...noCounts }, strays: 0, unmatched: 0, ways: { known: false, up: 0, down: 0, unknown: 0 },
  };
  private readonly samples = new Map<number, Sample>(); // by seq, but for those answered and taken
  private slots = 0; // used or not: the number of the last sample
  private changed = new Set<Sample>(); // since take
  private readonly stamps = new Stamps();
  private readonly ledger = new Ledger((seq) => {
    const outcome = this.samples.get(seq)?.outcome;
    return outcome === Outcome.unsettled || outcome === Outcome.lost;
  });
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
  private readonly strays = new Map<string, number>(); // by sender

  /** leaving is called with T1 of every ping before it is sent. */
  constructor(
    private readonly session: Session, private readonly plan: Plan, private readonly time: Time,
    private readonly leaving: (t1: number) => void = () => {},
  ) {}

  run(): Promise<State> {
    const done = new Promise<State>((resolve) => (this.finish = resolve));
    this.session.onPacket((p) => this.match(p));
    this.began = this.nextWarmup = this.time.now();
    this.session.link.onDown((down) => {
      this.down = down;
      this.downSince = this.time.now();
      this.look();
    });
    this.session.link.onEnd((why) => this.end('disconnected', why));
    this.look();
    return done;
  }

  /** The samples that are new or changed since the last call, at most so many. What was answered is kept no longer. */
  take(most: number): Sample[] {
    const list: Sample[] = [];
    for (const s of this.changed) {
      if (list.length === most) break;
      list.push(s);
      this.changed.delete(s);
      if (s.outcome === Outcome.answered || s.outcome === Outcome.late) this.samples.delete(s.seq);
    }
    return list;
  }

  /** The result as it is by now; firstPong is performance.now() of it. */
  soFar(): State {
    const begun = this.start !== 0;
    return {
      ...this.result,
      counts: { ...this.result.counts },
      start: begun ? this.time.origin + this.start : 0,
      end: begun ? this.time.origin + Math.max(this.result.end, this.start) : 0,
      others: [...this.echoes].sort(),
      unmatched: this.strays.get(this.result.identity) ?? 0,
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
    const lost: number[] = [];
    let left = this.ledger.covered;
    for (const s of this.samples.values()) {
      if (s.outcome === Outcome.notSent && s.seq <= this.ledger.covered) left--;
      if (s.outcome !== Outcome.lost) continue;
      lost.push(s.seq);
      s.reason = this.ledger.way(s.seq);
      if (s.reason !== Reason.none) this.changed.add(s);
    }
    this.result.ways = this.ledger.split(lost, left);
  }

  /** Looks what is to be done now, does it, and sets the timer for the next thing. */
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
    if (this.sent + (this.sending ? 1 : 0) >= this.plan.count) {
      if (!this.sending && this.oldest === this.slots) {
        this.end('complete', '');
        return undefined;
      }
      return this.control(now, wait);
    }
    return this.closedLoop ? this.inLoop(now, wait) : this.nextSlot(now, wait);
  }

  /** Sends pings that are not counted while the last ones wait for their pongs; see internal/recorder/grid.go. */
  private control(now: number, wait: number): number {
    const last = this.samples.get(this.slots);
    if (this.sending || !this.ledger.told || this.ledger.covered >= this.slots || !last) return wait;
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
    let seq = this.slots + 1;
    for (; now - this.start >= this.due(seq + 1); seq++) {
      const blocked = this.sending || this.freedAt > this.start + this.due(seq);
      const s = this.sample(seq, this.due(seq));
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
    if (this.sending || this.oldest < this.slots) return wait;
    if (now < this.failedAt + retryInterval) return Math.min(wait, this.failedAt + retryInterval);
    if (now < this.start) return Math.min(wait, this.start);
    this.send(this.slots + 1, now - this.start);
    return Math.min(wait, this.time.now() + this.plan.timeout + settleGrace);
  }

  private sample(seq: number, due: number): Sample {
    const s: Sample = {
      seq, due, outcome: Outcome.unsettled, reason: Reason.none, stamped: false, sent: 0, sendCall: 0, rtt: 0, hold: 0,
      up: 0,
    };
    this.samples.set(seq, s);
    this.slots = seq;
    this.changed.add(s);
    return s;
  }

  /** Calls pings lost whose timeout is over; returns when to look again. */
  private settleOverdue(now: number): number {
    for (; this.oldest < this.slots; this.oldest++) {
      const s = this.samples.get(this.oldest + 1);
      if (s?.outcome !== Outcome.unsettled) continue;
      if (this.sending && s.seq === this.sendSeq) break;
      const deadline = this.start + s.sent + this.plan.timeout + settleGrace;
      if (now < deadline) return deadline;
      s.outcome = Outcome.lost;
      this.settled(s, this.start + s.sent + this.plan.timeout);
    }
    return now + 1000;
  }

  private settled(s: Sample, at: number): void {
    this.result.end = Math.max(this.result.end, at);
    this.changed.add(s);
  }

  private send(seq: number, due = 0): void {
    const s = seq === 0 ? undefined : this.sample(seq, due);
    const began = this.time.now();
    if (this.down) {
      this.sendFailed(s, began);
      return;
    }
    const t1 = this.stamps.add(this.time.origin + began, seq);
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
    this.leaving(t1);
    try {
      const ping = encodePing(t1, seq, this.plan.run, this.plan.class, this.plan.payload);
      const result = this.session.send(ping, undefined, this.plan.class);
      if (result instanceof Promise) result.then(() => returned(false), (e: unknown) => returned(true, e));
      else returned(false);
    } catch (e) {
      returned(true, e);
    }
    sync = false;
  }

  private took(s: Sample | undefined, began: number, now: number): void {
    this.failingSince = Infinity;
    if (!s) {
      if (this.draining) this.result.counts.control_sent++;
      else this.result.counts.warmup_sent++;
      return;
    }
    this.sent++;
    s.sendCall = now - began;
    this.changed.add(s);
  }

  /** As in internal/recorder/sending.go: a link that is down costs the slot, anything else the run. */
  private threw(s: Sample | undefined, error: unknown, began: number, now: number): void {
    this.failure = error instanceof Error ? error.message : String(error);
    this.failingSince = Math.min(this.failingSince, began);
    this.sendFailed(s, now);
    if (!(error instanceof NotConnected)) this.end('disconnected', `send: ${this.failure}`);
  }

  private sendFailed(s: Sample | undefined, now: number): void {
    if (!s) return;
    this.failedAt = now;
    if (s.outcome === Outcome.unsettled) {
      s.outcome = Outcome.notSent;
      s.reason = Reason.notConnected;
      this.settled(s, now);
    } else {
      this.sent++; // a pong proves that it left
    }
  }

  private match(packet: Packet): void {
    if (this.phase === 'over') return;
    const pong = decodePong(packet.data);
    if (pong === 'malformed') this.result.counts.malformed++;
    if (typeof pong === 'string') return;
    const seq = this.stamps.find(pong.timestamp);
    const r = this.result;
    if (seq === undefined || (pong.seq !== undefined && pong.seq !== seq)) {
      r.counts.foreign++;
      r.strays++;
      this.strays.set(packet.from, (this.strays.get(packet.from) ?? 0) + 1);
      return;
    }
    if (this.plan.echo !== '' && packet.from !== this.plan.echo) {
      r.counts.foreign++;
      this.echoes.add(packet.from);
      return;
    }
    if (this.phase === 'first') {
      r.firstPong = packet.at;
      r.identity = packet.from;
      r.kind = pong.ours ? (pong.wrong ? 'rtcbench-wrong-clock' : 'rtcbench') : 'original';
      this.phase = 'warmup';
      this.nextWarmup = this.time.now();
    }
    if (packet.from !== r.identity) {
      r.counts.foreign++;
      this.echoes.add(packet.from);
      return;
    }
    if (pong.seen && pong.seen.last <= this.slots) this.ledger.take(pong.seen, this.stamps.before(pong.timestamp));
    if (seq !== 0) this.answer(this.samples.get(seq), pong.receive, pong.send, packet.at);
    if (seq === 0 || this.closedLoop || this.sent >= this.plan.count) this.look();
  }

  private answer(s: Sample | undefined, receive: number, send: number, at: number): void {
    if (!s || s.outcome === Outcome.answered || s.outcome === Outcome.late) {
      this.result.counts.duplicate++;
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
    const t1 = this.time.origin + this.start + s.sent; // the one on the wire is rounded
    const hold = send - receive, up = receive - t1;
    if (hold >= 0 && hold <= s.rtt && Math.abs(up) < maxUp) {
      s.stamped = true;
      s.hold = hold;
      s.up = up;
    }
    this.settled(s, at);
  }
}
