import { describe, it } from 'node:test';
import { expect } from 'expect';
import { Outcome, type Plan, Reason, type Sample, type State } from '../src/contract';
import { Echo, Runner, type Told } from '../src/frames';
import { decode } from '../src/packet';
import { Probe } from '../src/probe';
import { type Frame, opusOf } from '../src/red';
import { type Ask, type Pings, Ride } from '../src/ride';
import { Link } from '../src/session';
import { FakeTime, frameOf, silent } from './fake';

const plan: Plan = {
  count: 20, cooldown: 20, timeout: 500, warmup: 3, echoTimeout: 10_000, reconnectTimeout: 10_000,
  payload: 0, numbered: false, media: false, class: 'rtp-audio', aligned: false, phase: 0, echo: '', run: 'abcdefgh',
};

/** A seat whose encoder has a frame every 20 ms, 7 ms after a ping is due; what befalls it is by the moment. */
async function play(befalls: {
  stuck?: [number, number]; muted?: [number, number]; twice?: boolean; of?: bigint; numbered?: boolean;
  sizes?: Map<number, number>; // that were asked for, by number
  broken?: number; // the ping whose pong has another byte than its CRC says
}) {
  const time = new FakeTime(), told: ((t: Told) => void)[] = [];
  const during = (span?: [number, number]) => span !== undefined && time.t >= span[0] && time.t < span[1];
  const runner = new Runner(time, (t) => told.forEach((f) => f(t))), echo = new Echo(time);
  const pings: Pings = {
    arrived: { up: '', down: '', carried: false }, muted: () => during(befalls.muted),
    whose: (tap) => (tap === 1 ? 'echo' : undefined),
  };
  const port = {
    post(m: Ask) {
      if (m.what === 'run') runner.run = befalls.of ?? m.run;
      else if (m.what === 'ping') {
        befalls.sizes?.set(m.seq, m.size);
        runner.ping(m.n, m.seq, m.size);
      }
      else time.after(0.1, () => runner.withdraw(m.n, m.seq));
    },
    listen: (f: (t: Told) => void) => void told.push(f),
  };
  const encode = () => {
    time.after(20, encode);
    if (during(befalls.stuck)) return;
    const frame = frameOf(silent);
    runner.out(frame, () => {});
    echo.forward(frame);
    if (decode(opusOf(frame)).some((r) => r !== 'malformed' && r.seq === befalls.broken)) breakIt(frame);
    for (let n = befalls.twice ? 2 : 1; n > 0; n--) time.after(30, () => runner.in(1, frame));
    runner.in(2, frame); // of a track that nobody has asked for
  };
  time.after(7, encode);
  const asked = { ...plan, numbered: befalls.numbered ?? false };
  const p = new Probe(new Link(), new Ride(pings, port, asked, time), asked, time);
  let r: State | undefined;
  void p.run().then((x) => (r = x));
  await time.run(() => r !== undefined);
  const samples = p.take(Infinity).sort((a, b) => a.seq - b.seq);
  const of = (o: Outcome) => samples.filter((s) => s.outcome === o);
  return { r: r!, samples, of, pings };
}

/** Changes a byte of the record. */
function breakIt(frame: Frame): void {
  const bytes = new Uint8Array(frame.data);
  bytes[20]! ^= 1;
  frame.data = bytes.buffer;
}

const notSent = (list: Sample[]) => list.filter((s) => s.outcome === Outcome.notSent).map((s) => s.reason);

describe('pings that ride an encoder', () => {
  it('tell their number by their size in a lab, and weigh the same elsewhere', async () => {
    const sizes = new Map<number, number>();
    await play({ numbered: true, sizes });
    expect([sizes.get(0), sizes.get(1), sizes.get(20)]).toEqual([0, 142, 161]);
    sizes.clear();
    await play({ sizes });
    expect(new Set(sizes.values())).toEqual(new Set([0]));
  });
  it('leave with its next frame, and that is when they were sent', async () => {
    const { r, of, samples, pings } = await play({});
    expect(r.ended).toBe('complete');
    expect(of(Outcome.answered)).toHaveLength(20);
    const late = samples[0]!.sent - samples[0]!.due;
    expect(late).toBeGreaterThan(0);
    for (const s of samples) {
      expect(s.sent - s.due).toBeCloseTo(late, 3);
      expect(s.rtt).toBeCloseTo(30, 3);
      expect(s.hold).toBe(0);
    }
    expect(pings.arrived).toEqual({ up: 'page', down: 'page', carried: false });
  });

  it('are not sent, and never called lost, while the encoder has no frame', async () => {
    const { r, of, samples } = await play({ stuck: [300, 500] });
    expect(r.ended).toBe('complete');
    expect(of(Outcome.answered)).toHaveLength(20); // the plan's number, in later slots
    expect(of(Outcome.lost)).toHaveLength(0);
    const reasons = notSent(samples);
    expect(reasons.length).toBeGreaterThan(4);
    expect(new Set(reasons)).toEqual(new Set([Reason.stalled]));
    for (const s of of(Outcome.answered)) expect(s.sent - s.due).toBeLessThan(100);
  });

  it('are not sent while their track is muted', async () => {
    const { r, of, samples } = await play({ muted: [300, 400] });
    expect(r.ended).toBe('complete');
    expect(of(Outcome.answered)).toHaveLength(20);
    expect(notSent(samples)).toEqual(Array(5).fill(Reason.muted));
  });

  it('are counted once, and further copies as duplicates', async () => {
    const { r, of } = await play({ twice: true });
    expect(of(Outcome.answered)).toHaveLength(20);
    expect(r.counts.duplicate).toBeGreaterThan(18); // the run may end before the last one
  });

  it('are lost where their pong is broken, which is counted', async () => {
    const { r, of } = await play({ broken: 7 });
    expect(of(Outcome.lost).map((s) => s.seq)).toEqual([7]);
    expect(r.counts.malformed).toBe(1);
  });

  it('are not answered by pongs to somebody else', async () => {
    const { r } = await play({ of: 7n });
    expect(r).toMatchObject({ noEcho: true, counts: { warmup_sent: 200 } });
    expect(r.counts.foreign).toBeGreaterThan(100);
  });
});
