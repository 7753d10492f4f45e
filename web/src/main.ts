// The engine in the page: window.rtcbench is what internal/browser calls over the debugging
// protocol. One page is one participant.

import * as observe from './observe'; // first: it must see what the SDKs do
import { joinDaily } from './daily';
import { answer } from './echo';
import { joinLiveKit } from './livekit';
import { type Plan, Probe, type Sample } from './probe';
import type { JoinConfig, Session } from './session';
import { pageTime } from './ticker';

declare global {
  interface Window {
    rtcbench: typeof api;
    rtcbenchNews?: (text: string) => void; // a binding of the debugging protocol
  }
}

const platforms = { livekit: joinLiveKit, daily: joinDaily };
const newsInterval = 100; // ms between batches of samples

let session: Session | undefined;
let probe: Probe | undefined;
let joinStarted = 0;
let ended = '';
const steps: { name: string; leg: string; at: number }[] = [];

const api = {
  async join(c: JoinConfig): Promise<string> {
    joinStarted = performance.now();
    const reached = (name: string) => {
      if (!steps.some((s) => s.name === name)) steps.push({ name, leg: '', at: performance.now() });
    };
    session = await platforms[c.platform](c, reached);
    session.onEnd((why) => (ended = why));
    return session.identity;
  },

  /** Carries out a plan; samples come in batches by the binding while it runs, and all with the result. */
  async probe(plan: Plan): Promise<unknown> {
    if (!session) throw new Error('not joined');
    const p = (probe = new Probe(session, plan, pageTime()));
    const first = session.send.bind(session);
    // The warm-up's pings show by which way messages really leave; counted ones are left alone.
    session.send = (text, to, lossy) => {
      const t1 = /"timestamp":([0-9.]+),"seq":0[,}]/.exec(text)?.[1];
      if (t1 === undefined) session!.send = first;
      observe.lookFor(t1);
      return first(text, to, lossy);
    };
    if (ended) throw new Error(ended);
    const rows = (list: Sample[]) => list.map((s) => [s.seq, s.outcome, s.reason, s.stamped ? 1 : 0, s.due, s.sent, s.sendCall, s.rtt, s.hold, s.up]);
    const timer = setInterval(() => {
      const batch = p.news;
      p.news = [];
      window.rtcbenchNews?.(JSON.stringify(rows(batch)));
    }, newsInterval);
    const result = await p.run();
    clearInterval(timer);
    observe.lookFor(undefined);
    // All samples once more: a batch may be overtaken by this answer.
    return { ...result, samples: rows(p.samples), visible: document.visibilityState, joinStarted: performance.timeOrigin + joinStarted, firstPong: result.firstPong && result.firstPong - joinStarted };
  },

  stop: (): void => probe?.stop(),

  /** Answers pings until the page is closed. */
  echo(): void {
    if (!session) throw new Error('not joined');
    answer(session, (at) => performance.timeOrigin + (at ?? performance.now()));
  },

  ended: (): string => ended,
  clock: (): number => performance.timeOrigin + performance.now(),

  async facts(): Promise<unknown> {
    const ways = observe.ways();
    const way = ways.length === 1 ? ways[0] : undefined; // by two ways: not one that can be named
    return {
      ...(await session?.facts()),
      way: way === undefined ? '' : way === 'websocket' ? 'websocket' : way.ordered && way.maxRetransmits === null ? 'datachannel-reliable' : 'datachannel-lossy',
      joinStarted: performance.timeOrigin + joinStarted,
      phases: [...steps, ...observe.phases()].map((p) => ({ ...p, at: p.at - joinStarted })).sort((a, b) => a.at - b.at),
      pairs: observe.pairs().map((p) => ({ ...p, at: performance.timeOrigin + p.at })),
    };
  },

  async leave(): Promise<void> {
    await session?.leave();
    session = undefined;
  },
};

window.rtcbench = api;
