// The engine in the page: internal/browser calls window.rtcbench over the debugging protocol. One page is one
// participant.

import * as observe from './observe'; // first: it must see what the SDKs do
import './taps'; // … and so must this
import * as audio from './audio';
import { Booth } from './booth';
import { Caller } from './caller';
import type { Time, Wire } from './carrier';
import { answer } from './echo';
import { Messages } from './messages';
import {
  type Batch, type Call, type Columns, columns, type Facts, type JoinConfig, type Phase, type Plan, type Sample,
  type Say, type Seat, type Talk,
} from './contract';
import { Probe } from './probe';
import { Ride } from './ride';
import type { Session } from './session';
import { pageTime } from './ticker';

type Join = (c: JoinConfig, reached: (phase: string) => void) => Promise<Session>;

declare global {
  interface Window {
    rtcbench: ReturnType<typeof engine>;
    rtcbenchNews?: (text: string) => void; // a binding of the debugging protocol
  }
}

const newsInterval = 100; // ms between batches
const batchSize = 2000; // samples: a longer list goes as several batches

/** Sends news that nobody has asked for. */
const news = (of: Batch | Phase | Talk): void => window.rtcbenchNews?.(JSON.stringify(of));

const inColumns = (list: Sample[]): Columns =>
  Object.fromEntries(columns.map((name) => [name, list.map((s) => s[name])])) as unknown as Columns;

/** All that the debugging protocol can ask of one participant. */
function engine(join: Join) {
  let session: Session | undefined;
  let probe: Probe | undefined;
  let answered = () => 0; // pings, by the echo
  let packets: audio.Answers = { count: 0, held: [] };
  let pings: audio.Runner | undefined;
  let caller: Caller | undefined;
  let joinStarted = 0;
  let hidden = false; // since the run began
  const look = () => (hidden ||= document.visibilityState !== 'visible');
  document.addEventListener('visibilitychange', look);
  document.addEventListener('freeze', () => (hidden = true)); // https://wicg.github.io/page-lifecycle/
  const steps: { name: string; leg: string; at: number }[] = [];

  const wire = (s: Session, plan: Plan, time: Time): Wire =>
    pings ? new Ride(pings, audio.port, plan, time) : new Messages(s, plan, time, (t1) => observe.lookFor(String(t1)));

  async function facts(): Promise<Facts> {
    const ways = observe.ways();
    if (session) pings?.look(session.link);
    return {
      ...((await session?.facts()) ?? { engineVersion: '' }),
      reconnects: session?.link.reconnects ?? 0,
      changes: (session?.link.changes ?? []).map((c) => ({ ...c, at: performance.timeOrigin + c.at })),
      // two ways have no single name
      way: pings ? (pings.arrived.down === '' ? '' : 'rtp-audio') : ways.length === 1 ? ways[0]! : '',
      audio: (await pings?.legs()) ?? [],
      joinStarted: performance.timeOrigin + joinStarted,
      phases: [...steps, ...observe.phases()]
        .map((p) => ({ ...p, at: p.at - joinStarted }))
        .sort((a, b) => a.at - b.at),
      pairs: (await observe.pairs()).map((p) => ({ ...p, at: performance.timeOrigin + p.at })),
    };
  }

  /**
   * Tells of a run while it goes on, so that a page that dies has told nearly everything. Batches are numbered, because
   * they may overtake each other.
   */
  function teller(p: Probe, booth: Booth | undefined) {
    let batch = 0, known = -1, fresh: Facts | undefined, asking = false;
    const version = () => observe.news() + (session?.link.reconnects ?? 0) + (session?.link.changes.length ?? 0);
    const tell = () => {
      if (session) pings?.look(session.link);
      if (p.result.identity !== '') booth?.listen(pings?.receiverOf(p.result.identity));
      if (known !== version() && !asking) {
        known = version();
        asking = true;
        void facts().then((f) => (fresh = f)).finally(() => (asking = false));
      }
      do {
        const list = p.take(batchSize);
        const { firstPong, ...soFar } = p.soFar();
        news({
          batch: batch++, samples: inColumns(list), facts: fresh, hidden, bursts: booth?.take() ?? [],
          state: { ...soFar, firstPong: firstPong && firstPong - joinStarted },
        });
        fresh = undefined;
        if (list.length < batchSize) break;
      } while (true);
      return batch;
    };
    return tell;
  }

  return {
    /** Takes the seat. It returns the name in the room, and what is known of the seat from the beginning. */
    async join(c: JoinConfig): Promise<Seat> {
      joinStarted = performance.now();
      const tell = (name: string) => news({ reached: name });
      observe.watchPhases(tell);
      if (audio.speaks(c)) audio.open(c.role);
      session = await join(c, (name) => {
        if (steps.some((s) => s.name === name)) return;
        steps.push({ name, leg: '', at: performance.now() });
        tell(name);
      });
      observe.watchPhases(() => {});
      if (c.class === 'rtp-audio' && c.role !== 'echo') {
        pings = await audio.Runner.start(session.media!, session.identity, session.link);
      }
      return { identity: session.identity, facts: await facts() };
    },

    /** Carries out a plan. All results come in batches by the binding; probe returns the number of batches. */
    async probe(plan: Plan): Promise<number> {
      if (!session) throw new Error('not joined');
      if (session.link.ended) throw new Error(`session ended: ${session.link.ended}`);
      const time = pageTime(), booth = plan.media && pings ? await Booth.enter(pings.mouth) : undefined;
      const p = (probe = new Probe(session.link, wire(session, plan, time), plan, time));
      hidden = false;
      look();
      const tell = teller(p, booth);
      const timer = setInterval(tell, newsInterval);
      await p.run();
      clearInterval(timer);
      const told = tell();
      booth?.leave();
      return told;
    },

    stop: (): void => probe?.stop(),

    /** Takes part in a call with a voice, until the page is closed. What happens is told by the binding. */
    async call(how: Call): Promise<void> {
      if (!session?.media) throw new Error('not joined with audio');
      caller = new Caller(session, news);
      await caller.start(session.media, how);
    },
    say: (s: Say): void => caller?.say(s),
    cut: (say: number): void => caller?.cut(say),

    /** Answers pings until the page is closed. */
    echo(): void {
      if (!session) throw new Error('not joined');
      const messages = answer(session, (at) => performance.timeOrigin + (at ?? performance.now()));
      if (session.media) packets = audio.answer(session.media);
      answered = () => messages() + packets.count;
    },

    answered: (): number => answered(),
    held: () => packets.held,
    others: (): number => session?.others() ?? 0,
    ended: (): string => session?.link.ended ?? '',
    clock: (): number => performance.timeOrigin + performance.now(),
    facts,

    async leave(): Promise<void> {
      await session?.leave();
      session = undefined;
    },
  };
}

/** Makes the engine of a page, which speaks to one platform. */
export function serve(join: Join): void {
  window.rtcbench = engine(join);
}
