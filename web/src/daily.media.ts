// The audio of a Daily call: each participant has one track, and the track has no name of ours.

import type { DailyCall, DailyParticipant, DailyParticipantPermissions } from '@daily-co/daily-js';
import type { Media, Ours, Silence } from './media';
import { Refusal } from './session';
import * as taps from './taps';

const most = 10_000, look = 50; // ms: how long a connection for our audio may take, and how often to look for it

export function dailyMedia(call: DailyCall, silence: Silence): Media {
  const { mouth, track } = silence;
  const sender = () => taps.senderOf(track);
  let ours: Ours | undefined;
  return {
    async publish(): Promise<Ours> {
      if (ours) return ours; // there is one track, whichever runner it answers
      const no = refused(call.participants().local.permissions);
      if (no) throw new Refusal(no);
      await silence.start();
      call.setLocalAudio(true);
      for (let left = most; !sender()?.getParameters().codecs.length; left -= look) {
        if (left <= 0) throw new Error(`Daily has made no connection for our audio within ${most / 1000} s`);
        await new Promise((r) => setTimeout(r, look));
      }
      return (ours = {
        mouth, sender,
        muted: () => !call.localAudio() || track.readyState === 'ended',
        async end() {}, // the track may answer other runners, too
      });
    },
    watch({ came, gone, joined }) {
      call.on('track-started', (e) => {
        if (!e.participant || e.participant.local || e.type !== 'audio') return;
        const receiver = taps.receiverOf(e.track);
        if (receiver) came({ from: e.participant.session_id, receiver });
      });
      const take = (p: DailyParticipant) => {
        if (p.local) return;
        joined?.(p.session_id);
        call.updateParticipant(p.session_id, { setSubscribedTracks: { audio: true } });
      };
      call.on('participant-joined', (e) => take(e.participant));
      call.on('participant-left', (e) => gone(e.participant.session_id));
      Object.values(call.participants()).forEach(take);
    },
  };
}

/** Why a seat may not take part in audio; undefined = nothing speaks against it. */
function refused({ canSend, canReceive }: DailyParticipantPermissions): string | undefined {
  const told = 'by its meeting token, or by its room: give a token whose permissions have it, or measure by messages';
  const { base } = canReceive;
  if (canSend === false || (canSend instanceof Set && !canSend.has('audio'))) {
    return `this seat may not send audio (canSend), ${told}`;
  }
  if (base === false || (typeof base === 'object' && base.audio === false)) {
    return `this seat may not hear audio (canReceive), ${told}`;
  }
  return undefined;
}
