"""Makes what the caller and the agent of `rtcbench turn` say: internal/turn/utterances/*.opus.

It needs espeak-ng and opusenc (Debian: apt-get install espeak-ng opus-tools), and gives the same bytes again with the
same versions of both. The texts are rtcbench's own and under its licence; espeak-ng (GPL-3.0-or-later) claims nothing
of what it speaks.

Each file is one channel of 48 kHz in packets of 20 ms: speech of -20 dBFS (RMS where it is audible) upon noise of
-66 dBFS, as a microphone in a quiet room gives it. "quiet" is that noise alone.
"""
import array, io, math, os, random, subprocess, sys, wave

RATE = 48000
NOISE, SPEECH = -66, -20
TEXTS = {
    "short": "Hello, can you hear me?",
    "medium": "What time do you open tomorrow morning?",
    "long": "I would like to change the booking that I made last week, because my flight was cancelled.",
    "pause": 'My number is, <break time="450ms"/> let me see, four two seven.',
    "digits": "Four, seven, one, one, zero, eight.",
    "stop": "Stop.",
    "greeting": "Good morning.",
    "reply": "Yes, I can.",
}


def amplitude(dbfs):
    return 32768 * 10 ** (dbfs / 20)


def spoken(text):
    """The text as samples of RATE: espeak-ng speaks at 22,050 Hz; linear interpolation is good enough for speech."""
    voice = "en-gb" if text in (TEXTS["greeting"], TEXTS["reply"]) else "en-us"
    said = subprocess.run(["espeak-ng", "-m", "-v", voice, "-s", "205", "--stdout", text], check=True,
                          capture_output=True).stdout
    with wave.open(io.BytesIO(said)) as w:
        rate, samples = w.getframerate(), array.array("h", w.readframes(1 << 30))
    last = len(samples) - 1
    out = []
    for i in range(int(len(samples) * RATE / rate)):
        at = min(i * rate / RATE, last)
        a = int(at)
        b = min(a + 1, last)
        out.append(samples[a] + (at - a) * (samples[b] - samples[a]))
    loud = [x for x in out if abs(x) > 300]
    heard = [i for i, x in enumerate(out) if abs(x) > 30]
    out = out[heard[0]:heard[-1] + 1]
    level = math.sqrt(sum(x * x for x in loud) / len(loud))
    return [x * amplitude(SPEECH) / level for x in out]


def write(folder, name, samples):
    dice = random.Random(name)
    noisy = array.array("h", (max(-32768, min(32767, round(x + dice.gauss(0, amplitude(NOISE))))) for x in samples))
    wav = io.BytesIO()
    with wave.open(wav, "wb") as w:
        w.setnchannels(1), w.setsampwidth(2), w.setframerate(RATE)
        w.writeframes(noisy.tobytes())
    subprocess.run(["opusenc", "--quiet", "--bitrate", "32", "--framesize", "20", "--speech", "--serial", "1",
                    "--discard-comments", "-", os.path.join(folder, name + ".opus")], input=wav.getvalue(), check=True)


folder = sys.argv[1]
silence = [0] * (RATE // 10)
for name, text in TEXTS.items():
    write(folder, name, silence + spoken(text) + silence)
write(folder, "quiet", [0] * (2 * RATE))
