// Leads the frames of every audio sender and receiver through a worker. It must be imported before any SDK, and open
// must be called before an SDK makes a connection.

import type { Held, Told } from './frames';
import type { Ask } from './ride';
import type { Overheard } from './talker';

export type ToWorker =
  | Ask
  | { what: 'streams'; tap: number; out: boolean; readable: ReadableStream; writable: WritableStream }
  | { what: 'answer'; tap: number; by: number }
  | { what: 'say'; say: number; packets: Uint8Array<ArrayBuffer>[] }
  | { what: 'cut'; say: number };
export type FromWorker =
  | Told
  | Overheard
  | { what: 'answered'; answered: number; held: Held[] }
  | { what: 'format'; tap: number; mimeType: string; payloadType: number; ssrc: number; behind?: number };
/** What a runner's or an echo's seat is told. */
export type News = Exclude<FromWorker, Overheard>;

type Ends = RTCRtpSender | RTCRtpReceiver;
/** A function that Chromium has and no standard describes. */
interface Streamed {
  createEncodedStreams?(): { readable: ReadableStream; writable: WritableStream };
}

/** How the frames are led: by a transform for each end, or as streams, which may be joined to each other. */
export type By = 'transforms' | 'streams';

let worker: Worker | undefined;
let by: By = 'transforms';
let hear: (m: News) => void = () => {};
let onOverheard: (o: Overheard) => void = () => {};
const taps = new Map<Ends, number>();
const peers = new Map<Ends, RTCPeerConnection>();

const streamed = (): boolean => 'createEncodedStreams' in RTCRtpSender.prototype;

/**
 * From now on connections are tapped: as streams, where these are wanted and the browser has them. Returns which way is
 * used.
 */
export function open(wanted: By, f: (m: News) => void): By {
  by = wanted === 'streams' && streamed() ? 'streams' : 'transforms';
  hear = f;
  worker = new Worker('audio.js');
  worker.onmessage = ({ data: m }: MessageEvent<FromWorker>) =>
    m.what === 'spoken' || m.what === 'sound' ? onOverheard(m) : hear(m);
  return by;
}

/** Sets who is told of what a caller says and hears. */
export const overhear = (f: (o: Overheard) => void): void => void (onOverheard = f);

export const post = (m: ToWorker): void => worker?.postMessage(m);

/**
 * tapOf is the number of an end's tap. senderOf and receiverOf are the ends of a track, and peerOf is an end's
 * connection.
 */
export const tapOf = (end: Ends | undefined): number | undefined => end && taps.get(end);
export const senderOf = (track: MediaStreamTrack): RTCRtpSender | undefined =>
  [...taps.keys()].filter((e) => e instanceof RTCRtpSender).findLast((e) => e.track === track);
export const receiverOf = (track: MediaStreamTrack): RTCRtpReceiver | undefined =>
  [...taps.keys()].filter((e) => e instanceof RTCRtpReceiver).findLast((e) => e.track === track);
export const peerOf = (end: Ends): RTCPeerConnection | undefined => peers.get(end);

function tap(pc: RTCPeerConnection, end: Ends, kind: string | undefined): void {
  if (!worker || kind !== 'audio' || taps.has(end)) return;
  const number = taps.size + 1, out = end instanceof RTCRtpSender;
  taps.set(end, number);
  peers.set(end, pc);
  if (by === 'streams') {
    const { readable, writable } = (end as Streamed).createEncodedStreams!();
    const m: ToWorker = { what: 'streams', tap: number, out, readable, writable };
    worker.postMessage(m, [readable, writable] as Transferable[]);
  } else end.transform = new RTCRtpScriptTransform(worker, { tap: number, out });
}

const configured = (c: RTCConfiguration | undefined): RTCConfiguration | undefined =>
  worker && by === 'streams' ? ({ ...c, encodedInsertableStreams: true } as RTCConfiguration) : c;

const Peer = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Peer {
  constructor(config?: RTCConfiguration) {
    super(configured(config));
    this.addEventListener('track', (e) => tap(this, e.receiver, e.track.kind));
  }
  // In a connection that goes both ways a receiver's transform fires only if it was set from the beginning.
  override addTransceiver(of: MediaStreamTrack | string, init?: RTCRtpTransceiverInit): RTCRtpTransceiver {
    const t = super.addTransceiver(of as MediaStreamTrack, init);
    tap(this, t.sender, t.receiver.track.kind);
    tap(this, t.receiver, t.receiver.track.kind);
    return t;
  }
  override addTrack(track: MediaStreamTrack, ...streams: MediaStream[]): RTCRtpSender {
    const sender = super.addTrack(track, ...streams);
    tap(this, sender, track.kind);
    return sender;
  }
  // The setting has to be repeated, or the connection refuses the change.
  override setConfiguration(config?: RTCConfiguration): void {
    super.setConfiguration(configured(config));
  }
};
