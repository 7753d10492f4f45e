import { DisconnectReason, Room, RoomEvent, setLogLevel, version } from 'livekit-client';
import { channels } from './observe';
import type { JoinConfig, Packet, Session } from './session';

/** Joins a LiveKit room by the platform's own JavaScript SDK; no media is subscribed. */
export async function joinLiveKit(c: JoinConfig, reached: (phase: string) => void): Promise<Session> {
  setLogLevel('silent');
  const room = new Room({ adaptiveStream: false, dynacast: false, disconnectOnPageLeave: true });
  const reader = new TextDecoder(), writer = new TextEncoder();
  let handler: (p: Packet) => void = () => {}, down: (d: boolean) => void = () => {}, end: (why: string) => void = () => {};
  let left = false;
  room.on(RoomEvent.SignalConnected, () => reached('signalling'));
  room.on(RoomEvent.DataReceived, (payload, participant) => {
    const at = performance.now();
    handler({ data: reader.decode(payload), from: participant?.identity ?? '', at });
  });
  room.on(RoomEvent.SignalReconnecting, () => down(true));
  room.on(RoomEvent.Reconnecting, () => down(true));
  room.on(RoomEvent.Reconnected, () => down(false));
  room.on(RoomEvent.Disconnected, (reason) => {
    const why = DisconnectReason[reason ?? 0]?.toLowerCase().replaceAll('_', ' ') ?? 'unknown reason';
    if (!left) end(`session ended by the server or for want of it: ${why}`);
  });
  await room.connect(c.url, c.token ?? '', { autoSubscribe: false });
  const me = room.localParticipant;
  // The publisher's connection is opened by a first message: one to ourselves, which nobody gets.
  await me.publishData(writer.encode(''), { reliable: true, destinationIdentities: [me.identity] });
  return {
    identity: me.identity,
    send: (text, to, lossy) => me.publishData(writer.encode(text), { reliable: !lossy, ...(to === undefined ? {} : { destinationIdentities: [to] }) }),
    onPacket: (h) => (handler = h),
    onDown: (h) => (down = h),
    onEnd: (h) => (end = h),
    async facts() {
      const { outbound, inbound } = channels(c.lossy ? '_lossy' : '_reliable');
      const s = room.serverInfo;
      return { engineVersion: `livekit-client ${version}`, outbound, inbound, server: { version: s?.version ?? '', region: s?.region ?? '', node: s?.nodeId ?? '' } };
    },
    async leave() {
      left = true;
      await room.disconnect();
    },
  };
}
