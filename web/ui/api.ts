// Asks the interface behind the page, again whenever the store has something new.
import { useEffect, useState } from 'preact/hooks';
import { news } from './state';

export interface Answer<T> {
  value?: T;
  error?: string;
  waiting: boolean;
}

/** What path answers, asked again every so many seconds. The old answer stays meanwhile; nothing is asked for ''. */
export function useApi<T>(path: string, every = 0): Answer<T> {
  const [answer, setAnswer] = useState<Answer<T> & { of?: string }>({ waiting: true });
  const [again, setAgain] = useState(0);
  const edition = news.value;
  useEffect(() => {
    if (every === 0) return undefined;
    const timer = setInterval(() => setAgain((n) => n + 1), every * 1000);
    return () => clearInterval(timer);
  }, [every]);
  useEffect(() => {
    if (path === '') return undefined;
    const stop = new AbortController();
    const kept = answer.of === path ? answer.value : undefined;
    setAnswer({ ...(kept === undefined ? {} : { value: kept }), waiting: true, of: path });
    ask<T>(path, stop.signal).then(
      (value) => setAnswer({ value, waiting: false, of: path }),
      (e: unknown) => {
        if (!stop.signal.aborted)
          setAnswer({ ...(kept === undefined ? {} : { value: kept }), error: said(e), waiting: false, of: path });
      },
    );
    return () => stop.abort();
  }, [path, edition, again]);
  return answer.of === path ? answer : { waiting: true };
}

async function ask<T>(path: string, signal: AbortSignal): Promise<T> {
  const response = await fetch(path, { signal });
  if (response.status === 204) return undefined as T;
  const body: unknown = await response.json();
  if (!response.ok) throw new Error(refusal(body) ?? `the server answered ${response.status}`);
  return body as T;
}

function refusal(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('error' in body)) return undefined;
  return String(body.error);
}

function said(e: unknown): string {
  if (e instanceof TypeError) return 'rtcbench does not answer: was it ended? The page comes back by itself.';
  return e instanceof Error ? e.message : String(e);
}
