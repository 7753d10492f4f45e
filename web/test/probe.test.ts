// The page's loop under fake time, with the scenes of bench/probe_test.go: the same answers.

import { describe, it } from 'node:test';
import { expect } from 'expect';
import { noCounts, Outcome, type Plan, Reason, type Sample, type State } from '../src/contract';
import { Probe } from '../src/probe';
import { Link, NotConnected, type Packet, type Session } from '../src/session';
import { Stamps } from '../src/stamps';
import { decodePing, encodePing, encodePong } from '../src/wire';

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
  /** What the send call of message n throws. */
  fails?: (n: number) => Error | undefined;
  /** What has befallen the link before the run. */
  before?: (s: FakeSession) => void;
  echoes?: string[];
  during?: (t: FakeTime, s: FakeSession, p: Probe) => void;
}

class FakeSession implements Session {
  identity = 'runner';
  n = 0;
  private packet: (p: Packet) => void = () => {};
  link = new Link();
  constructor(private time: FakeTime, private scene: Scene) {}
  onPacket(h: (p: Packet) => void) { this.packet = h; }
  down(d: boolean) { this.link.down = d; }
  end(why: string) { this.link.end(why); }
  deliver(data: unknown, from = 'echo') { this.packet({ data, from, at: this.time.t }); }
  send(text: string): Promise<void> | void {
    const n = this.n++;
    const error = this.scene.fails?.(n);
    if (error) throw error;
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
  async facts() { return { engineVersion: '' }; }
  async leave() {}
  others() {
    return 0;
  }
}

async function play(scene: Scene): Promise<{ r: State; p: Probe; samples: Sample[]; outcomes: number[] }> {
  const time = new FakeTime(), session = new FakeSession(time, scene);
  const p = new Probe(session, {
    count: 5, cooldown: 100, timeout: 500, warmup: 5, echoTimeout: 10_000, reconnectTimeout: 10_000, payload: 0, lossy: false, aligned: false, phase: 0, echo: '', run: 'r', ...scene.plan,
  }, time);
  scene.before?.(session);
  let r: State | undefined;
  void p.run().then((x) => (r = x));
  scene.during?.(time, session, p);
  await time.run(() => r !== undefined);
  await Promise.resolve();
  const samples = p.take(Infinity).sort((a, b) => a.seq - b.seq);
  return { r: r!, p, samples, outcomes: samples.map((s) => s.outcome) };
}

const { answered, late, lost, notSent, unsettled } = Outcome;
const counted = (first: number) => (n: number) => n - first; // messages before it are the warm-up's

describe('the ping loop', () => {
  it('keeps the grid and measures exactly', async () => {
    const { r, samples } = await play({ delays: () => [42], plan: { count: 10 } });
    expect(r).toMatchObject({ ended: 'complete', identity: 'echo', kind: 'rtcbench' });
    expect(r.counts).toEqual({ ...noCounts, warmup_sent: 6 });
    expect(samples).toHaveLength(10);
    for (const [i, s] of samples.entries()) {
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
    const { r, samples, outcomes } = await play({ plan: { count: 6 }, delays: (n) => fate[counted(6)(n)] ?? [2] });
    expect(outcomes).toEqual([answered, lost, late, answered, answered, answered]);
    expect(r.counts.duplicate).toBe(1);
    expect(samples.map((s) => Math.round(s.rtt))).toEqual([2, 0, 700, 2, 251, 500]);
  });

  it('calls a slot behind a blocked send not sent, and never lost', async () => {
    const { samples, outcomes } = await play({ stall: (n) => (n === 7 ? 250 : 0) });
    expect(outcomes).toEqual([answered, answered, notSent, answered, answered, answered]);
    expect(samples[1]!.sendCall).toBeCloseTo(250, 6);
    expect(samples[2]!.reason).toBe(Reason.sendBlocked);
    expect(samples[3]).toMatchObject({ due: 300 });
    expect(samples[3]!.sent).toBeCloseTo(350, 6);
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
    const { samples, outcomes } = await play({ plan: { count: 4, cooldown: 0 }, delays: (n) => (counted(6)(n) === 2 ? [] : [30]) });
    expect(outcomes).toEqual([answered, answered, lost, answered]);
    expect(samples.map((s) => Math.round(s.due))).toEqual([0, 30, 60, 562]);
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
    expect(r.counts.malformed).toBe(1);
    expect(r.counts.foreign).toBeGreaterThanOrEqual(11);
    const ours = await play({ echoes: ['a', 'b'], plan: { echo: 'b' } });
    expect(ours.r).toMatchObject({ identity: 'b', others: ['a'] });
  });

  it('says when nobody answers, and how many pongs matched nothing', async () => {
    const { r } = await play({ echoes: [] });
    expect(r).toMatchObject({ noEcho: true, counts: { warmup_sent: 200 }, strays: 0 });
    const another = (t: FakeTime, s: FakeSession) => { for (let i = 0; i < 7; i++) t.after(100 * i, () => s.deliver({ type: 'pong', client_timestamp: 5.5 + i })); };
    const strange = await play({ echoes: [], during: another });
    expect(strange.r).toMatchObject({ noEcho: true, strays: 7, unmatched: 0, counts: { foreign: 7 } });
    const shared = await play({ during: another });
    expect(shared.r).toMatchObject({ ended: 'complete', unmatched: 7, counts: { foreign: 7 } });
  });

  it('begins on a grid of Unix time that other runs share, each at its phase', async () => {
    const { r, samples } = await play({ plan: { aligned: true, phase: 50 }, delays: () => [33] });
    expect(r.start % 100).toBeCloseTo(50, 3);
    expect(samples.every((s) => Math.abs(s.sent - s.due) < 1e-6)).toBe(true);
  });

  it('ends with a send that fails for good, and says why', async () => {
    const { r, outcomes } = await play({ plan: { count: 50 }, fails: (n) => (n === 16 ? new Error('too large') : undefined) });
    expect(r).toMatchObject({ ended: 'disconnected', error: 'send: too large' });
    expect(outcomes).toEqual([...Array(10).fill(answered), notSent]);
    const never = await play({ fails: () => new Error('too large') });
    expect(never.r).toMatchObject({ ended: 'disconnected', error: 'send: too large', counts: { warmup_sent: 0 } });
  });

  it('goes on after sends that found no connection, but not for ever', async () => {
    const some = await play({ plan: { count: 10 }, fails: (n) => (n >= 8 && n < 12 ? new NotConnected('no channel') : undefined) });
    expect(some.r.ended).toBe('complete');
    expect(some.outcomes.slice(2, 6)).toEqual(Array(4).fill(notSent));
    expect(some.outcomes.filter((o) => o === answered)).toHaveLength(10);
    const all = await play({ plan: { count: 1000 }, fails: (n) => (n >= 8 ? new NotConnected('no channel') : undefined) });
    expect(all.r).toMatchObject({ ended: 'disconnected', error: 'nothing could be sent for 10s: no channel' });
    expect(all.outcomes.filter((o) => o === notSent).length).toBeLessThan(105);
  });

  it('knows of a link that went down before the run', async () => {
    const { r, outcomes } = await play({
      before: (s) => s.down(true),
      during: (t, s) => t.after(1000, () => s.down(false)),
    });
    expect(outcomes).toEqual(Array(5).fill(answered));
    expect(r).toMatchObject({ ended: 'complete', counts: { warmup_sent: 6 } }); // what found the link down was not sent
    const ended = await play({ before: (s) => s.end('room deleted') });
    expect(ended.r).toMatchObject({ ended: 'disconnected', error: 'room deleted' });
  });

  it('tells of a ping when it is sent and again when it is settled, and forgets it then', async () => {
    const taken: [number, number][] = [];
    const { r } = await play({
      plan: { count: 20 },
      delays: (n) => (counted(6)(n) === 0 ? [150, 260] : counted(6)(n) === 1 ? [700] : [50]),
      during(t, _s, p) {
        const look = () => {
          for (const s of p.take(Infinity)) taken.push([s.seq, s.outcome]);
          if (p.soFar().ended === 'complete') t.after(20, look);
        };
        look();
        t.after(5000, () => p.stop());
      },
    });
    expect(taken.filter(([seq]) => seq === 1)).toEqual([[1, unsettled], [1, answered]]);
    expect(taken.filter(([seq]) => seq === 2)).toEqual([[2, unsettled], [2, lost], [2, late]]);
    expect(r.counts.duplicate).toBe(1); // of a ping that is forgotten
  });

  it('tells how far it is, for the case that it gets no further', async () => {
    let far: State | undefined;
    await play({ plan: { count: 100 }, during: (t, _s, p) => t.after(10 + 500 + 2001, () => (far = p.soFar())) });
    expect(far).toMatchObject({ counts: { warmup_sent: 6 }, identity: 'echo', kind: 'rtcbench' });
    expect(far!.end - far!.start).toBeGreaterThan(1900);
  });

  it('gives the ping to be looked for before it leaves', async () => {
    const seen: number[] = [];
    const time = new FakeTime(), session = new FakeSession(time, {});
    const plan = { count: 3, cooldown: 100, timeout: 500, warmup: 0, echoTimeout: 1000, reconnectTimeout: 1000, payload: 0, lossy: false, aligned: false, phase: 0, echo: '', run: 'r' };
    const send = session.send.bind(session);
    session.send = (text) => {
      expect(text).toContain(`"timestamp":${String(seen.at(-1))},`);
      return send(text);
    };
    const p = new Probe(session, plan, time, (t1) => seen.push(t1));
    let over = false;
    void p.run().then(() => (over = true));
    await time.run(() => over);
    expect(seen).toHaveLength(4);
  });
});

describe('the stamps', () => {
  it('finds every ping however long ago, and no other', () => {
    const s = new Stamps(), t1: number[] = [];
    for (let i = 0; i < 5000; i++) t1.push(s.add(1_700_000_000_000 + (i >> 1), i)); // two of one moment
    expect(new Set(t1).size).toBe(5000);
    for (const [i, t] of t1.entries()) expect(s.find(t)).toBe(i);
    for (const t of [1_699_999_999_999, 1_700_000_000_000.5, 1_800_000_000_000, -1_700_000_000_000, 1e300, Infinity]) expect(s.find(t)).toBeUndefined();
  });

  it('writes at most three decimals, and finds what lost its last bit', () => {
    // The property of TestStamps.
    let seed = 1;
    const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
    for (let trial = 0; trial < 20; trial++) {
      const s = new Stamps(), t1: number[] = [];
      let now = 1e12 + random() * 1.19e12; // 2001 to 2039
      for (let i = 0; i < 2000; i++) {
        now = [now, now + 2e-4, now + random() / 100, now + random() * 1000][Math.floor(random() * 4)]!;
        t1.push(s.add(now, i));
      }
      for (const [i, t] of t1.entries()) {
        const [, number] = /"timestamp":([^,]*),/.exec(encodePing(t, 1, 'r', false, 0))!;
        expect(number).toMatch(/^\d+(\.\d{1,3})?$/);
        expect(Number(number)).toBe(t);
        if (i > 0) expect(t).toBeGreaterThan(t1[i - 1]!);
        const bit = 2 ** (Math.floor(Math.log2(t)) - 52);
        for (const back of [t, t - bit, t + bit]) expect(s.find(back)).toBe(i);
        expect(s.find(t - 0.001)).not.toBe(i);
        expect(s.find(t + 0.001)).not.toBe(i);
      }
    }
  });
});

describe('what the platform is', () => {
  it('is a change when it was known and is another', () => {
    const link = new Link();
    link.became('node', undefined);
    link.became('node', 'a');
    link.became('node', 'a');
    link.became('node', '');
    link.became('region', 'fra');
    expect(link.changes).toEqual([]);
    link.became('node', 'b');
    link.became('node', 'a');
    expect(link.changes).toMatchObject([{ what: 'node', from: 'a', to: 'b' }, { what: 'node', from: 'b', to: 'a' }]);
  });
});
