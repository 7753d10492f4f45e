// The page's loop under fake time, with the scenes of bench/probe_test.go: the same answers.

import { describe, it } from 'node:test';
import { expect } from 'expect';
import { Outcome, type Plan, Probe, Reason, type Result } from '../src/probe';
import type { Packet, Session } from '../src/session';
import { decodePing, encodePong } from '../src/wire';

/** A clock that stands still until it is told to go on. */
class FakeTime {
  t = 0;
  origin = 1_700_000_000_000;
  private queue: { at: number; n: number; f: () => void }[] = [];
  private n = 0;
  private alarm?: { at: number; n: number; f: () => void };
  now = () => this.t;
  after(delay: number, f: () => void) {
    const entry = { at: this.t + delay, n: this.n++, f };
    this.queue.push(entry);
    return entry;
  }
  wake = (at: number, f: () => void) => {
    if (this.alarm) this.queue = this.queue.filter((e) => e !== this.alarm);
    this.alarm = this.after(Math.max(0, at - this.t), f);
  };
  /** Runs until done, in the order of time. */
  async run(done: () => boolean) {
    for (let i = 0; i < 100_000 && !done(); i++) {
      await Promise.resolve();
      this.queue.sort((a, b) => a.at - b.at || a.n - b.n);
      const next = this.queue.shift();
      if (!next) break;
      this.t = next.at;
      next.f();
      await Promise.resolve();
    }
  }
}

interface Scene {
  plan?: Partial<Plan>;
  /** Delays at which copies of the pong to message n (0 = first warm-up) come back; [] = lost. */
  delays?: (n: number) => number[];
  /** How long the send call of message n blocks. */
  stall?: (n: number) => number;
  fails?: (t: number) => boolean;
  echoes?: string[];
  during?: (t: FakeTime, s: FakeSession, p: Probe) => void;
}

class FakeSession implements Session {
  identity = 'runner';
  n = 0;
  private packet: (p: Packet) => void = () => {};
  down: (d: boolean) => void = () => {};
  end: (why: string) => void = () => {};
  constructor(private time: FakeTime, private scene: Scene) {}
  onPacket(h: (p: Packet) => void) { this.packet = h; }
  onDown(h: (d: boolean) => void) { this.down = h; }
  onEnd(h: (why: string) => void) { this.end = h; }
  deliver(data: unknown, from = 'echo') { this.packet({ data, from, at: this.time.t }); }
  send(text: string): Promise<void> | void {
    const n = this.n++;
    if (this.scene.fails?.(this.time.t)) throw new Error('no');
    const stall = this.scene.stall?.(n) ?? 0;
    const go = () => {
      const ping = decodePing(text)!;
      for (const from of this.scene.echoes ?? ['echo']) {
        for (const d of this.scene.delays?.(n) ?? [10]) {
          const at = this.time.origin + this.time.t + d / 2;
          this.time.after(d, () => this.deliver(encodePong(ping, at, at, n), from));
        }
      }
    };
    if (stall === 0) return go();
    return new Promise((resolve) => this.time.after(stall, () => { go(); resolve(); }));
  }
  async facts() { return {}; }
  async leave() {}
}

async function play(scene: Scene): Promise<{ r: Result; p: Probe; outcomes: number[] }> {
  const time = new FakeTime(), session = new FakeSession(time, scene);
  const p = new Probe(session, {
    count: 5, cooldown: 100, timeout: 500, warmup: 5, echoTimeout: 10_000, reconnectTimeout: 10_000, payload: 0, lossy: false, aligned: false, phase: 0, echo: '', ...scene.plan,
  }, time);
  let r: Result | undefined;
  void p.run().then((x) => (r = x));
  scene.during?.(time, session, p);
  await time.run(() => r !== undefined);
  await Promise.resolve();
  return { r: r!, p, outcomes: p.samples.map((s) => s.outcome) };
}

const { answered, late, lost, notSent, unsettled } = Outcome;
const counted = (first: number) => (n: number) => n - first; // messages before it are the warm-up's

