// What an agent of Pipecat says of itself, in messages of RTVI.

/** The parts of RTVI's messages that say what an agent does: https://docs.pipecat.ai/client/rtvi-standard */
const telling = /^(user|bot)-.*(started|stopped|ready|transcription)/;

/**
 * What an agent says of itself by a message; undefined = the message says something else, or its sender is no agent.
 */
export function rtvi(data: unknown): { what: string; text: string } | undefined {
  const m = (typeof data === 'object' && data) as { label?: string; type?: string; data?: { [key: string]: unknown } };
  if (!m || m.label !== 'rtvi-ai' || !telling.test(m.type ?? '') || m.data?.final === false) return undefined;
  return { what: `rtvi ${m.type}`, text: typeof m.data?.text === 'string' ? m.data.text : '' };
}
