// What the runner and the echo do to the frames of audio tracks. It is apart from the threads and streams in which it
// happens (audio.worker.ts), so that tests can play the encoder.

import { decode, encode, Flag, micros, type Record, rewrite, Type } from './packet';
import { carry, type Frame, opusOf } from './red';
import { SeenRun } from './seen';

/** The thread's clock: now() is in ms since the origin, and the origin is in Unix ms. */
export interface Clock {
  now(): number;
  origin: number;
}

export const packetSize = 140; // bytes of a ping, and of its pong: what speech has, and the native engine takes
const mostCarried = 16; // pongs in one packet: 1 kB
const mostBehind = 25; // frames, half a second: no burst of an encoder's lasts so long
const maxRuns = 1024; // that an echo remembers; the oldest goes
const unseen = { count: 0, last: 0, high: 0, low: 0 };

const unix = (clock: Clock): number => clock.origin + clock.now();

/** When a frame arrived, in Unix ms, and whether the browser said so. */
function arrival(frame: Frame, clock: Clock): { at: number; exact: boolean } {
  const told = frame.getMetadata().receiveTime;
  return { at: told === undefined ? unix(clock) : clock.origin + told, exact: told !== undefined };
}

/** Whether a frame has a ping in it. */
export const hasPing = (frame: Frame): boolean =>
  decode(opusOf(frame)).some((r) => r !== 'malformed' && r.type === Type.ping);

/** What the runner's side tells: t1 in µs, as the packet has it; at in Unix ms. */
export type Told =
  | { what: 'left'; seq: number; n: number; t1: number }
  | { what: 'withdrawn'; seq: number }
  | { what: 'pong'; tap: number; at: number; exact: boolean; record: Record }
  | { what: 'malformed'; tap: number };

/**
 * The runner's side: each ping rides one frame of the encoder. Where the encoder has left out a frame, one more ping
 * waits from then on, because each frame takes one ping. A queue that never empties is a sign of such frames, and loses
 * its oldest ping.
 */
export class Runner {
  private readonly waiting: { n: number; seq: number; size: number }[] = [];
  private behind = 0; // frames in a row that have left a ping behind
  run = 0n;
  constructor(private readonly clock: Clock, private readonly tell: (t: Told) => void) {}

  /** Lets ping seq ride the next free frame. n names this try. */
  ping(n: number, seq: number, size: number): void {
    this.waiting.push({ n, seq, size });
  }

  withdraw(n: number, seq: number): void {
    const at = this.waiting.findIndex((w) => w.n === n);
    if (at < 0) return;
    this.waiting.splice(at, 1);
    if (seq !== 0) this.tell({ what: 'withdrawn', seq });
  }

  /** Takes a frame of the encoder. write lets the frame leave. */
  out(frame: Frame, write: () => void): void {
    const next = this.waiting.shift();
    if (!next) return write();
    const { n, seq } = next, t1 = micros(unix(this.clock));
    carry(frame, encode(opusOf(frame), next.size || packetSize, [{
      type: Type.ping, flags: 0, run: this.run, seq, clockError: 0, t1, t2: 0, t3: 0, seen: unseen,
    }]));
    write();
    this.tell({ what: 'left', seq, n, t1 });
    this.behind = this.waiting.length > 0 ? this.behind + 1 : 0;
    if (this.behind < mostBehind) return;
    this.behind = 0;
    this.withdraw(this.waiting[0]!.n, this.waiting[0]!.seq);
  }

  /** Takes a frame that a track brought. */
  in(tap: number, frame: Frame): void {
    const { at, exact } = arrival(frame, this.clock);
    for (const record of decode(opusOf(frame))) {
      if (record === 'malformed') this.tell({ what: 'malformed', tap });
      else if (record.type === Type.pong) this.tell({ what: 'pong', tap, at, exact, record });
    }
  }
}

/** How long a frame that was answered at once was held, in ms: by the browser, from its receiveTime on, and by us. */
export type Held = [browser: number, own: number];

/** What waits for the next frame of the encoder that answers one runner. */
export type Waiting = { record: Record; size: number }[];

/** The echo's side. */
export class Echo {
  count = 0; // pings that it has had
  private readonly runs = new Map<bigint, SeenRun>();
  private held: Held[] = [];
  constructor(private readonly clock: Clock) {}

  /** Turns a frame that arrived into the answer to itself, ready to be written. Pongs that wait ride it, too. */
  forward(frame: Frame, waiting: Waiting = [], came = this.clock.now()): void {
    const { at, exact } = arrival(frame, this.clock), packet = opusOf(frame);
    rewrite(packet, (r) => {
      if (r.type !== Type.ping) return r;
      const pong = this.pong(r, at, exact), left = this.clock.now();
      if (exact) this.held.push([this.clock.origin + came - at, left - came]);
      return { ...pong, t3: micros(this.clock.origin + left) };
    });
    frame.data = packet.buffer; // reading data may give a copy each time
    const others = this.ready(waiting);
    if (others.length === 0) return;
    const own = decode(opusOf(frame)).filter((r) => r !== 'malformed');
    carry(frame, encode(opusOf(frame), packet.length, [...own, ...others]));
  }

  /** Keeps the pongs to a frame that arrived, for the next frame of our own encoder. */
  keep(frame: Frame, waiting: Waiting): void {
    const { at, exact } = arrival(frame, this.clock), size = frame.data.byteLength;
    for (const r of decode(opusOf(frame))) {
      if (r !== 'malformed' && r.type === Type.ping) waiting.push({ record: this.pong(r, at, exact), size });
    }
  }

  /** Lets all pongs that wait ride a frame of our own encoder, as far as there is room. */
  carry(frame: Frame, waiting: Waiting): void {
    const size = waiting[0]?.size ?? 0, records = this.ready(waiting);
    if (records.length > 0) carry(frame, encode(opusOf(frame), size, records));
  }

  /** How long the answers since the last look were held. */
  takeHeld(): Held[] {
    return this.held.splice(0);
  }

  /** The pongs that waited, as far as one packet has room for them. */
  private ready(waiting: Waiting): Record[] {
    const t3 = micros(unix(this.clock));
    return waiting.splice(0, mostCarried).map(({ record: r }) => ({ ...r, flags: r.flags | Flag.carried, t3 }));
  }

  private pong(ping: Record, at: number, exact: boolean): Record {
    this.count++;
    let run = this.runs.get(ping.run);
    if (!run) {
      if (this.runs.size >= maxRuns) this.runs.delete(this.runs.keys().next().value!);
      this.runs.set(ping.run, (run = new SeenRun()));
    }
    run.note(ping.seq);
    return {
      ...ping, type: Type.pong, flags: Flag.stamped | Flag.tells | (exact ? Flag.atReceive : 0), t2: micros(at),
      seen: { count: run.count, last: run.last, high: run.high, low: run.low },
    };
  }
}