describe('the ping loop', () => {
  it('keeps the grid and measures exactly', async () => {
    const { r, p } = await play({ delays: () => [42], plan: { count: 10 } });
    expect(r).toMatchObject({ ended: 'complete', warmupSent: 6, identity: 'echo', kind: 'rtcbench', duplicate: 0, foreign: 0 });
    expect(p.samples).toHaveLength(10);
    for (const [i, s] of p.samples.entries()) {
      expect(s).toMatchObject({ seq: i + 1, outcome: answered, stamped: true });
      expect(s.due).toBe(i * 100);
      expect(s.sent).toBeCloseTo(i * 100, 6);
      expect(s.rtt).toBeCloseTo(42, 6);
      expect(s.up).toBeCloseTo(21, 2);
    }
    expect(r.end - r.start).toBeCloseTo(942, 3);
  });

  it('tells loss, lateness and duplicates apart', async () => {
    const fate: Record<number, number[]> = { 1: [], 2: [700], 3: [2, 3], 4: [251], 5: [500] };
    const { r, p, outcomes } = await play({ plan: { count: 6 }, delays: (n) => fate[counted(6)(n)] ?? [2] });
    expect(outcomes).toEqual([answered, lost, late, answered, answered, answered]);
    expect(r.duplicate).toBe(1);
    expect(p.samples.map((s) => Math.round(s.rtt))).toEqual([2, 0, 700, 2, 251, 500]);
  });

  it('calls a slot behind a blocked send not sent, and never lost', async () => {
    const { p, outcomes } = await play({ stall: (n) => (n === 7 ? 250 : 0) });
    expect(outcomes).toEqual([answered, answered, notSent, answered, answered, answered]);
    expect(p.samples[1]!.sendCall).toBeCloseTo(250, 6);
    expect(p.samples[2]!.reason).toBe(Reason.blocked);
    expect(p.samples[3]).toMatchObject({ due: 300 });
    expect(p.samples[3]!.sent).toBeCloseTo(350, 6);
  });

  it('does not call a ping lost while its send call blocks', async () => {
    const { outcomes } = await play({ plan: { count: 3 }, stall: (n) => (n === 6 ? 2000 : 0) });
    expect(outcomes.filter((o) => o === lost)).toHaveLength(0);
    expect(outcomes.filter((o) => o === notSent)).toHaveLength(19);
    expect(outcomes[0]).toBe(late);
  });

  it('gives up on a send that never returns', async () => {
    const { r, outcomes } = await play({ plan: { count: 10 }, stall: (n) => (n === 10 ? 1e7 : 0) });
    expect(r.ended).toBe('disconnected');
    expect(outcomes.filter((o) => o === answered)).toHaveLength(4);
    expect(outcomes.filter((o) => o === lost)).toHaveLength(0);
  });

  it('goes on after a reconnect; the slots it cost are not sent', async () => {
    const { r, outcomes } = await play({
      plan: { count: 20 },
      during: (t, s) => { t.after(10 + 500 + 450, () => s.down(true)); t.after(10 + 500 + 1450, () => s.down(false)); },
    });
    expect(r.ended).toBe('complete');
    expect(outcomes.slice(5, 15)).toEqual(Array(10).fill(notSent));
    expect(outcomes.filter((o) => o === answered)).toHaveLength(20);
  });

  it('keeps what it has when the link stays down, and when the session ends', async () => {
    const down = await play({ plan: { count: 500 }, during: (t, s) => t.after(10 + 500 + 2050, () => s.down(true)) });
    expect(down.r.ended).toBe('disconnected');
    expect(down.outcomes.filter((o) => o === answered)).toHaveLength(21);
    expect(down.outcomes.filter((o) => o === lost)).toHaveLength(0);
    const ended = await play({ plan: { count: 500 }, during: (t, s) => t.after(10 + 500 + 2050, () => s.end('room deleted')) });
    expect(ended.r).toMatchObject({ ended: 'disconnected', error: 'room deleted' });
    expect(ended.outcomes.filter((o) => o === answered)).toHaveLength(21);
  });

  it('calls what is in flight at an interruption neither answered nor lost', async () => {
    const { r, outcomes } = await play({ plan: { count: 100 }, delays: () => [140], during: (t, _s, p) => t.after(140 + 500 + 1010, () => p.stop()) });
    expect(r.ended).toBe('interrupted');
    expect(outcomes).toEqual([...Array(9).fill(answered), unsettled, unsettled]);
  });

  it('waits for each ping in a closed loop', async () => {
    const { p, outcomes } = await play({ plan: { count: 4, cooldown: 0 }, delays: (n) => (counted(6)(n) === 2 ? [] : [30]) });
    expect(outcomes).toEqual([answered, answered, lost, answered]);
    expect(p.samples.map((s) => Math.round(s.due))).toEqual([0, 30, 60, 562]);
  });

  it('counts one echo only, and knows a pong to somebody else', async () => {
    const { r } = await play({
      echoes: ['a', 'b'],
      during: (t, s) => t.after(300, () => {
        s.deliver({ type: 'pong', client_timestamp: 12345 });
        s.deliver('{broken');
        s.deliver({ type: 'chat' });
      }),
    });
    expect(r.identity).toBe('a');
    expect(r.others).toEqual(['b']);
    expect(r.malformed).toBe(1);
    expect(r.foreign).toBeGreaterThanOrEqual(11);
    const ours = await play({ echoes: ['a', 'b'], plan: { echo: 'b' } });
    expect(ours.r).toMatchObject({ identity: 'b', others: ['a'] });
  });

  it('says when nobody answers', async () => {
    const { r } = await play({ echoes: [] });
    expect(r).toMatchObject({ noEcho: true, warmupSent: 200 });
  });

  it('begins on a grid of Unix time that other runs share, each at its phase', async () => {
    const { r, p } = await play({ plan: { aligned: true, phase: 50 }, delays: () => [33] });
    expect(r.start % 100).toBeCloseTo(50, 3);
    expect(p.samples.every((s) => Math.abs(s.sent - s.due) < 1e-6)).toBe(true);
  });
});
