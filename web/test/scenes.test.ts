// Plays testdata/scenes to the page's loop; internal/ping/scenes_test.go plays them to the other one.

import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { expect } from 'expect';
import schema from '../../docs/result.schema.json';
import { Outcome, type Plan, Reason, type Sample, type State } from '../src/contract';
import { Messages } from '../src/messages';
import { Probe } from '../src/probe';
import { SeenRun } from '../src/seen';
import { Echo, Runner, type Told } from '../src/frames';
import { type Frame } from '../src/red';
import { type Ask, Ride } from '../src/ride';
import { Link, NotConnected, type Packet, type Session } from '../src/session';
import { decodePing, encodePong, type Ping } from '../src/wire';
import { FakeTime, frameOf, silent } from './fake';

/** Delays of a message's copies, in ms, by the number of the ping; "*" = of all others. */
type Way = Record<string, number[]>;
interface SceneEvent {
  at_ms: number;
  link?: 'down' | 'up';
  end?: string;
  stop?: boolean;
  from?: string;
  message?: string;
}
interface Scene {
  says: string;
  plan?: Record<string, number | string | boolean>;
  echoes?: Record<string, { up?: Way; down?: Way }>;
  blocks?: Record<string, number>;
  fails?: Record<string, string>;
  events?: SceneEvent[];
  want: {
    ended: string;
    error?: string;
    counts?: Record<string, number>;
    ways?: State['ways'];
    strays?: number;
    echo?: Partial<Pick<State, 'identity' | 'kind' | 'others' | 'unmatched'>>;
    first_pong_ms?: number;
    took_ms?: number;
    start_modulo_cooldown_ms?: number;
    samples?: Record<string, (string | number | null)[]>;
  };
}

const of = (way: Way | undefined, seq: number): number[] => way?.[seq] ?? way?.['*'] ?? [0];

/** The runner's session, and everybody else in the room. */
class Stage implements Session {
  identity = 'runner';
  readonly link = new Link();
  private handler: (p: Packet) => void = () => {};
  private readonly runs = new Map<string, SeenRun>();
  constructor(private readonly time: FakeTime, private readonly scene: Scene) {}

  onPacket(handler: (p: Packet) => void): void {
    this.handler = handler;
  }
  deliver(data: unknown, from: string): void {
    this.handler({ data, from, at: this.time.t });
  }
  send(text: string): Promise<void> | void {
    const ping = decodePing(text)!, seq = ping.seq!;
    const error = this.scene.fails?.[seq];
    if (error) throw error === 'not connected' ? new NotConnected(error) : new Error(error);
    const blocked = this.scene.blocks?.[seq];
    if (!blocked) return this.leaves(ping, seq);
    return new Promise((resolve) => this.time.after(blocked, () => { this.leaves(ping, seq); resolve(); }));
  }
  private leaves(ping: Ping, seq: number): void {
    for (const [from, { up, down }] of Object.entries(this.scene.echoes ?? { echo: {} })) {
      for (const d of of(up, seq)) this.time.after(d, () => this.pong(ping, seq, from, of(down, seq)));
    }
  }
  private pong(ping: Ping, seq: number, from: string, delays: number[]): void {
    const run = this.runs.get(from) ?? new SeenRun();
    this.runs.set(from, run);
    run.note(seq);
    const now = this.time.origin + this.time.t, text = encodePong(ping, now, now, run.count, run);
    for (const d of delays) this.time.after(d, () => this.deliver(text, from));
  }
  async facts() {
    return { engineVersion: '' };
  }
  async leave() {}
  others() {
    return 0;
  }
}

/** The same with audio packets: an encoder that has a frame for every ping at once, and each echo's track. */
class AudioStage {
  readonly link = new Link();
  readonly arrived = { up: '', down: '', carried: false };
  private told: (t: Told) => void = () => {};
  private readonly runner: Runner;
  private readonly names: string[];
  private readonly echoes: Echo[];
  constructor(private readonly time: FakeTime, private readonly scene: Scene) {
    this.runner = new Runner(time, (t) => this.told(t));
    this.names = Object.keys(scene.echoes ?? { echo: {} });
    this.echoes = this.names.map(() => new Echo(time));
  }
  muted = () => false;
  whose = (tap: number) => this.names[tap];
  listen(f: (t: Told) => void): void {
    this.told = f;
  }
  post(m: Ask): void {
    if (m.what === 'run') this.runner.run = m.run;
    if (m.what !== 'ping') return;
    this.runner.ping(m.n, m.seq, m.size);
    this.time.after(0, () => {
      const frame = frameOf(silent);
      this.runner.out(frame, () => this.leaves(frame, m.seq));
    });
  }
  private leaves(frame: Frame, seq: number): void {
    for (const [tap, name] of this.names.entries()) {
      const { up, down } = this.scene.echoes?.[name] ?? {};
      for (const d of of(up, seq)) {
        this.time.after(d, () => {
          const pong = frameOf([...new Uint8Array(frame.data)]);
          this.echoes[tap]!.forward(pong);
          for (const d of of(down, seq)) this.time.after(d, () => this.runner.in(tap, pong));
        });
      }
    }
  }
  deliver(): void {}
}

