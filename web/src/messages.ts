// Pings as messages of the original tool, over a platform's session. internal/ping/ping.go is its twin.

import type { Plan } from './contract';
import type { Listener, Time, Wire } from './carrier';
import type { Packet, Session } from './session';
import { Stamps } from './stamps';
import { decodePong, encodePing } from './wire';

export class Messages implements Wire {
  private readonly stamps = new Stamps();

  /** leaving is called with T1 of every ping before it is sent. */
  constructor(
    private readonly session: Session, private readonly plan: Plan, private readonly time: Time,
    private readonly leaving: (t1: number) => void = () => {},
  ) {}

  hear(listener: Listener): void {
    this.session.onPacket((p) => this.match(p, listener));
  }

  send(seq: number, at: number): Promise<void> | void {
    const t1 = this.stamps.add(this.time.origin + at, seq);
    this.leaving(t1);
    const { run, class: by, payload } = this.plan;
    return this.session.send(encodePing(t1, seq, run, by, payload), undefined, by);
  }

  private match(packet: Packet, listener: Listener): void {
    const pong = decodePong(packet.data);
    if (pong === 'malformed') return listener.malformed(packet.from);
    if (pong === 'other') return;
    const seq = this.stamps.find(pong.timestamp);
    if (seq === undefined || (pong.seq !== undefined && pong.seq !== seq)) return listener.stray(packet.from);
    listener.answered({
      seq, before: this.stamps.before(pong.timestamp), from: packet.from, at: packet.at,
      receive: pong.receive, send: pong.send, seen: pong.seen,
      kind: pong.ours ? (pong.wrong ? 'rtcbench-wrong-clock' : 'rtcbench') : 'original',
    });
  }
}
