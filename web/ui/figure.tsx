// The frame of every picture: its title, what it says, its figures as a table, and how to take it away.
import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { csv, fileName, json, made, png, save, sheetOf, type Table, type Tabled } from './take';
import { count } from './text';

const small = matchMedia('(max-width: 600px)');

/** The screen is that of a phone: what stands beside the bars of a picture elsewhere stands above them. */
export const narrow = signal(small.matches);
small.addEventListener('change', () => (narrow.value = small.matches));

export type { Table } from './take';

interface Props {
  title: string;
  says?: ComponentChildren;
  table: Tabled;
  of?: string; // what it is a picture of, for whoever has it without the page; without it what the page says
  nothing?: string | undefined;
  children?: ComponentChildren;
}

/** A picture. Where there is nothing to be drawn it says why. */
export function Figure({ title, says, table, of, nothing, children }: Props) {
  const box = useRef<HTMLElement>(null);
  const [open, setOpen] = useState(false);
  if (nothing) {
    return (
      <figure class="figure">
        <h3>{title}</h3>
        <p class="nothing">No picture: {nothing}.</p>
      </figure>
    );
  }
  return (
    <figure class="figure" ref={box} data-of={of}>
      <h3>{title}</h3>
      {says && <p class="says">{says}</p>}
      {children}
      <div class="take">
        <details onToggle={(e) => setOpen(e.currentTarget.open)}>
          <summary>Table</summary>
          {open && (
            <div class="scroll" tabIndex={0} role="region" aria-label={`${title}, as a table`}>
              <TableOf {...made(table)} />
            </div>
          )}
        </details>
        <Take title={title} table={table} box={() => box.current} />
      </div>
    </figure>
  );
}

interface TakeProps {
  title: string;
  table: Tabled;
  box?: () => Element | null; // where it is drawn; without it there is a table alone
}

/** The buttons that take figures away. */
export function Take({ title, table, box }: TakeProps) {
  const [said, setSaid] = useState('');
  const name = fileName(title);
  const tell = (done: Promise<unknown>, well: string) => {
    done.then(
      () => setSaid(well),
      () => setSaid('the browser refuses'),
    );
    setTimeout(() => setSaid(''), 3000);
  };
  const drawn = async (kind: string, make: (of: Element) => Blob | Promise<Blob>) => {
    const of = box?.();
    if (of) save(`${name}.${kind}`, await make(of));
  };
  const svg = (of: Element) => new Blob([sheetOf(of, title).svg], { type: 'image/svg+xml' });
  const ways: [string, string, () => void][] = [
    [
      'Copy',
      'the table, for a spreadsheet',
      () => tell(navigator.clipboard?.writeText(csv(made(table), '\t')) ?? Promise.reject(new Error()), 'copied'),
    ],
    ['CSV', 'the table', () => save(`${name}.csv`, new Blob([csv(made(table))], { type: 'text/csv' }))],
    ['JSON', 'the table', () => save(`${name}.json`, new Blob([json(made(table))], { type: 'application/json' }))],
  ];
  if (box)
    ways.push(
      ['SVG', 'the picture', () => tell(drawn('svg', svg), 'saved')],
      [
        'PNG',
        'the picture',
        () =>
          tell(
            drawn('png', (of) => png(of, title)),
            'saved',
          ),
      ],
    );
  return (
    <span class="ways" role="group" aria-label={`take ${title} away`}>
      <span role="status">{said}</span>
      {ways.map(([way, what, act]) => (
        <button type="button" title={what} aria-label={`${way}: ${title}, ${what}`} onClick={act}>
          {way}
        </button>
      ))}
    </span>
  );
}

/** So many lines of a table are shown at most; files have all. */
const most = 1000;

export function TableOf({ head, lines }: Table) {
  return (
    <>
      <table>
        <thead>
          <tr>
            {head.map((h) => (
              <th scope="col">{h}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lines.slice(0, most).map((l) => (
            <tr>
              {l.map((c) => (
                <td class={c.length > 40 ? 'long' : undefined}>{c}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {lines.length > most && (
        <p class="says">
          The first {count(most)} of {count(lines.length)} lines; CSV and JSON have all of them.
        </p>
      )}
    </>
  );
}