const inPlan: Record<string, keyof Plan> = {
  cooldown_ms: 'cooldown', timeout_ms: 'timeout', echo_timeout_ms: 'echoTimeout',
  reconnect_timeout_ms: 'reconnectTimeout', phase_ms: 'phase',
};

async function play(scene: Scene, byAudio = false): Promise<{ r: State; samples: Sample[] }> {
  const time = new FakeTime(), stage = byAudio ? new AudioStage(time, scene) : new Stage(time, scene);
  const asked = Object.fromEntries(Object.entries(scene.plan ?? {}).map(([key, v]) => [inPlan[key] ?? key, v]));
  const plan: Plan = {
    count: 5, cooldown: 100, timeout: 500, warmup: 5, echoTimeout: 10_000, reconnectTimeout: 10_000,
    payload: 0, numbered: false, media: false, class: '', aligned: false, phase: 0, echo: '', run: 'r', ...asked,
  };
  const wire = stage instanceof AudioStage ? new Ride(stage, stage, plan, time) : new Messages(stage, plan, time);
  const p = new Probe(stage.link, wire, plan, time);
  const happen = (e: SceneEvent) => {
    if (e.link) stage.link.down = e.link === 'down';
    else if (e.end !== undefined) stage.link.end(e.end);
    else if (e.stop) p.stop();
    else stage.deliver(e.message, e.from!);
  };
  for (const e of scene.events ?? []) {
    if (e.at_ms === 0) happen(e);
    else time.after(e.at_ms, () => happen(e));
  }
  let r: State | undefined;
  void p.run().then((x) => (r = x));
  await time.run(() => r !== undefined);
  await Promise.resolve();
  return { r: r!, samples: p.take(Infinity).sort((a, b) => a.seq - b.seq) };
}

const none = Object.fromEntries(Object.keys(schema.properties.details.properties.counts.properties).map((c) => [c, 0]));

/** What the counts of bench.Counts are that follow from the samples. */
function tally(samples: Sample[]): Record<string, number> {
  const of = (o: Outcome) => samples.filter((s) => s.outcome === o).length;
  return {
    sent: samples.length - of(Outcome.notSent), answered: of(Outcome.answered), late: of(Outcome.late),
    lost: of(Outcome.lost), not_sent: of(Outcome.notSent), unsettled: of(Outcome.unsettled),
  };
}

/** The names of outcomes or reasons, by their numbers, with spaces between words. */
const names = (of: Record<string, number>): string[] =>
  Object.keys(of).map((name) => (name === 'none' ? '' : name.replace(/[A-Z]/g, (c) => ` ${c.toLowerCase()}`)));
const outcomes = names(Outcome), reasons = names(Reason);
const columns: Record<string, (s: Sample) => string | number> = {
  outcome: (s) => outcomes[s.outcome]!, reason: (s) => reasons[s.reason]!,
  due_ms: (s) => s.due, sent_ms: (s) => s.sent, send_call_ms: (s) => s.sendCall,
  rtt_ms: (s) => s.rtt, hold_ms: (s) => s.hold,
};

function check({ want }: Scene, r: State, samples: Sample[]): void {
  expect(r.noEcho ? 'deadline' : r.ended).toBe(want.ended);
  if (want.error) expect(r.error).toContain(want.error);
  expect({ ...none, ...r.counts, ...tally(samples) }).toMatchObject(want.counts ?? {});
  if (want.strays !== undefined) expect(r.strays).toBe(want.strays);
  if (want.ways) expect(r.ways).toEqual(want.ways);
  expect(r).toMatchObject(want.echo ?? {});
  if (want.first_pong_ms !== undefined) expect(r.firstPong).toBeCloseTo(want.first_pong_ms, 3);
  if (want.took_ms !== undefined) expect(r.end - r.start).toBeCloseTo(want.took_ms, 3);
  if (want.start_modulo_cooldown_ms !== undefined) expect(r.start % 100).toBeCloseTo(want.start_modulo_cooldown_ms, 3);
  for (const [name, column] of Object.entries(want.samples ?? {})) {
    expect(samples).toHaveLength(column.length);
    for (const [i, s] of samples.entries()) {
      const is = columns[name]!(s), should = column[i];
      const near = typeof is === 'number' && typeof should === 'number' && Math.abs(is - should) < 1e-3;
      const same = near || is === String(should).replaceAll('_', ' ');
      if (should !== null && !same) expect({ ping: s.seq, [name]: is }).toEqual({ ping: s.seq, [name]: should });
    }
  }
}

describe('the page and Go play the same scenes', () => {
  const dir = '../testdata/scenes/';
  const files = readdirSync(dir).filter((f) => f.endsWith('.json'));
  it('has them', () => expect(files.length).toBeGreaterThanOrEqual(20));
  for (const file of files) {
    const scene = JSON.parse(readFileSync(dir + file, 'utf8')) as Scene;
    it(`${file}: ${scene.says}`, async () => {
      const { r, samples } = await play(scene);
      check(scene, r, samples);
    });
    const ofMessages = scene.blocks || scene.fails || scene.events?.some((e) => e.message !== undefined);
    if (ofMessages) continue;
    it(`${file}, by audio packets`, async () => {
      const { r, samples } = await play(scene, true);
      check(scene, r, samples);
    });
  }
});
