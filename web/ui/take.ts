// How a picture is taken away: as SVG, PNG, CSV and JSON, with its title and what it says.
import { escaped } from './svg';

export interface Table {
  head: string[];
  lines: string[][];
}

/** A table, or how it is made: long ones only when somebody wants them. */
export type Tabled = Table | (() => Table);

export const made = (t: Tabled): Table => (typeof t === 'function' ? t() : t);

/** Canvases that can be drawn once more, each with how: what stands in it as SVG. */
export const redrawn = new WeakMap<Element, () => string>();

export const fileName = (title: string): string =>
  `rtcbench-${title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')}`;

export function save(name: string, what: Blob): void {
  const a = document.createElement('a');
  a.href = URL.createObjectURL(what);
  a.download = name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), 10_000);
}

const known = (c: string) => (c === '–' ? '' : c.replaceAll('\u202f', '').replaceAll('\u00a0', ' '));

/** Lines of cells. Figures have no spaces in them, and what is not known is empty. */
export function csv({ head, lines }: Table, by = ','): string {
  const cell = (c: string) => (/[",\t\n]/.test(c) ? `"${c.replaceAll('"', '""')}"` : c);
  return [head, ...lines.map((l) => l.map(known))].map((l) => l.map(cell).join(by)).join('\n') + '\n';
}

/** A line is an object by the names of the columns; what is not known is null. */
export function json({ head, lines }: Table): string {
  const value = (c: string) => {
    const text = known(c);
    return text === '' ? null : /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  };
  const list = lines.map((l) => Object.fromEntries(l.map((c, i) => [head[i] || String(i), value(c)])));
  return `${JSON.stringify(list, null, 1)}\n`;
}

const kept = [
  'fill',
  'fill-opacity',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'stroke-linejoin',
  'paint-order',
  'opacity',
  'font-size',
  'font-weight',
  'font-family',
  'text-anchor',
] as const;

/** A drawing of the page as it is, with the colours that its style sheet gives it. */
function inlined(svg: SVGSVGElement): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const from = svg.querySelectorAll('*');
  copy.querySelectorAll<SVGElement>('*').forEach((e, i) => {
    const style = getComputedStyle(from[i] as Element);
    for (const key of kept) e.setAttribute(key, style.getPropertyValue(key));
    for (const key of ['class', 'style', 'href', 'tabindex']) e.removeAttribute(key);
  });
  return copy.innerHTML.replaceAll('&nbsp;', '\u00a0'); // no name that XML knows
}

interface Word {
  text: string;
  ink: string;
  seen?: string; // how much of the ink
}

/** The words below the title, with the keys of colours that stand among them. */
function words(of: Element): Word[] {
  const quiet = getComputedStyle(of).color;
  const list: Word[] = [];
  let ended = true; // what comes next is a word of its own
  for (const node of of.childNodes) {
    if (node instanceof Element) {
      const key = getComputedStyle(node, '::before');
      ended ||= node.matches('.key, .band, .marks');
      if (node.matches('.hollow')) list.push({ text: '◌', ink: quiet });
      else if (node.matches('.key, .band') && key.display !== 'none')
        list.push({ text: '■', ink: key.backgroundColor, seen: key.opacity });
      const mark = node.querySelector('.mark');
      if (mark) list.push({ text: mark.textContent ?? '', ink: getComputedStyle(mark).color });
    }
    let text = node.textContent ?? '';
    if (node instanceof Element && node.matches('.marks')) text = node.lastChild?.textContent ?? '';
    const [first = '', ...more] = text.split(/\s+/);
    const last = list.at(-1);
    if (last && !ended) last.text += first;
    else if (first) list.push({ text: first, ink: quiet });
    for (const t of more) if (t) list.push({ text: t, ink: quiet });
    if (text !== '') ended = /\s$/.test(text);
  }
  return list;
}

const [sheet, edge, font] = [960, 16, 'system-ui, sans-serif'];

function written(list: Word[], top: number): { svg: string; bottom: number } {
  const measure = document.createElement('canvas').getContext('2d');
  if (measure) measure.font = `12px ${font}`;
  let [x, y, svg] = [edge, top, ''];
  for (const w of list) {
    const wide = (measure?.measureText(`${w.text} `).width ?? w.text.length * 7) + 0.5;
    if (x + wide > sheet - edge && x > edge) [x, y] = [edge, y + 17];
    const at = `x="${x.toFixed(1)}" y="${y}" font-size="12"`;
    svg += `<text ${at} fill="${w.ink}" fill-opacity="${w.seen ?? 1}">${escaped(w.text)}</text>`;
    x += wide;
  }
  return { svg, bottom: list.length > 0 ? y + 12 : top - 8 };
}

/** All that is drawn in box, below each other, with its title and what it says. */
export function sheetOf(box: Element, title: string): { svg: string; width: number; height: number } {
  const ink = getComputedStyle(box).color;
  let body = `<text x="${edge}" y="30" font-size="17" font-weight="600" fill="${ink}">${escaped(title)}</text>`;
  let y = 52;
  for (const part of box.querySelectorAll('.says, svg.picture, .plot, canvas.heat')) {
    if (part.closest('.take')) continue;
    if (part.matches('.says')) {
      const { svg, bottom } = written(words(part), y);
      [body, y] = [body + svg, bottom];
      continue;
    }
    const drawn = part instanceof SVGSVGElement ? part : (part.querySelector('canvas') ?? part);
    const inner = drawn instanceof SVGSVGElement ? inlined(drawn) : (redrawn.get(part)?.() ?? '');
    const [w, h] =
      drawn instanceof SVGSVGElement
        ? [drawn.viewBox.baseVal.width, drawn.viewBox.baseVal.height]
        : [(drawn as HTMLCanvasElement).width, (drawn as HTMLCanvasElement).height];
    const begin = drawn instanceof SVGSVGElement ? `${drawn.viewBox.baseVal.x} ${drawn.viewBox.baseVal.y}` : '0 0';
    const high = Math.round(((sheet - 2 * edge) * h) / w);
    const at = `x="${edge}" y="${y}" width="${sheet - 2 * edge}" height="${high}"`;
    body += `<svg ${at} viewBox="${begin} ${w} ${h}">${inner}</svg>`;
    y += high + 20;
  }
  const section = box.closest('section');
  const way = section?.querySelector(':scope > .says')?.textContent?.split('. ')[0] ?? '';
  const of = (box as HTMLElement).dataset.of ?? way;
  const whose = [section?.querySelector('h2')?.textContent, of].filter(Boolean).join(' · ');
  const made = `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  const foot = ['rtcbench', whose, `taken ${made}`].filter(Boolean).join(' · ');
  const last = written(foot.split(' ').map((text) => ({ text, ink, seen: '0.7' })), y + 4);
  body += last.svg;
  const height = last.bottom + 4;
  const paper = getComputedStyle(document.body).backgroundColor;
  const frame = `xmlns="http://www.w3.org/2000/svg" width="${sheet}" height="${height}" font-family="${font}"`;
  const svg =
    `<svg ${frame} viewBox="0 0 ${sheet} ${height}">` +
    `<rect width="100%" height="100%" fill="${paper}"/>${body}</svg>\n`;
  return { svg, width: sheet, height };
}

/** The same as a picture of twice as many points. */
export async function png(box: Element, title: string): Promise<Blob> {
  const { svg, width, height } = sheetOf(box, title);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [2 * width, 2 * height];
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done, failed) => {
    canvas.toBlob((b) => (b ? done(b) : failed(new Error('the browser makes no PNG of it'))));
  });
}
