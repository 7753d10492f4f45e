import Daily, { type DailyCall } from '@daily-co/daily-js';
import { speaks } from './audio';
import { dailyMedia } from './daily.media';
import { silence } from './media';
import { signallingHosts } from './observe';
import type { JoinConfig } from './contract';
import { Link, type Packet, Refusal, type Session } from './session';

/** The longest message that Daily takes. We refuse a longer one before anything is sent. */
const maxMessage = 4096;

/** What Daily's types of errors mean for the user of rtcbench, where Daily's own text does not tell. */
const meanings: Record<string, string> = {
  'end-of-life': ` (Daily takes this version of its library, ${Daily.version()}, no longer: update rtcbench)`,
};

const told = (e: { errorMsg?: string; error?: { type?: string } }): string | undefined =>
  e.error?.type ? `${e.error.type}: ${e.errorMsg}${meanings[e.error.type] ?? ''}` : e.errorMsg;

/** Rejects when the guest has to knock: join() also succeeds in the lobby, where nobody else is. */
async function outOfTheLobby(call: DailyCall): Promise<void> {
  const access = call.accessState().access;
  if (typeof access === 'object' && access.level === 'lobby') {
    await call.leave();
    throw new Refusal('lobby: guests have to knock at this room, and rtcbench does not: give a meeting token, ' +
      'or a room without knocking');
  }
}

/**
 * Joins a Daily room by the platform's own JavaScript SDK. Video stays off, and so does audio until it is asked for.
 */
export async function joinDaily(c: JoinConfig, reached: (phase: string) => void): Promise<Session> {
  if (c.bundleURL) localStorage.setItem('daily:disable-base-domain-fallback', '1');
  const quiet = speaks(c) ? silence() : undefined; // given from the beginning, and sent when there is a ping in it
  const call: DailyCall = Daily.createCallObject({
    audioSource: quiet?.track ?? false, videoSource: false, subscribeToTracksAutomatically: false,
    ...(c.bundleURL ? { dailyConfig: { bundlePathOverride: c.bundleURL } as object } : {}),
  });
  let handler: (p: Packet) => void = () => {};
  let left = false, sfuId = '', reason = '';
  const link = new Link();
  const ended = (why: string) => {
    if (!left) link.end(why);
    left = true;
  };
  call.on('loaded', () => reached('bundle'));
  call.on('app-message', (e) => {
    const at = performance.now();
    handler({ data: e.data, from: e.fromId, at });
  });
  call.on('network-connection', (e) => {
    const event = e as unknown as { type: string; event: string; sfu_id?: string };
    if (event.type === 'signaling' || event.type === 'sfu') {
      if (event.event === 'connected') reached(event.type === 'signaling' ? 'signalling' : 'sfu');
      if (event.event === 'interrupted') link.reconnects++;
      if (event.type === 'signaling') link.down = event.event === 'interrupted';
    }
    if (event.sfu_id) sfuId = event.sfu_id;
    if (event.event === 'connected') {
      link.became('sfu', event.sfu_id);
      if (event.type === 'sfu') link.became('topology', 'sfu');
      if (event.type === 'peer-to-peer') link.became('topology', 'peer');
    }
  });
  call.on('error', (e) => {
    reason = told(e as { errorMsg?: string; error?: { type?: string } }) ?? 'an error without a text';
    ended(reason);
  });
  call.on('left-meeting', () => ended(reason || 'left the meeting'));
  try {
    await call.join({
      url: c.url, ...(c.token ? { token: c.token } : {}), userName: c.userName ?? 'rtcbench',
      startAudioOff: true, startVideoOff: true,
    });
  } catch (e) {
    const { error, errorMsg } = e as { errorMsg?: string; error?: { type?: string } };
    // An error of type connection-error, or without a type, is no answer of Daily's.
    const ofDaily = error?.type && error.type !== 'connection-error';
    throw new (ofDaily ? Refusal : Error)(told({ error, errorMsg }) ?? String(e));
  }
  await outOfTheLobby(call);
  reached('joined');
  return {
    identity: call.participants().local.session_id,
    send(text, to) {
      if (text.length > maxMessage) {
        throw new Error(`a message of ${text.length} characters: Daily takes at most ${maxMessage}`);
      }
      call.sendAppMessage(JSON.parse(text), to ?? '*');
    },
    onPacket: (h) => (handler = h),
    link,
    ...(quiet ? { media: dailyMedia(call, quiet) } : {}),
    async facts() {
      const within = <T>(p: Promise<T>): Promise<T | undefined> =>
        Promise.race([p.catch(() => undefined), new Promise<undefined>((r) => setTimeout(r, 1000))]);
      // "none" is "not yet determined or not applicable": not known.
      const topology = ((await within(call.getNetworkTopology())) as { topology?: string } | undefined)?.topology ?? '';
      // Daily's reference says that round trips are in milliseconds, and so they are taken. WebRTC's own are in
      // seconds.
      // https://docs.daily.co/docs/daily-js/advanced/network-quality
      const stats = await within(call.getNetworkStats());
      const told = stats as { stats?: { latest?: { networkRoundTripTime?: number | null } } } | undefined;
      const rtt = told?.stats?.latest?.networkRoundTripTime;
      return {
        engineVersion: `daily-js ${Daily.version()}`,
        daily: {
          topology: topology === 'none' ? '' : topology, sfu_id: sfuId,
          signalling_host: signallingHosts()[0] ?? '', network_rtt_ms: rtt || null, // 0 says nothing
        },
      };
    },
    others: () => Object.keys(call.participants()).length - 1,
    async leave() {
      left = true;
      await call.leave();
      await call.destroy();
      quiet?.end();
    },
  };
}
