import { stripVTControlCharacters, styleText } from 'node:util';

type Paint = (text: string) => string;

/** How words are set off in a terminal; plain where colour is not wanted. */
export interface Style {
  bold: Paint;
  dim: Paint;
  good: Paint;
  bad: Paint;
  attention: Paint;
  accent: Paint;
}

type Format = Parameters<typeof styleText>[0];

export function makeStyle(colourful: boolean): Style {
  // Whether colour is wanted was decided by our caller; styleText would look at process.stdout once more.
  const paint =
    (format: Format): Paint =>
    (text) =>
      colourful ? styleText(format, text, { validateStream: false }) : text;
  return {
    bold: paint('bold'),
    dim: paint('dim'),
    good: paint('green'),
    bad: paint('red'),
    attention: paint('yellow'),
    accent: paint('cyan'),
  };
}

export interface ColourWishes {
  isTerminal: boolean;
  /** False with `--no-color`. */
  asked: boolean;
  env: Readonly<Record<string, string | undefined>>;
}

/** https://no-color.org, and no colour in files and pipes. */
export function wantsColour({ isTerminal, asked, env }: ColourWishes): boolean {
  return isTerminal && asked && !env.NO_COLOR && env.TERM !== 'dumb';
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is to be removed
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Text of a child, a file or a repository without what would steer the terminal: escape sequences, control
 * characters and marks that turn the direction of writing.
 */
export function harmless(text: string): string {
  return stripVTControlCharacters(text.replaceAll('\r\n', '\n')).replace(CONTROLS, '');
}

/** The same, as one line of at most `maxChars` characters. */
export function oneLine(text: string, maxChars = 200): string {
  const line = harmless(text).replace(/\s+/g, ' ').trim();
  return line.length > maxChars ? `${line.slice(0, maxChars - 1)}…` : line;
}
