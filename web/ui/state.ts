// What is shown is the address: whoever gets the link sees the same.
import { computed, effect, signal } from '@preact/signals';
import type { Pings } from './contract';

/** The parameters of the address that say which runs are meant; the interface takes the same. */
export const filterNames = [
  'since',
  'until',
  'platform',
  'location',
  'engine',
  'transport',
  'path',
  'echo_place',
] as const;
export type FilterName = (typeof filterNames)[number];

const views = ['places', 'place', 'mesh', 'compare', 'runs', 'run', 'live', 'fleet'] as const;
export type View = (typeof views)[number];

export const address = signal(new URLSearchParams());

/** Moves to another view. What is undefined leaves the address. */
export function go(view: View, change: Record<string, string | undefined>, keep = true): void {
  const next = keep ? new URLSearchParams(address.value) : new URLSearchParams();
  next.set('view', view);
  for (const [key, value] of Object.entries(change)) {
    if (value === undefined || value === '') next.delete(key);
    else next.set(key, value);
  }
  const moved = next.get('view') !== address.value.get('view');
  history.pushState(null, '', `#${next}`);
  address.value = next;
  if (moved) scrollTo(0, 0);
}

/** Changes the address without a step of its own for the back button: while somebody types. */
export function replace(key: string, value: string): void {
  const next = new URLSearchParams(address.value);
  if (value === '') next.delete(key);
  else next.set(key, value);
  history.replaceState(null, '', `#${next}`);
  address.value = next;
}

/** The address of a view as a link. */
export function link(view: View, change: Record<string, string>): string {
  const next = new URLSearchParams({ view, ...change });
  return `#${next}`;
}

const read = () => {
  address.value = new URLSearchParams(location.hash.slice(1));
};

/** Follows the address bar. */
export function follow(): void {
  read();
  addEventListener('hashchange', read);
  addEventListener('popstate', read);
}

export const view = computed<View>(() => {
  const name = address.value.get('view') as View | null;
  return name !== null && views.includes(name) ? name : 'places';
});

export const defaultSince = '24h';

/** The part of the address that the interface is asked with. */
export function asked(more: Record<string, string> = {}): string {
  const q = new URLSearchParams();
  for (const name of filterNames) {
    const value = address.value.get(name);
    if (value) q.set(name, value);
  }
  if (!q.has('since') && !q.has('until')) q.set('since', defaultSince);
  if (q.get('since') === 'all') q.delete('since');
  if (address.value.get('include_invalid') === 'true') q.set('include_invalid', 'true');
  for (const [key, value] of Object.entries(more)) q.set(key, value);
  return q.toString();
}

/** Counts up when the store has got something new: whoever reads it, reads the store again. */
export const news = signal(0);

// Many pages may watch: none asks more often than it has to, and not all of them at the same moment.
const [newsApart, newsSpread] = [2000, 500]; // ms
let newsAt = -Infinity;
let newsComing = false;

/** Something new was kept: what is shown is read again, a moment later, and not more often than every two seconds. */
function heard(): void {
  if (newsComing) return;
  newsComing = true;
  const wait = Math.max(0, newsAt + newsApart - performance.now()) + Math.random() * newsSpread;
  setTimeout(() => {
    newsComing = false;
    newsAt = performance.now();
    news.value++;
  }, wait);
}

export type Link = 'never' | 'open' | 'lost';
export const connection = signal<Link>('never');

/** How far the store has been read, while it is read for the first time: what is new can be shown after that. */
export const reading = signal<{ done: number; of: number } | undefined>(undefined);

/** What goes on now, for the view that shows it: called with the pings that have become known. */
export const pings: { on: ((list: Pings[]) => void) | undefined } = { on: undefined };

/** Listens for what is new, for as long as the page is there; for pings while they are shown. */
export function listen(): void {
  let events: EventSource | undefined;
  let wanted: boolean | undefined;
  effect(() => {
    if (wanted === (view.value === 'live')) return;
    wanted = view.value === 'live';
    const path = wanted ? '/api/v1/live?pings=true' : '/api/v1/live';
    const open = () => {
      events?.close();
      events = hear(path);
      const mine = events;
      mine.addEventListener('error', () => {
        if (mine.readyState === EventSource.CLOSED) setTimeout(() => mine === events && open(), refusedWait);
      });
    };
    open();
  });
}

/** How long this page waits, in ms, where a server or a proxy has refused the stream: the browser gives that up. */
const refusedWait = 5000;

/** One stream of events. The browser comes back by itself where the line was cut. */
function hear(path: string): EventSource {
  const events = new EventSource(path);
  events.onopen = () => {
    if (connection.value === 'lost') heard(); // something may have been missed
    connection.value = 'open';
  };
  events.onerror = () => {
    connection.value = 'lost';
    reading.value = undefined;
  };
  events.addEventListener('reading', (e: MessageEvent<string>) => {
    const now = JSON.parse(e.data) as { done: number; of: number };
    reading.value = now.done < now.of ? now : undefined;
  });
  events.addEventListener('kept', heard);
  events.addEventListener('pings', (e: MessageEvent<string>) => pings.on?.(JSON.parse(e.data) as Pings[]));
  return events;
}
