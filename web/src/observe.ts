// Watches what the platforms' SDKs do with the browser: connections, their steps and paths, and which way a message
// really takes when it leaves. It must be imported before any SDK.

import type { Candidate, Channel, Pair, Step, Way } from './contract';
import type { Traffic } from './silence';

interface Peer {
  pc: RTCPeerConnection;
  opened: RTCDataChannel[]; // by us
  received: RTCDataChannel[];
  phases: { name: string; at: number }[];
  pairs: { at: number; local: Candidate; remote: Candidate }[];
}

type Stats = Record<string, unknown>;

const peers: Peer[] = [];
const sockets: { host: string; at: number }[] = [];
const carried = new Set<Way>();
const latin = new TextDecoder('latin1');
const head = 2048; // how far into a message a ping is looked for: the platforms' envelopes are short
let looked = '', seen = 0;

/** Notes, from now on, by which way each text that contains this one leaves. It costs about a microsecond a message. */
export function lookFor(text: string): void {
  looked = text;
}

/** The ways by which texts that contain it have left. */
export function ways(): Way[] {
  return [...carried];
}

/** A number that grows with everything that is seen here. */
export const news = (): number => seen;

const left = (way: Way, data: unknown): void => {
  if (looked === '' || !holds(data)) return;
  looked = '';
  if (carried.has(way)) return;
  carried.add(way);
  seen++;
};

const holds = (data: unknown): boolean => {
  if (typeof data === 'string') return data.slice(0, head).includes(looked);
  const has = (bytes: Uint8Array<ArrayBufferLike>) => latin.decode(bytes).includes(looked);
  if (data instanceof ArrayBuffer) return has(new Uint8Array(data, 0, Math.min(head, data.byteLength)));
  if (ArrayBuffer.isView(data)) {
    return has(new Uint8Array(data.buffer, data.byteOffset, Math.min(head, data.byteLength)));
  }
  return false;
};

/** Called when a connection or a channel has opened, failed or closed. */
let onLink: () => void = () => {};
export function watchLink(f: () => void): void {
  onLink = f;
}

/** Called with every phase that a connection reaches. */
let onPhase: (name: string) => void = () => {};
export function watchPhases(f: (name: string) => void): void {
  onPhase = f;
}

/** Whether the newest channel of one label that we opened can carry messages. */
export function usable(label: string): boolean {
  const peer = peers.findLast((p) => p.opened.some((c) => c.label === label));
  const channel = peer?.opened.findLast((c) => c.label === label);
  return peer?.pc.connectionState === 'connected' && channel?.readyState === 'open';
}

/** Whether the connections that are in use carry something. */
export function connected(): boolean {
  const states = peers.map((p) => p.pc.connectionState).filter((s) => s !== 'closed' && s !== 'new');
  return states.length > 0 && states.every((s) => s === 'connected');
}

const NativePeer = window.RTCPeerConnection;
window.RTCPeerConnection = class extends NativePeer {
  constructor(config?: RTCConfiguration) {
    super(config);
    const peer: Peer = { pc: this, opened: [], received: [], phases: [], pairs: [] };
    peers.push(peer);
    const reached = (name: string) => {
      if (peer.phases.some((p) => p.name === name)) return;
      peer.phases.push({ name, at: performance.now() });
      seen++;
      onPhase(name);
    };
    this.addEventListener('iceconnectionstatechange', () => {
      if (this.iceConnectionState === 'connected' || this.iceConnectionState === 'completed') reached('ice');
      const ends = [...this.getSenders(), ...this.getReceivers()];
      const ice = (this.sctp?.transport ?? ends.find((e) => e.transport)?.transport)?.iceTransport;
      if (ice && !ice.onselectedcandidatepairchange) {
        const note = () => {
          const pair = ice.getSelectedCandidatePair();
          if (!pair?.local || !pair.remote) return;
          peer.pairs.push({ at: performance.now(), local: candidate(pair.local), remote: candidate(pair.remote) });
          seen++;
        };
        ice.onselectedcandidatepairchange = note;
        note();
      }
    });
    this.addEventListener('connectionstatechange', () => {
      if (this.connectionState === 'connected') reached('dtls');
      onLink();
    });
    this.addEventListener('datachannel', (e) => {
      peer.received.push(e.channel);
      e.channel.addEventListener('open', () => reached('data_channel'));
    });
  }
  override createDataChannel(label: string, init?: RTCDataChannelInit): RTCDataChannel {
    const channel = super.createDataChannel(label, init);
    const peer = peers.find((p) => p.pc === this);
    peer?.opened.push(channel);
    channel.addEventListener('open', () => {
      if (peer && !peer.phases.some((p) => p.name === 'data_channel')) {
        peer.phases.push({ name: 'data_channel', at: performance.now() });
      }
      seen++;
      onPhase('data_channel');
      onLink();
    });
    channel.addEventListener('close', () => onLink());
    return channel;
  }
};

