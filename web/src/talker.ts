// What a caller does to the frames of audio tracks, apart from the threads in which it happens. The caller's packets
// take the place of the encoder's, and each packet that arrives is told.

import type { Clock } from './frames';
import { carry, type Frame, opusOf } from './red';

/** What a talker tells; at is in Unix ms. */
export type Overheard =
  | { what: 'spoken'; say: number; index: number; last: boolean; at: number }
  | { what: 'sound'; tap: number; at: number; seq: number; stamp: number; packet: Uint8Array<ArrayBuffer> };

type Packet = Uint8Array<ArrayBuffer>;

export class Talker {
  private quiet: Packet[] = [];
  private quietNext = 0;
  private saying: { say: number; packets: Packet[]; next: number; cut: boolean } | undefined;
  private readonly counted = new Map<number, number>(); // by tap: packets, where the browser gives no numbers
  constructor(private readonly clock: Clock, private readonly tell: (o: Overheard) => void) {}

  /** Says packets from the next frame on. Packets of say 0 are repeated while there is nothing else to say. */
  perform(say: number, packets: Packet[]): void {
    if (say === 0) this.quiet = packets;
    else this.saying = { say, packets, next: 0, cut: false };
  }

  cut(say: number): void {
    if (this.saying?.say === say) this.saying.cut = true;
  }

  /** Takes a frame of the encoder. write lets the frame leave. */
  out(frame: Frame, write: () => void): void {
    const next = this.next();
    if (!next) return write();
    const { packet, say, index, last } = next;
    carry(frame, packet.slice()); // the frame takes its bytes for good
    const at = this.clock.origin + this.clock.now();
    write();
    this.tell({ what: 'spoken', say, index, last, at });
  }

  private next(): { packet: Packet; say: number; index: number; last: boolean } | undefined {
    const s = this.saying;
    if (!s) {
      if (this.quiet.length === 0) return undefined;
      const index = this.quietNext++ % this.quiet.length;
      return { packet: this.quiet[index]!, say: 0, index, last: false };
    }
    const index = s.next++, last = s.cut || s.next >= s.packets.length;
    if (last) this.saying = undefined;
    return { packet: s.packets[index]!, say: s.say, index, last };
  }

  /** Takes a frame that a track brought. */
  in(tap: number, frame: Frame): void {
    const m = frame.getMetadata(), count = this.counted.get(tap) ?? 0;
    this.counted.set(tap, count + 1);
    this.tell({
      what: 'sound', tap, at: this.clock.origin + (m.receiveTime ?? this.clock.now()),
      seq: (m.sequenceNumber ?? count) & 0xffff, stamp: m.rtpTimestamp ?? 0, packet: opusOf(frame).slice(),
    });
  }
}
