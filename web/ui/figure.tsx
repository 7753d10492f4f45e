// The frame of every picture: its title, what it says, its figures as a table, and how to take it away.
import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';

export interface Table {
  head: string[];
  lines: string[][];
}

interface Props {
  title: string;
  says?: ComponentChildren;
  table: Table;
  nothing?: string | undefined;
  children?: ComponentChildren;
}

/** A picture. Where there is nothing to be drawn it says why. */
export function Figure({ title, says, table, nothing, children }: Props) {
  const box = useRef<HTMLElement>(null);
  if (nothing) {
    return (
      <figure class="figure">
        <h3>{title}</h3>
        <p class="nothing">No picture: {nothing}.</p>
      </figure>
    );
  }
  return (
    <figure class="figure" ref={box}>
      <h3>{title}</h3>
      {says && <p class="says">{says}</p>}
      {children}
      <div class="take">
        <details>
          <summary>Table</summary>
          <div class="scroll" tabIndex={0} role="region" aria-label={`${title}, as a table`}>
            <TableOf {...table} />
          </div>
        </details>
        <button
          type="button"
          onClick={() => save(`${fileName(title)}.csv`, new Blob([csv(table)], { type: 'text/csv' }))}
        >
          CSV
        </button>
        <button type="button" onClick={() => navigator.clipboard?.writeText(csv(table))}>
          Copy
        </button>
        <button type="button" onClick={() => box.current && picture(box.current, fileName(title))}>
          Picture
        </button>
      </div>
    </figure>
  );
}

export function TableOf({ head, lines }: Table) {
  return (
    <table>
      <thead>
        <tr>
          {head.map((h) => (
            <th scope="col">{h}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {lines.map((l) => (
          <tr>
            {l.map((c) => (
              <td>{c}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const fileName = (title: string) =>
  `rtcbench-${title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')}`;

function csv({ head, lines }: Table): string {
  const cell = (c: string) => (/[",\n]/.test(c) ? `"${c.replaceAll('"', '""')}"` : c);
  return [head, ...lines].map((l) => l.map(cell).join(',')).join('\n') + '\n';
}

function save(name: string, what: Blob): void {
  const a = document.createElement('a');
  a.href = URL.createObjectURL(what);
  a.download = name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), 10_000);
}

/** Saves what was drawn: an SVG as it is, with the colours of this page, a canvas as a PNG. */
function picture(box: HTMLElement, name: string): void {
  const svg = box.querySelector('svg.picture');
  if (svg instanceof SVGSVGElement) {
    const copy = svg.cloneNode(true) as SVGSVGElement;
    copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
    const from = svg.querySelectorAll('*');
    copy.querySelectorAll<SVGElement>('*').forEach((e, i) => {
      const style = getComputedStyle(from[i] as Element);
      for (const key of ['fill', 'stroke', 'stroke-width', 'opacity', 'font'] as const)
        e.style.setProperty(key, style.getPropertyValue(key));
    });
    save(`${name}.svg`, new Blob([copy.outerHTML], { type: 'image/svg+xml' }));
    return;
  }
  const drawn = box.querySelector('canvas');
  if (drawn === null) return;
  const sheet = document.createElement('canvas');
  sheet.width = drawn.width;
  sheet.height = drawn.height;
  const to = sheet.getContext('2d');
  if (to === null) return;
  to.fillStyle = getComputedStyle(document.body).backgroundColor;
  to.fillRect(0, 0, sheet.width, sheet.height);
  to.drawImage(drawn, 0, 0);
  sheet.toBlob((blob) => {
    if (blob) save(`${name}.png`, blob);
  });
}