// The method of the prototype is replaced, because the other side may have opened the channel.
const nativeSend = RTCDataChannel.prototype.send as (data: unknown) => void;
RTCDataChannel.prototype.send = function (this: RTCDataChannel, data: unknown): void {
  const reliable = this.ordered && this.maxRetransmits === null && this.maxPacketLifeTime === null;
  left(reliable ? 'datachannel-reliable' : 'datachannel-lossy', data);
  nativeSend.call(this, data);
};

const NativeSocket = window.WebSocket;
window.WebSocket = class extends NativeSocket {
  constructor(url: string | URL, protocols?: string | string[]) {
    super(url, protocols);
    sockets.push({ host: new URL(this.url).host, at: performance.now() });
  }
  override send(data: string | ArrayBufferLike | Blob | ArrayBufferView<ArrayBufferLike>): void {
    left('websocket', data);
    super.send(data as string);
  }
};

function candidate(c: RTCIceCandidate): Candidate {
  const address = c.address ?? '';
  const family = address === '' || address.endsWith('.local') ? '' : address.includes(':') ? 'ipv6' : 'ipv4';
  const host = family === 'ipv6' ? `[${address}]` : address;
  return {
    type: c.type ?? '', protocol: c.protocol ?? '', family, address: address === '' ? '' : `${host}:${c.port}`,
  };
}

const sends = (p: Peer): boolean => p.opened.length > 0 || p.pc.getSenders().some((s) => s.track);
const leg = (p: Peer): string => (peers.length === 1 ? 'only' : sends(p) ? 'publisher' : 'subscriber');

export const signallingHosts = (): string[] => [...new Set(sockets.map((s) => s.host))];
/** The steps of connecting. Their at is a performance.now(), as in pairs. */
export const phases = (): Step[] =>
  peers.flatMap((p) => p.phases.map((x) => ({ ...x, leg: leg(p) }))).sort((a, b) => a.at - b.at);

/** What the connections that are open have sent and received. */
export async function traffic(): Promise<Traffic> {
  const sum: Traffic = { sent: 0, received: 0 };
  const open = peers.filter((p) => p.pc.connectionState !== 'closed');
  const reports = (await Promise.all(open.map((p) => p.pc.getStats()))) as ReadonlyMap<string, Stats>[];
  const all = reports.map((r) => [...r.values()]);
  for (const s of all.flat().filter((x) => x.type === 'candidate-pair')) {
    sum.sent += Number(s.bytesSent) + Number(s.requestsSent);
    sum.received += Number(s.bytesReceived) + Number(s.responsesReceived) + Number(s.requestsReceived);
  }
  return sum;
}

/** Every selected pair. Only the statistics tell how a relay is reached, and only of the pair in use. */
export async function pairs(): Promise<Pair[]> {
  await Promise.all(peers.map(async (p) => {
    const last = p.pairs.at(-1);
    if (last?.local.type !== 'relay' || last.local.relayProtocol) return;
    const stats = (await p.pc.getStats()) as ReadonlyMap<string, Stats>;
    for (const transport of stats.values()) {
      const pair = stats.get(String(transport.selectedCandidatePairId));
      const local = stats.get(String(pair?.localCandidateId));
      if (typeof local?.relayProtocol === 'string') last.local.relayProtocol = local.relayProtocol;
    }
  }));
  return peers.flatMap((p) => p.pairs.map((x) => ({ ...x, leg: leg(p) }))).sort((a, b) => a.at - b.at);
}

const parameters = (c: RTCDataChannel | undefined): Channel | null =>
  c ? { ordered: c.ordered, maxRetransmits: c.maxRetransmits } : null;

/** The channels of one label: the one that we opened, and the one that was opened towards us. */
export function channels(label: string): { outbound: Channel | null; inbound: Channel | null } {
  const of = (list: RTCDataChannel[]) => list.find((c) => c.label === label);
  return {
    outbound: parameters(of(peers.flatMap((p) => p.opened))),
    inbound: parameters(of(peers.flatMap((p) => p.received))),
  };
}
