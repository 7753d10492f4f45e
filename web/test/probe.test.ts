// What the page's loop does that Go's does not, under fake time. The rules that both keep are in testdata/scenes.

import { describe, it } from 'node:test';
import { expect } from 'expect';
import { Outcome, type Plan, type Sample, type State } from '../src/contract';
import { Messages } from '../src/messages';
import { Probe } from '../src/probe';
import { Link, NotConnected, type Packet, type Session } from '../src/session';
import { Stamps } from '../src/stamps';
import { decodePing, encodePing, encodePong } from '../src/wire';
import { FakeTime } from './fake';

interface Scene {
  plan?: Partial<Plan>;
  /** Delays at which copies of the pong to message n (0 = first warm-up) come back; [] = lost. */
  delays?: (n: number) => number[];
  /** What the send call of message n throws. */
  fails?: (n: number) => Error | undefined;
  during?: (t: FakeTime, s: FakeSession, p: Probe) => void;
}

class FakeSession implements Session {
  identity = 'runner';
  n = 0;
  private packet: (p: Packet) => void = () => {};
  link = new Link();
  constructor(private time: FakeTime, private scene: Scene) {}
  onPacket(h: (p: Packet) => void) { this.packet = h; }
  send(text: string): void {
    const n = this.n++, ping = decodePing(text)!;
    const error = this.scene.fails?.(n);
    if (error) throw error;
    for (const d of this.scene.delays?.(n) ?? [10]) {
      const at = this.time.origin + this.time.t + d / 2;
      this.time.after(d, () => this.packet({ data: encodePong(ping, at, at, n), from: 'echo', at: this.time.t }));
    }
  }
  async facts() { return { engineVersion: '' }; }
  async leave() {}
  others() {
    return 0;
  }
}

const plan: Plan = {
  count: 5, cooldown: 100, timeout: 500, warmup: 5, echoTimeout: 10_000, reconnectTimeout: 10_000,
  payload: 0, numbered: false, media: false, class: '', aligned: false, phase: 0, echo: '', run: 'r',
};

async function play(scene: Scene): Promise<{ r: State; samples: Sample[]; outcomes: number[] }> {
  const time = new FakeTime(), session = new FakeSession(time, scene);
  const all = { ...plan, ...scene.plan };
  const p = new Probe(session.link, new Messages(session, all, time), all, time);
  let r: State | undefined;
  void p.run().then((x) => (r = x));
  scene.during?.(time, session, p);
  await time.run(() => r !== undefined);
  await Promise.resolve();
  const samples = p.take(Infinity).sort((a, b) => a.seq - b.seq);
  return { r: r!, samples, outcomes: samples.map((s) => s.outcome) };
}

const { answered, late, lost, notSent, unsettled } = Outcome;
const counted = (first: number) => (n: number) => n - first; // messages before it are the warm-up's

describe('the ping loop', () => {
  it('does not go on for ever when no send finds a connection', async () => {
    const noConnection = (n: number) => (n >= 8 ? new NotConnected('no channel') : undefined);
    const { r, outcomes } = await play({ plan: { count: 1000 }, fails: noConnection });
    expect(r).toMatchObject({ ended: 'disconnected', error: 'nothing could be sent for 10s: no channel' });
    expect(outcomes.filter((o) => o === notSent).length).toBeLessThan(105);
  });

  it('ends where not even a ping of the warm-up can be sent', async () => {
    const { r } = await play({ fails: () => new Error('too large') });
    expect(r).toMatchObject({ ended: 'disconnected', error: 'send: too large', counts: {} });
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
    const send = session.send.bind(session);
    session.send = (text) => {
      expect(text).toContain(`"timestamp":${String(seen.at(-1))},`);
      return send(text);
    };
    const few = { ...plan, count: 3, warmup: 0 };
    const p = new Probe(session.link, new Messages(session, few, time, (t1) => seen.push(t1)), few, time);
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
    for (const t of [1_699_999_999_999, 1_700_000_000_000.5, 1_800_000_000_000, -1_700_000_000_000, 1e300, Infinity]) {
      expect(s.find(t)).toBeUndefined();
    }
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
        const [, number] = /"timestamp":([^,]*),/.exec(encodePing(t, 1, 'r', '', 0))!;
        const bit = 2 ** (Math.floor(Math.log2(t)) - 52);
        const holds = /^\d+(\.\d{1,3})?$/.test(number!) && Number(number) === t && (i === 0 || t > t1[i - 1]!) &&
          [t, t - bit, t + bit].every((back) => s.find(back) === i) &&
          s.find(t - 0.001) !== i && s.find(t + 0.001) !== i;
        if (!holds) expect([trial, i, number, t, t1[i - 1]]).toBe('a stamp of its own'); // 40,000 calls take seconds
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
