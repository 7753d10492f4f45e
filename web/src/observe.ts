// Watches what the platforms' SDKs do with the browser: connections, their steps and paths, and
// by which way a message really leaves. It must be imported before any SDK.

export interface Phase { name: string; leg: string; at: number } // performance.now()
export interface Candidate { type: string; protocol: string; family: string; address: string }
export interface Pair { leg: string; at: number; local: Candidate; remote: Candidate }
export interface Channel { ordered: boolean; maxRetransmits: number | null }

interface Peer {
  pc: RTCPeerConnection;
  opened: RTCDataChannel[]; // by us
  received: RTCDataChannel[];
  phases: { name: string; at: number }[];
  pairs: { at: number; local: Candidate; remote: Candidate }[];
}

const peers: Peer[] = [];
const sockets: { host: string; at: number }[] = [];
const carried = new Set<'websocket' | RTCDataChannel>();
let looked: string | undefined;

/** From now on note by which way a text that holds this leaves; undefined ends it. */
export function lookFor(text: string | undefined): void {
  looked = text;
}

/** The ways by which the texts looked for have left. */
export function ways(): ('websocket' | RTCDataChannel)[] {
  return [...carried];
}

const holds = (data: unknown): boolean => {
  if (looked === undefined) return false;
  if (typeof data === 'string') return data.includes(looked);
  if (data instanceof ArrayBuffer || ArrayBuffer.isView(data)) return new TextDecoder('latin1').decode(data).includes(looked);
  return false;
};

const NativePeer = window.RTCPeerConnection;
window.RTCPeerConnection = class extends NativePeer {
  constructor(config?: RTCConfiguration) {
    super(config);
    const peer: Peer = { pc: this, opened: [], received: [], phases: [], pairs: [] };
    peers.push(peer);
    const reached = (name: string) => {
      if (!peer.phases.some((p) => p.name === name)) peer.phases.push({ name, at: performance.now() });
    };
    this.addEventListener('iceconnectionstatechange', () => {
      if (this.iceConnectionState === 'connected' || this.iceConnectionState === 'completed') reached('ice');
      const ice = this.sctp?.transport.iceTransport;
      if (ice && !ice.onselectedcandidatepairchange) {
        const note = () => {
          const pair = ice.getSelectedCandidatePair();
          if (pair?.local && pair.remote) peer.pairs.push({ at: performance.now(), local: candidate(pair.local), remote: candidate(pair.remote) });
        };
        ice.onselectedcandidatepairchange = note;
        note();
      }
    });
    this.addEventListener('connectionstatechange', () => {
      if (this.connectionState === 'connected') reached('dtls');
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
      if (peer && !peer.phases.some((p) => p.name === 'data_channel')) peer.phases.push({ name: 'data_channel', at: performance.now() });
    });
    const send = channel.send.bind(channel) as (data: unknown) => void;
    channel.send = (data: unknown) => {
      if (holds(data)) carried.add(channel);
      send(data);
    };
    return channel;
  }
};

const NativeSocket = window.WebSocket;
window.WebSocket = class extends NativeSocket {
  constructor(url: string | URL, protocols?: string | string[]) {
    super(url, protocols);
    sockets.push({ host: new URL(this.url).host, at: performance.now() });
  }
  override send(data: string | ArrayBufferLike | Blob | ArrayBufferView<ArrayBufferLike>): void {
    if (holds(data)) carried.add('websocket');
    super.send(data as string);
  }
};

function candidate(c: RTCIceCandidate): Candidate {
  const address = c.address ?? '';
  const family = address === '' || address.endsWith('.local') ? '' : address.includes(':') ? 'ipv6' : 'ipv4';
  return { type: c.type ?? '', protocol: c.protocol ?? '', family, address: address === '' ? '' : family === 'ipv6' ? `[${address}]:${c.port}` : `${address}:${c.port}` };
}

const leg = (p: Peer): string => (peers.length === 1 ? 'only' : p.opened.length > 0 ? 'publisher' : 'subscriber');

export const signallingHosts = (): string[] => [...new Set(sockets.map((s) => s.host))];
export const phases = (): Phase[] => peers.flatMap((p) => p.phases.map((x) => ({ ...x, leg: leg(p) }))).sort((a, b) => a.at - b.at);
export const pairs = (): Pair[] => peers.flatMap((p) => p.pairs.map((x) => ({ ...x, leg: leg(p) }))).sort((a, b) => a.at - b.at);

const parameters = (c: RTCDataChannel | undefined): Channel | null => (c ? { ordered: c.ordered, maxRetransmits: c.maxRetransmits } : null);

/** The channels of one label: what we opened, and what was opened towards us. */
export function channels(label: string): { outbound: Channel | null; inbound: Channel | null } {
  const of = (list: RTCDataChannel[]) => list.find((c) => c.label === label);
  return { outbound: parameters(of(peers.flatMap((p) => p.opened))), inbound: parameters(of(peers.flatMap((p) => p.received))) };
}
