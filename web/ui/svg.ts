// A canvas that writes down as SVG what is drawn on it, so that pictures of both kinds can be taken away as SVG.

const round = (v: number) => String(Math.round(v * 100) / 100);
export const escaped = (text: string) =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] ?? c);

/** A path as uPlot and our marks make one. */
class Path {
  d: string;
  constructor(from?: Path) {
    this.d = from?.d ?? '';
  }
  moveTo(x: number, y: number): void {
    this.d += `M${round(x)} ${round(y)}`;
  }
  lineTo(x: number, y: number): void {
    this.d += `L${round(x)} ${round(y)}`;
  }
  closePath(): void {
    this.d += 'Z';
  }
  rect(x: number, y: number, w: number, h: number): void {
    this.d += `M${round(x)} ${round(y)}h${round(w)}v${round(h)}h${round(-w)}Z`;
  }
  /** The corner itself: only bars have round ones, and theirs are too small to be seen. */
  arcTo(x: number, y: number): void {
    this.lineTo(x, y);
  }
  /** Whole circles: nothing else is drawn here. */
  arc(x: number, y: number, r: number): void {
    const half = `a${round(r)} ${round(r)} 0 1 1`;
    this.d += `M${round(x + r)} ${round(y)}${half} ${round(-2 * r)} 0${half} ${round(2 * r)} 0`;
  }
}

const first = { fill: '#000', stroke: '#000', width: 1, dash: '', font: '12px sans-serif', alpha: 1 };
const plain = { ...first, align: 'start', base: 'alphabetic', moved: '', clips: [] as string[] };
const anchors: Partial<Record<string, string>> = { center: 'middle', right: 'end', end: 'end' };
const bases: Partial<Record<string, number>> = { top: 0.8, hanging: 0.8, middle: 0.33, bottom: -0.2 };

/** Colour as an attribute that every program reads: without what CSS alone knows. '' = nothing is seen. */
function ink(name: 'fill' | 'stroke', colour: string, alpha: number): string {
  const parts = /^rgba?\(([^,]+),([^,]+),([^,)]+)(?:,([^)]+))?\)$/.exec(colour);
  const part = alpha * (parts?.[4] === undefined ? 1 : Number(parts[4]));
  if (part === 0 || colour === 'transparent' || colour === '#0000') return '';
  const solid = parts ? `rgb(${parts.slice(1, 4).map(Number).join(',')})` : colour;
  return ` ${name}="${escaped(solid)}"${part < 1 ? ` ${name}-opacity="${round(part)}"` : ''}`;
}

/** What of a canvas' context is used here. */
class Pen {
  out = '';
  private now = plain;
  private before: (typeof plain)[] = [];
  private path = new Path();
  private clipped = 0;

  set fillStyle(v: string) {
    this.now = { ...this.now, fill: v };
  }
  set strokeStyle(v: string) {
    this.now = { ...this.now, stroke: v };
  }
  set lineWidth(v: number) {
    this.now = { ...this.now, width: v };
  }
  set globalAlpha(v: number) {
    this.now = { ...this.now, alpha: v };
  }
  set font(v: string) {
    this.now = { ...this.now, font: v };
  }
  set textAlign(v: string) {
    this.now = { ...this.now, align: v };
  }
  set textBaseline(v: string) {
    this.now = { ...this.now, base: v };
  }
  setLineDash(list: number[]): void {
    this.now = { ...this.now, dash: list.join(' ') };
  }
  save(): void {
    this.before.push(this.now);
  }
  restore(): void {
    this.now = this.before.pop() ?? plain;
  }
  translate(x: number, y: number): void {
    this.moves(`translate(${round(x)} ${round(y)})`);
  }
  rotate(angle: number): void {
    this.moves(`rotate(${round((angle * 180) / Math.PI)})`);
  }
  beginPath(): void {
    this.path = new Path();
  }
  moveTo(x: number, y: number): void {
    this.path.moveTo(x, y);
  }
  lineTo(x: number, y: number): void {
    this.path.lineTo(x, y);
  }
  rect(x: number, y: number, w: number, h: number): void {
    this.path.rect(x, y, w, h);
  }
  clearRect(): void {
    this.out = '';
  }

  private moves(how: string): void {
    this.now = { ...this.now, moved: `${this.now.moved} ${how}`.trim() };
  }
  clip(path = this.path): void {
    const id = `c${++this.clipped}-${Math.random().toString(36).slice(2, 8)}`;
    this.out += `<clipPath id="${id}"><path d="${path.d}"/></clipPath>`;
    this.now = { ...this.now, clips: [...this.now.clips, id] };
  }
  private puts(element: string): void {
    const { clips, moved } = this.now;
    const inner = moved ? `<g transform="${moved}">${element}</g>` : element;
    this.out += clips.reduceRight((what, id) => `<g clip-path="url(#${id})">${what}</g>`, inner);
  }
  fill(path = this.path): void {
    const seen = ink('fill', this.now.fill, this.now.alpha);
    if (seen && path.d) this.puts(`<path d="${path.d}"${seen}/>`);
  }
  stroke(path = this.path): void {
    const { stroke, alpha, width, dash } = this.now;
    const seen = ink('stroke', stroke, alpha);
    if (!seen || !path.d || !width) return;
    const dashes = dash ? ` stroke-dasharray="${dash}"` : '';
    this.puts(`<path d="${path.d}" fill="none"${seen} stroke-width="${round(width)}"${dashes}/>`);
  }
  fillRect(x: number, y: number, w: number, h: number): void {
    const seen = ink('fill', this.now.fill, this.now.alpha);
    if (seen) this.puts(`<rect x="${round(x)}" y="${round(y)}" width="${round(w)}" height="${round(h)}"${seen}/>`);
  }
  fillText(text: string, x: number, y: number): void {
    const { font, align, base, fill, alpha } = this.now;
    const size = Number(/([\d.]+)px/.exec(font)?.[1] ?? 12);
    const family = font.split('px ')[1] ?? 'sans-serif';
    const at = `x="${round(x)}" y="${round(y + size * (bases[base] ?? 0))}" text-anchor="${anchors[align] ?? 'start'}"`;
    const style = `font-size="${size}" font-family="${escaped(family)}"`;
    this.puts(`<text ${at} ${style}${ink('fill', fill, alpha)}>${escaped(text)}</text>`);
  }
}

/** What draw draws, on whatever canvas it makes or is given meanwhile, as SVG. */
export function recorded(draw: (on: CanvasRenderingContext2D) => void): string {
  const pen = new Pen();
  const { getContext } = HTMLCanvasElement.prototype;
  const path = globalThis.Path2D;
  HTMLCanvasElement.prototype.getContext = (() => pen) as unknown as typeof getContext;
  globalThis.Path2D = Path as unknown as typeof Path2D;
  try {
    draw(pen as unknown as CanvasRenderingContext2D);
  } finally {
    HTMLCanvasElement.prototype.getContext = getContext;
    globalThis.Path2D = path;
  }
  return pen.out;
}
