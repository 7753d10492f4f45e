// Frames that repeat those before them (RFC 2198). Pings ride the newest part of such a frame, and the older parts are
// left out.

/** The part of RTCEncodedAudioFrame that is used. */
export interface Frame {
  data: ArrayBuffer;
  getMetadata(): {
    receiveTime?: number; mimeType?: string; payloadType?: number; synchronizationSource?: number;
    sequenceNumber?: number; rtpTimestamp?: number;
  };
}

const isRed = (frame: Frame): boolean => frame.getMetadata().mimeType?.toLowerCase() === 'audio/red';

/** The Opus packet of a frame, in its place. */
export function opusOf(frame: Frame): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(frame.data);
  return isRed(frame) ? all.subarray(newest(all)) : all;
}

/** Makes a frame carry another Opus packet. */
export function carry(frame: Frame, packet: Uint8Array<ArrayBuffer>): void {
  if (!isRed(frame)) {
    frame.data = packet.buffer;
    return;
  }
  const was = new Uint8Array(frame.data), out = new Uint8Array(1 + packet.length);
  out[0] = was[blocks(was).at]! & 127; // its payload type, and that it is the last
  out.set(packet, 1);
  frame.data = out.buffer;
}

/** Where the header of the newest part is, and how long the parts before it are. */
function blocks(red: Uint8Array): { at: number; before: number } {
  let at = 0, before = 0;
  for (; red[at]! & 128; at += 4) before += ((red[at + 2]! & 3) << 8) | red[at + 3]!;
  return { at, before };
}

function newest(red: Uint8Array): number {
  const { at, before } = blocks(red);
  return Math.min(at + 1 + before, red.length);
}
