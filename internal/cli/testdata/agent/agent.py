"""A real LiveKit Agents worker with a fake model: it speaks a tone when it hears its caller's track, hears the caller
out by silero's VAD, and speaks again after a known delay. AGENT_MODE says how it behaves: answers, mute (after that),
crashes (in mid-turn), early (answers while its caller speaks), or talks (for long, until it is interrupted)."""
import asyncio
import math
import os

from livekit import rtc
from livekit.agents import JobContext, WorkerOptions, cli, vad
from livekit.plugins import silero

RATE, SILENCE, DELAY = 48000, 0.55, 0.3
MODE = os.environ.get("AGENT_MODE", "answers")


async def speak(source: rtc.AudioSource, frames: int) -> None:
    for n in range(frames):  # of 20 ms
        frame = rtc.AudioFrame.create(RATE, 1, RATE // 50)
        for i in range(RATE // 50):
            frame.data[i] = int(6000 * math.sin(2 * math.pi * 440 * (n * RATE // 50 + i) / RATE))
        await source.capture_frame(frame)


async def say(me: rtc.LocalParticipant, track: str) -> None:
    """Tells what it says as an AgentSession does: as a text stream whose end says that it is final, and to clients of
    the older kind by a message of their own."""
    segment = f"SG_{os.urandom(4).hex()}"
    stream = await me.stream_text(topic="lk.transcription", attributes={
        "lk.transcription_final": "false", "lk.segment_id": segment, "lk.transcribed_track_id": track})
    await stream.write("Yes, ")
    await stream.write("I can.")
    await stream.aclose(attributes={"lk.transcription_final": "true"})
    await me.send_text("Anything else?", topic="lk.transcription", attributes={"lk.transcription_final": "true"})
    await me.publish_transcription(rtc.Transcription(
        participant_identity=me.identity, track_sid=track, segments=[rtc.TranscriptionSegment(
            id=segment, text="Yes, I can.", start_time=0, end_time=0, final=True, language="")]))


async def entrypoint(ctx: JobContext) -> None:
    model = silero.VAD.load(min_silence_duration=SILENCE)
    await ctx.connect()
    me = ctx.room.local_participant
    source = rtc.AudioSource(RATE, 1)
    track = await me.publish_track(rtc.LocalAudioTrack.create_audio_track("agent", source),
                                   rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE))
    await me.set_attributes({"lk.agent.state": "listening"})
    caller = await ctx.wait_for_participant()
    heard, ready = model.stream(), asyncio.Event()

    async def listen() -> None:
        async for event in rtc.AudioStream.from_participant(participant=caller,
                                                            track_source=rtc.TrackSource.SOURCE_MICROPHONE):
            heard.push_frame(event.frame)
            ready.set()

    listening = asyncio.create_task(listen())
    await ready.wait()
    await speak(source, 15)
    talking = None
    async for event in heard:
        if event.type == vad.VADEventType.START_OF_SPEECH:
            if talking:
                talking.cancel()
                source.clear_queue()
            elif MODE == "early":
                await speak(source, 40)
        if event.type != vad.VADEventType.END_OF_SPEECH or MODE in ("mute", "early"):
            continue
        await me.set_attributes({"lk.agent.state": "thinking"})
        await asyncio.sleep(DELAY)
        if MODE == "crashes":
            os._exit(1)
        await me.set_attributes({"lk.agent.state": "speaking"})
        await say(me, track.sid)
        if MODE == "talks":
            talking = asyncio.create_task(speak(source, 1000))
            continue
        await speak(source, 40)
        await me.set_attributes({"lk.agent.state": "listening"})
    await listening


if __name__ == "__main__":
    cli.run_app(WorkerOptions(entrypoint_fnc=entrypoint, agent_name="known-agent", num_idle_processes=1,
                              initialize_process_timeout=60, load_fnc=lambda: 0.0, host="127.0.0.1", port=0))
