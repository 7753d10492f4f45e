// The thread through which the frames of audio tracks go: nothing that the page's SDK does delays them here.

import { Echo, hasPing, Runner, type Waiting } from './frames';
import { Order } from './order';
import type { Frame } from './red';
import { Talker } from './talker';
import type { FromWorker, ToWorker } from './taps';

const clock = { now: () => performance.now(), origin: performance.timeOrigin };
const post = (m: FromWorker): void => self.postMessage(m);
const runner = new Runner(clock, post), echo = new Echo(clock);
let talker: Talker | undefined; // of a caller's seat
const countEvery = 100, ownerFor = 5000; // ms

/** The frames of a sender or a receiver. */
interface Tap {
  id: number;
  out: boolean;
  joins: boolean; // its stream takes frames of other taps, too
  writer: WritableStreamDefaultWriter<Frame>;
  format: string;
  codec: string; // '' = of no frame yet
  order: Order;
  owner?: Tap; // of such a stream: whose frames it takes now …
  took?: number; // … and took last then
  waiting?: Waiting; // of such a sender, if its stream takes no others: what waits for its own frames
}
const taps = new Map<number, Tap>();
const answers = new Map<number, number>(); // by which sender's tap what arrives at a receiver's is answered

const write = (by: Tap, frame: Frame): void => void by.writer.write(frame).catch(() => {}); // it may just be over

async function pump(id: number, out: boolean, joins: boolean, readable: ReadableStream, writable: WritableStream) {
  const tap: Tap = { id, out, joins, writer: writable.getWriter(), format: '', codec: '', order: new Order() };
  taps.set(id, tap);
  const reader = (readable as ReadableStream<Frame>).getReader();
  for (;;) {
    const { value: frame, done } = await reader.read(), came = clock.now();
    if (done) break;
    noteFormat(tap, frame);
    if (tap.out) leaves(tap, frame);
    else arrives(tap, frame, came);
  }
  taps.delete(id);
}

function noteFormat(tap: Tap, frame: Frame): void {
  const { mimeType = '', payloadType = -1, synchronizationSource: ssrc = 0, sequenceNumber } = frame.getMetadata();
  const format = `${mimeType} ${payloadType} ${ssrc}`, numbered = !tap.out && sequenceNumber !== undefined;
  const behind = numbered && tap.order.came(ssrc, sequenceNumber);
  if (tap.format === format && !behind) return;
  tap.format = format;
  tap.codec = mimeType.toLowerCase();
  post({
    what: 'format', tap: tap.id, mimeType, payloadType, ssrc, ...(numbered ? { behind: tap.order.behind } : {}),
  });
}

function leaves(tap: Tap, frame: Frame): void {
  // The frames that such a stream takes from others have other time stamps: an SFU would drop the one or the other.
  if (tap.joins) return;
  if (talker) return talker.out(frame, () => write(tap, frame));
  if (!tap.waiting) return runner.out(frame, () => write(tap, frame));
  echo.carry(frame, tap.waiting);
  write(tap, frame);
}

function arrives(tap: Tap, frame: Frame, came: number): void {
  const by = taps.get(answers.get(tap.id) ?? 0);
  if (by?.codec && by.codec !== tap.codec) by.joins = false; // our frames have another codec than what comes, as RED
  if (by?.joins && tap.joins) {
    if (mayTake(by, tap, frame)) {
      echo.forward(frame, by.waiting, came);
      return write(by, frame);
    }
  }
  if (talker) talker.in(tap.id, frame);
  else if (by) echo.keep(frame, (by.waiting ??= []));
  else runner.in(tap.id, frame);
  write(tap, frame);
}

/**
 * Whether a stream takes what arrives at a tap. It takes frames of one tap at a time: of the first that brought a ping.
 */
function mayTake(by: Tap, tap: Tap, frame: Frame): boolean {
  const free = !by.owner || !taps.has(by.owner.id) || clock.now() - by.took! > ownerFor;
  if (by.owner !== tap && !(free && hasPing(frame))) return false;
  by.owner = tap;
  by.took = clock.now();
  return true;
}

let counted = 0;
setInterval(() => {
  if (echo.count === counted) return;
  counted = echo.count;
  post({ what: 'answered', answered: counted, held: echo.takeHeld() });
}, countEvery);

self.onmessage = ({ data: m }: MessageEvent<ToWorker>) => {
  switch (m.what) {
    case 'run':
      runner.run = m.run;
      return;
    case 'ping':
      return runner.ping(m.n, m.seq, m.size);
    case 'withdraw':
      return runner.withdraw(m.n, m.seq);
    case 'streams':
      return void pump(m.tap, m.out, true, m.readable, m.writable);
    case 'say':
      return (talker ??= new Talker(clock, post)).perform(m.say, m.packets);
    case 'cut':
      return talker?.cut(m.say);
    case 'answer':
      answers.set(m.tap, m.by);
  }
};

interface Transformer {
  options: { tap: number; out: boolean };
  readable: ReadableStream;
  writable: WritableStream;
}
Object.assign(self, {
  onrtctransform({ transformer: t }: { transformer: Transformer }) {
    void pump(t.options.tap, t.options.out, false, t.readable, t.writable);
  },
});
