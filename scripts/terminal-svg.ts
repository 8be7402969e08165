/** The colour scheme of a picture. */

export type Theme = 'dark' | 'light';

const COLUMNS = 80;
const LINE = 18;
const CHARACTER = 8.4;
const MARGIN = 20;

// biome-ignore lint/suspicious/noControlCharactersInRegex: matches escape sequences
const ESCAPE = /\u001b\[(\d+)m/;

const COLOURS: Readonly<Record<Theme, Readonly<Record<string, string>>>> = {
  dark: {
    back: '#0d1117',
    text: '#e6edf3',
    dim: '#8b949e',
    red: '#ff7b72',
    green: '#3fb950',
    yellow: '#d29922',
    cyan: '#39c5cf',
  },
  light: {
    back: '#ffffff',
    text: '#1f2328',
    dim: '#656d76',
    red: '#cf222e',
    green: '#1a7f37',
    yellow: '#9a6700',
    cyan: '#1b7c83',
  },
};

/** What an escape sequence switches on, or off. */
const CODES: Readonly<Record<string, readonly [kind: 'bold' | 'colour', value: string]>> = {
  1: ['bold', 'on'],
  2: ['colour', 'dim'],
  22: ['bold', ''],
  31: ['colour', 'red'],
  32: ['colour', 'green'],
  33: ['colour', 'yellow'],
  36: ['colour', 'cyan'],
  39: ['colour', ''],
};

export interface SvgOptions {
  theme: Theme;
  /** What the picture shows, for those who cannot see it. */
  label: string;
}

/** Draws lines of at most 80 columns as a terminal shows them. @param text with the colours of our own output */
export function terminalSvg(text: string, { theme, label }: SvgOptions): string {
  const colours = COLOURS[theme];
  const lines = text.split('\n');
  const width = Math.round(COLUMNS * CHARACTER + 2 * MARGIN);
  const height = lines.length * LINE + 2 * MARGIN;
  const rows = lines.map((line, index) => {
    const y = MARGIN + (index + 0.75) * LINE;
    return `<text x="${MARGIN}" y="${y}" xml:space="preserve">${spans(line, colours)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(label)}">`,
    `<rect width="100%" height="100%" rx="8" fill="${colours.back}"/>`,
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" fill="${colours.text}">`,
    ...rows,
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

function spans(line: string, colours: Readonly<Record<string, string>>): string {
  let bold = '';
  let colour = '';
  const parts: string[] = [];
  for (const [index, part] of line.split(ESCAPE).entries()) {
    if (index % 2 === 1) {
      const [kind, value] = CODES[part] ?? [];
      // 22 ends both bold and dim.
      if (part === '22' && colour === 'dim') colour = '';
      if (kind === 'bold') bold = value ?? '';
      if (kind === 'colour') colour = value ?? '';
      continue;
    }
    if (part === '') continue;
    const fill = colour === '' ? '' : ` fill="${colours[colour]}"`;
    const weight = bold === '' ? '' : ' font-weight="bold"';
    parts.push(fill + weight === '' ? escaped(part) : `<tspan${fill}${weight}>${escaped(part)}</tspan>`);
  }
  return parts.join('');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
