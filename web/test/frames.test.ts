import { describe, it } from 'node:test';
import { expect } from 'expect';
import { Echo, Runner, type Told, type Waiting } from '../src/frames';
import { decode, encode, Flag, micros, type Record } from '../src/packet';
import { type Frame, opusOf } from '../src/red';
import { frameOf, silent } from './fake';

const red = 'audio/red';
/** A frame of RED: one older part of two bytes, and the newest. */
const redFrame = (newest: number[]): Frame =>
  frameOf([0x80 | 111, 15, 0, 2, 111, 0xee, 0xee, ...newest], { mimeType: red });

/** Both sides, each with a clock of its own. */
function sides() {
  const told: Told[] = [], at = { t: 100 };
  const clock = (origin: number) => ({ now: () => at.t, origin });
  const runner = new Runner(clock(1_700_000_000_000), (t) => told.push(t)), echo = new Echo(clock(1_700_000_000_500));
  runner.run = 77n;
  const leave = (frame: Frame): Frame => {
    let left = false;
    runner.out(frame, () => (left = true));
    expect(left).toBe(true);
    return frame;
  };
  const pongs = () => told.filter((t) => t.what === 'pong');
  return { told, at, runner, echo, leave, pongs };
}

describe('a ping in a frame', () => {
  it('rides the next frame of the encoder, one a frame, and leaves all others as they are', () => {
    const { runner, leave, told, at } = sides();
    runner.ping(1, 5, 160);
    runner.ping(2, 6, 0);
    const first = leave(frameOf(silent)), second = leave(frameOf(silent)), third = leave(frameOf(silent));
    expect(decode(opusOf(first))).toMatchObject([{ seq: 5, run: 77n, t1: micros(1_700_000_000_100) }]);
    expect(decode(opusOf(second))).toMatchObject([{ seq: 6 }]);
    expect([first.data.byteLength, second.data.byteLength]).toEqual([160, 140]);
    expect([...new Uint8Array(third.data)]).toEqual(silent);
    expect(told).toMatchObject([{ what: 'left', seq: 5, n: 1 }, { what: 'left', seq: 6, n: 2 }]);
    at.t++;
  });

  it('does not leave once it was taken back, and that is told; one that has left cannot be', () => {
    const { runner, leave, told } = sides();
    runner.ping(1, 5, 0);
    runner.withdraw(1, 5);
    expect(decode(opusOf(leave(frameOf(silent))))).toEqual([]);
    runner.ping(2, 6, 0);
    leave(frameOf(silent));
    runner.withdraw(2, 6);
    expect(told.map((t) => t.what)).toEqual(['withdrawn', 'left']);
  });

  it('does not wait behind others for ever: where the encoder has left out a frame, one ping is taken back', () => {
    const { runner, leave, told } = sides();
    for (let n = 1; n <= 3; n++) runner.ping(n, n, 0); // two frames were left out
    for (let n = 4; n <= 60; n++) {
      leave(frameOf(silent));
      runner.ping(n, n, 0);
    }
    expect(told.filter((t) => t.what === 'withdrawn')).toMatchObject([{ seq: 26 }, { seq: 52 }]);
    const left = told.filter((t) => t.what === 'left');
    expect(left.at(-1)).toMatchObject({ seq: 59 }); // the newest that was there when the last frame came
  });

  it('comes back in the frame that it came in, of the same size, with when it came and left', () => {
    const { runner, echo, leave, at, pongs } = sides();
    runner.ping(1, 5, 0);
    const frame = leave(frameOf(silent));
    at.t = 103;
    const came = frameOf([...new Uint8Array(frame.data)], { receiveTime: 102 });
    echo.forward(came, [], 102.75);
    expect(echo.takeHeld()).toEqual([[0.75, 0.25]]); // in the browser, and by us
    expect(echo.takeHeld()).toEqual([]);
    at.t = 107;
    runner.in(9, frameOf([...new Uint8Array(came.data)], { receiveTime: 106.5 }));
    expect(came.data.byteLength).toBe(frame.data.byteLength);
    expect(pongs()).toMatchObject([{
      tap: 9, at: 1_700_000_000_106.5, exact: true,
      record: {
        seq: 5, t1: micros(1_700_000_000_100), t2: micros(1_700_000_000_602), t3: micros(1_700_000_000_603),
        flags: Flag.stamped | Flag.tells | Flag.atReceive, seen: { count: 1, last: 5, high: 0, low: 1 },
      },
    }]);
    expect(echo.count).toBe(1);
  });

  it('is carried with all others that wait, where the frame itself cannot go back', () => {
    const { runner, echo, leave, at, pongs } = sides(), waiting: Waiting = [];
    for (const seq of [1, 2, 3]) {
      runner.ping(seq, seq, 0);
      at.t = 100 + seq;
      echo.keep(leave(frameOf(silent)), waiting);
    }
    const none = frameOf(silent);
    at.t = 120;
    const own = frameOf(silent);
    echo.carry(own, waiting);
    echo.carry(none, waiting);
    runner.in(1, own);
    expect([...new Uint8Array(none.data)]).toEqual(silent);
    const hold = (r: Record) => [r.seq, r.t3 - r.t2, r.flags & Flag.carried];
    expect(pongs().map((p) => hold(p.record))).toEqual([[1, 19_000, 64], [2, 18_000, 64], [3, 17_000, 64]]);
    expect(pongs()[0]).toMatchObject({ exact: false, at: 1_700_000_000_120 }); // nobody has said when it came
  });

  it('is carried by the frame of another runner, where all are answered on one track', () => {
    const { runner, echo, leave, pongs } = sides(), waiting: Waiting = [];
    runner.ping(1, 8, 0);
    echo.keep(leave(frameOf(silent)), waiting);
    runner.run = 78n;
    runner.ping(2, 5, 0);
    const frame = leave(frameOf(silent));
    echo.forward(frame, waiting);
    runner.in(1, frame);
    expect(pongs().map(({ record: r }) => [r.run, r.seq, r.flags & Flag.carried])).toEqual([[78n, 5, 0], [77n, 8, 64]]);
    const filler = frameOf(silent);
    runner.ping(3, 9, 0);
    echo.keep(leave(frameOf(silent)), waiting);
    echo.forward(filler, waiting);
    expect(decode(opusOf(filler))).toMatchObject([{ seq: 9, type: 2 }]);
    expect(waiting).toEqual([]);
  });

  it('rides the newest part of a frame that repeats those before it, alone', () => {
    const { runner, echo, leave, pongs } = sides();
    runner.ping(1, 5, 0);
    const frame = leave(redFrame(silent));
    expect(new Uint8Array(frame.data)[0]).toBe(111); // the last part: no bit that says that another follows
    expect(decode(opusOf(frame))).toMatchObject([{ seq: 5 }]);
    echo.forward(frame);
    runner.in(1, frame);
    expect(pongs()).toMatchObject([{ record: { seq: 5, type: 2 } }]);
    expect([...opusOf(redFrame(silent))]).toEqual(silent);
    expect([...opusOf(frameOf([0x80, 0, 3, 255], { mimeType: red }))]).toEqual([]); // of a part that is not there
  });

  it('is not answered where it is broken, and a broken pong is told of', () => {
    const { echo, runner, told } = sides();
    const seen = { count: 0, last: 0, high: 0, low: 0 };
    const record = { type: 1, flags: 0, run: 1n, seq: 1, clockError: 0, t1: 1, t2: 0, t3: 0, seen };
    const ping = encode(undefined, 0, [record]);
    ping[20]! ^= 1;
    const frame = frameOf([...ping]);
    echo.forward(frame);
    expect([...new Uint8Array(frame.data)]).toEqual([...ping]);
    runner.in(3, frame);
    expect(told).toEqual([{ what: 'malformed', tap: 3 }]);
    expect(echo.count).toBe(0);
  });
});
