// The audio of a LiveKit room.

import {
  type LocalTrack, type LocalTrackPublication, type RemoteParticipant, type RemoteTrack, type RemoteTrackPublication,
  type Room, RoomEvent, Track,
} from 'livekit-client';
import { carries, type Media, notOpus, type Ours, silence } from './media';
import { Refusal } from './session';

/**
 * Plain Opus, all the time: an encoder that falls silent, or repeats itself, carries no ping when a ping is due. The
 * source is a microphone, because our tokens allow no other.
 */
const plain = { red: false, dtx: false, forceStereo: false, source: Track.Source.Microphone };

export function liveKitMedia(room: Room): Media {
  return {
    async publish(name): Promise<Ours> {
      const no = withoutOpus(room);
      if (no) throw new Refusal(no);
      const { mouth, track, start, end } = silence();
      await start();
      const { track: local } = await room.localParticipant.publishTrack(track, { ...plain, name });
      return {
        mouth,
        sender: () => current(room, local)?.track?.sender,
        muted: () => (current(room, local)?.isMuted ?? true) || track.readyState === 'ended' || track.muted,
        async end() {
          await room.localParticipant.unpublishTrack(track);
          end();
        },
      };
    },
    watch({ wants, came, gone, sent, joined, cannot }) {
      const look = (of: RemoteTrackPublication, from: RemoteParticipant) => {
        if (of.kind !== Track.Kind.Audio || !wants(of.trackName, from.identity)) return;
        if (of.isEncrypted) {
          cannot?.(`the audio of ${from.identity} is encrypted from end to end, which hides what pings and pongs ` +
            'carry: measure in a room without end-to-end encryption');
        } else if (!carries(of.mimeType)) cannot?.(notOpus(`the audio of ${from.identity}`, of.mimeType!));
        else of.setSubscribed(true);
      };
      room.on(RoomEvent.TrackPublished, look);
      room.on(RoomEvent.TrackSubscribed, (track: RemoteTrack, of: RemoteTrackPublication, from: RemoteParticipant) => {
        if (!track.receiver || !wants(of.trackName, from.identity)) return;
        came({ from: from.identity, receiver: track.receiver });
      });
      // After a server's restart, the SDK may tell of the end of an old track when the new one is already there.
      const ended = (identity: string) => {
        const tracks = room.remoteParticipants.get(identity)?.trackPublications.values() ?? [];
        if (![...tracks].some((of) => wants(of.trackName, identity))) gone(identity);
      };
      room.on(RoomEvent.TrackUnpublished, (of: RemoteTrackPublication, from: RemoteParticipant) => {
        if (wants(of.trackName, from.identity)) ended(from.identity);
      });
      room.on(RoomEvent.ParticipantDisconnected, (p: RemoteParticipant) => ended(p.identity));
      room.on(RoomEvent.LocalTrackPublished, sent);
      room.on(RoomEvent.ParticipantConnected, (p: RemoteParticipant) => joined?.(p.identity));
      for (const p of room.remoteParticipants.values()) {
        joined?.(p.identity);
        for (const of of p.trackPublications.values()) look(of as RemoteTrackPublication, p);
      }
    },
  };
}

/**
 * Why nothing can be said here; undefined = nothing speaks against it. A server that takes only other codecs leaves the
 * offer of a track unanswered.
 */
function withoutOpus({ engine }: Room): string | undefined {
  const { latestJoinResponse } = engine as typeof engine | undefined ?? {};
  const all = (latestJoinResponse?.enabledPublishCodecs ?? []).map((c) => c.mime);
  const list = all.filter((m) => /^audio\//i.test(m));
  if (list.length === 0 || list.some((m) => m.toLowerCase() === 'audio/opus')) return undefined;
  return notOpus('the audio of this room', list.join(', '));
}

/**
 * The publication of a track as it is now, because a reconnect publishes the track anew. undefined = somebody has taken
 * it back, or it is not there again yet.
 */
function current(room: Room, local: LocalTrack | undefined): LocalTrackPublication | undefined {
  const all = [...room.localParticipant.trackPublications.values()] as LocalTrackPublication[];
  return local && all.find((p) => p.track === local);
}
