import { stripVTControlCharacters, styleText } from 'node:util';
import { cut, visibleControls } from '../../kernel/text.ts';

type Paint = (text: string) => string;

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
  // The caller has decided about colour; by default styleText checks process.stdout itself.
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

export interface ColourOptions {
  isTerminal: boolean;
  /** False with `--no-color`. */
  asked: boolean;
  env: Readonly<Record<string, string | undefined>>;
}

/**
 * `--no-color`, then https://force-color.org (with 0, as in Node), then https://no-color.org; no colour in files and
 * pipes.
 */
export function wantsColour({ isTerminal, asked, env }: ColourOptions): boolean {
  if (!asked) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  return isTerminal && !env.NO_COLOR && env.TERM !== 'dumb';
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: matches the control characters to remove
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/**
 * Removes the parts of untrusted text that could control the terminal: escape sequences and control characters.
 * Characters that hide text or change its direction become escapes.
 */
export function harmless(text: string): string {
  return visibleControls(stripVTControlCharacters(text.replaceAll('\r\n', '\n')).replace(CONTROLS, ''));
}

/** Matches only the sequences of `makeStyle`, none of which hides text or moves the cursor. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: our own colour sequences begin with ESC
const STYLE_SEQUENCE = /(\u001b\[(?:1|2|22|31|32|33|36|39)m)/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: our own colour sequences begin with ESC
const CLOSING = /\u001b\[(?:22|39)m/;

/**
 * Sanitizes text for a terminal but keeps the colours of `makeStyle`, closed at its end. The worst that untrusted text
 * can do is use such a colour.
 */
export function presentable(text: string, colourful: boolean): string {
  const pieces = text.split(STYLE_SEQUENCE);
  const paints = pieces.filter((_, index) => index % 2 === 1);
  const shown = pieces.map((piece, index) => (index % 2 === 0 ? harmless(piece) : colourful ? piece : ''));
  const isOpen = colourful && paints.length > 0 && !CLOSING.test(paints.at(-1) ?? '');
  return `${shown.join('')}${isOpen ? '\u001b[0m' : ''}`;
}

/** Like `harmless`, but as one line of at most `maxChars` characters. */
export function fitLine(text: string, maxChars = 200): string {
  return cut(harmless(text).replace(/\s+/g, ' ').trim(), maxChars);
}
