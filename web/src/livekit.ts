import {
  ConnectionError, ConnectionErrorReason, DisconnectReason, Room, RoomEvent, setLogLevel, version,
} from 'livekit-client';
import { channels, connected, traffic, usable, watchLink } from './observe';
import type { JoinConfig } from './contract';
import { liveKitMedia } from './livekit.media';
import { Link, NotConnected, type Packet, Refusal, type Session } from './session';
import { Silence } from './silence';

/** The most bytes that fit into one data channel message of LiveKit, without its envelope. */
const maxMessage = 60_000;

/** Gives the SDK its own default limit for each later try to connect again. The SDK then tries anew. */
function patience(engine: Room['engine']): void {
  const own = 15_000; // ms: roomConnectOptionDefaults
  engine.peerConnectionTimeout = own;
  const { signalOpts } = engine as unknown as { signalOpts?: { websocketTimeout?: number } };
  if (signalOpts) signalOpts.websocketTimeout = own;
}

const inWords = (reason?: DisconnectReason): string =>
  DisconnectReason[reason ?? 0]?.toLowerCase().replaceAll('_', ' ') ?? 'unknown reason';

/** Joins a LiveKit room by the platform's own JavaScript SDK; no media is subscribed. */
export async function joinLiveKit(c: JoinConfig, reached: (phase: string) => void): Promise<Session> {
  setLogLevel('silent');
  const room = new Room({ adaptiveStream: false, dynacast: false, disconnectOnPageLeave: true });
  const reader = new TextDecoder(), writer = new TextEncoder();
  let handler: (p: Packet) => void = () => {};
  let left = false, joined = false, reconnecting = false;
  let silent = 0; // for so many ms nothing has come in, though the signalling is lost
  const speaks = c.class === 'rtp-audio' && c.role !== 'echo';
  const link = new Link(), label = c.class === 'datachannel-lossy' ? '_lossy' : '_reliable';
  // Signalling may come and go while messages travel on: only the connection that carries them says whether the link is
  // down.
  const judge = () => {
    if (joined && silent > 0) link.wentDown(silent);
    else if (joined) link.down = speaks ? !connected() : !usable(label);
  };
  // For some seconds after its server was killed, the browser takes a connection for alive. That nothing comes in tells
  // it sooner.
  const listen = async () => {
    for (const silence = new Silence(); reconnecting && !left; await new Promise((r) => setTimeout(r, 100))) {
      const quiet = silence.look(await traffic(), performance.now());
      silent = reconnecting ? quiet : 0;
      judge();
    }
  };
  const interrupted = () => {
    if (reconnecting) return;
    link.reconnects++;
    reconnecting = true;
    judge();
    void listen();
  };
  watchLink(judge);
  room.on(RoomEvent.SignalConnected, () => reached('signalling'));
  // The server tells up to 3 s late of a participant who has no tracks. The packet itself says at once whose it is.
  room.on(RoomEvent.DataReceived, (payload, _participant, _kind, _topic, _encryption, from) => {
    const at = performance.now();
    handler({ data: reader.decode(payload), from: from ?? '', at });
  });
  room.on(RoomEvent.SignalReconnecting, interrupted);
  room.on(RoomEvent.Reconnecting, interrupted);
  // After a reconnect, room.serverInfo is still what the first server said; the engine knows the present server.
  const server = () =>
    (room.engine as typeof room.engine | undefined)?.latestJoinResponse?.serverInfo ?? room.serverInfo;
  const serverIs = () => {
    link.became('region', server()?.region);
    link.became('node', server()?.nodeId);
  };
  room.on(RoomEvent.Reconnected, () => {
    reconnecting = false;
    silent = 0;
    serverIs();
    judge();
  });
  room.on(RoomEvent.Disconnected, (reason) => {
    if (!left) link.end(`by the server or for want of it: ${inWords(reason)}`);
  });
  // The caller, who knows the phase, sets the limit: the SDK's own limit must never end first.
  const within = (c.within ?? 15_000) + 5_000;
  await room.connect(c.url, c.token ?? '', {
    autoSubscribe: false, websocketTimeout: within, peerConnectionTimeout: within,
  }).catch((e: unknown) => {
    if (e instanceof ConnectionError && e.reason === ConnectionErrorReason.LeaveRequest) {
      throw new Refusal(`the server ended the join: ${inWords(e.context as DisconnectReason)}`);
    }
    throw e;
  });
  patience(room.engine);
  serverIs();
  const me = room.localParticipant;
  // A first message opens the publisher's connection: one to ourselves, which nobody gets. A participant that speaks
  // may have no right to messages, and opens the connection by speaking.
  if (!speaks) await me.publishData(writer.encode(''), { reliable: true, destinationIdentities: [me.identity] });
  joined = true;
  judge();
  return {
    identity: me.identity,
    send(text, to, by) {
      const payload = writer.encode(text);
      if (payload.length > maxMessage) {
        throw new Error(`a message of ${payload.length} bytes: a LiveKit data message holds at most ${maxMessage}`);
      }
      const receivers = to === undefined ? {} : { destinationIdentities: [to] };
      return me.publishData(payload, { reliable: by !== 'datachannel-lossy', ...receivers }).catch((e: unknown) => {
        throw new NotConnected(String(e)); // as the native engine reads it: what else can be wrong was looked at before
      });
    },
    onPacket: (h) => (handler = h),
    link,
    media: liveKitMedia(room),
    async facts() {
      const { outbound, inbound } = channels(label);
      const s = server();
      serverIs();
      return {
        engineVersion: `livekit-client ${version}`, outbound, inbound,
        server: { version: s?.version ?? '', region: s?.region ?? '', node: s?.nodeId ?? '' },
      };
    },
    others: () => room.remoteParticipants.size,
    async leave() {
      left = true;
      await room.disconnect();
    },
  };
}
