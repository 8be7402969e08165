import type { Writable } from 'node:stream';
import { isSamocodeError, type SamocodeError } from '../../kernel/errors.ts';
import { snakeCase, visibleInJson } from '../../kernel/text.ts';
import { CLI_ERRORS } from './cli-errors.ts';
import { harmless, makeStyle, presentable, type Style } from './style.ts';

/** A stream of the process; `columns`, `rows` and `isTTY` as in Node. */
export type Stream = Writable & { isTTY?: boolean; columns?: number; rows?: number };

type FormatHint = (error: SamocodeError) => string;
/** Breaks a paragraph after `first` into lines of at most `columns` columns. */
type Wrap = (text: string, place: { first: string; columns: number }) => string;

export interface OutputOptions {
  stdout: Stream;
  stderr: Stream;
  colourful: boolean;
  json: boolean;
  formatHint?: FormatHint;
  /** Wraps errors and notes on a terminal, which would break lines inside words. */
  wrap?: Wrap;
}

/**
 * The only writer to the process's stdout and stderr. It sanitizes everything, so that no text from an agent,
 * a file or a repository can control the terminal.
 */
export class Output {
  readonly json: boolean;
  readonly style: Style;
  readonly #stdout: Stream;
  readonly #stderr: Stream;
  readonly #formatHint: FormatHint;
  readonly #wrap: Wrap | undefined;
  readonly #colourful: boolean;
  #liveLines = 0;
  /** The lines last drawn in full-screen mode; absent before the first draw. */
  #screen: { lines?: readonly string[] } | undefined;

  constructor({ stdout, stderr, colourful, json, formatHint = ({ hint }) => hint, wrap }: OutputOptions) {
    this.#formatHint = formatHint;
    this.#wrap = stderr.isTTY ? wrap : undefined;
    this.#colourful = colourful;
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.json = json;
    this.style = makeStyle(colourful);
  }

  get isLive(): boolean {
    return !this.json && this.#stdout.isTTY === true;
  }

  get columns(): number {
    return this.#stdout.columns || 80;
  }

  get rows(): number {
    return this.#stdout.rows || 24;
  }

  /** The width for prose; infinite in files and pipes, which are searched line by line. */
  get textColumns(): number {
    return this.isLive ? this.columns : Number.POSITIVE_INFINITY;
  }

  /** Prints text for people; nothing with `--json`. */
  say(text = ''): void {
    if (this.json) return;
    this.endLive();
    this.#stdout.write(`${presentable(text, this.#colourful)}\n`);
  }

  /** Sanitizes a text that reaches the terminal another way. */
  presented(text: string): string {
    return presentable(text, this.#colourful);
  }

  raw(text: string): void {
    this.#stdout.write(presentable(text, this.#colourful));
  }

  /** The command's result: the object with `--json`, otherwise its formatted text. */
  result<T extends object>(value: T, format: (value: T) => string): void {
    if (!this.json) {
      this.say(format(value));
      return;
    }
    this.#writeJson(value, this.#stdout.isTTY ? 2 : undefined);
  }

  /** Replaces the block at the bottom of the terminal; `cut` truncates a line to a number of columns. */
  live(lines: readonly string[], cut: (line: string, columns: number) => string): void {
    if (!this.isLive) return;
    const fitted = lines.map((line) => {
      const shown = presentable(line, this.#colourful).replaceAll(/\s/g, ' ');
      return `${cut(shown, this.columns - 1)}\u001b[K`;
    });
    this.#stdout.write(`${this.#toBlockStart()}\u001b[?25l${fitted.join('\n')}\u001b[J`);
    this.#liveLines = lines.length;
  }

  /** Enters full-screen mode for `draw`; `endLive` restores the previous contents. */
  openScreen(): void {
    this.endLive();
    this.#screen = {};
    this.#stdout.write(ENTER_FULL_SCREEN);
  }

  /** Draws these lines, as many as fit; writes only those that changed. */
  draw(lines: readonly string[], cut: (line: string, columns: number) => string): void {
    if (this.#screen === undefined) return;
    const { columns, rows } = this;
    const next = Array.from({ length: rows }, (_, index) => {
      const shown = presentable(lines[index] ?? '', this.#colourful).replaceAll(/\s/g, ' ');
      return cut(shown, columns);
    });
    const { lines: before } = this.#screen;
    const update = frameUpdate(before?.length === rows ? before : undefined, next);
    this.#screen.lines = next;
    if (update !== '') this.#stdout.write(update);
  }

  forgetScreen(): void {
    if (this.#screen !== undefined) this.#screen = {};
  }

  /** Removes the live block or leaves full-screen mode, and shows the cursor. */
  endLive(): void {
    if (this.#screen !== undefined) {
      this.#screen = undefined;
      this.#stdout.write(LEAVE_FULL_SCREEN);
    }
    if (this.#liveLines === 0) return;
    this.#stdout.write(`${this.#toBlockStart()}\u001b[J\u001b[?25h`);
    this.#liveLines = 0;
  }

  /** Restores the terminal before a signal ends the process; a library may have hidden the cursor. */
  restoreTerminal(): void {
    this.endLive();
    if (this.isLive) this.#stdout.write('\u001b[?25h');
  }

  /** A note for the person, on stderr so that pipes stay clean. */
  warn(text: string): void {
    this.endLive();
    this.#stderr.write(`${this.#paragraph(harmless(text), `${this.style.attention('note:')} `)}\n`);
  }

  /** What, why and hint on separate lines; one JSON object with `--json`. */
  error(error: unknown): void {
    this.endLive();
    if (this.json) this.#writeJson({ error: errorObject(error, this.#formatHint) });
    else this.#stderr.write(`${this.#errorWords(error)}\n`);
  }

  #writeJson(value: object, indent?: number): void {
    this.#stdout.write(`${printedJson(value, indent)}\n`);
  }

  #toBlockStart(): string {
    if (this.#liveLines === 0) return '';
    const up = this.#liveLines - 1;
    return up > 0 ? `\r\u001b[${up}A` : '\r';
  }

  #paragraph(text: string, first: string): string {
    return this.#wrap?.(text, { first, columns: this.#stderr.columns || 80 }) ?? first + text;
  }

  #errorWords(error: unknown): string {
    const { bad, bold, dim } = this.style;
    if (!isSamocodeError(error)) {
      const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return `${bad('Internal error (please report it):')} ${harmless(stack)}`;
    }
    const cause =
      error.cause instanceof Error && error.code !== 'usage'
        ? [dim(`(${harmless(error.cause.message)})`)]
        : [];
    const details = [...error.why.split('\n'), this.#formatHint(error)].filter(Boolean);
    return [
      this.#paragraph(bold(harmless(error.what)), `${bad('✘')} `),
      ...details.map((line) => this.#paragraph(harmless(line), '  ')),
      ...cause,
    ].join('\n');
  }
}

export function printedJson(value: object, indent?: number): string {
  return visibleInJson(JSON.stringify(withSnakeCase(value), undefined, indent));
}

/** Names of fields as the results of tools have them. A file of another program is wrapped in `asItIs`. */
function withSnakeCase(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return value;
  if (Array.isArray(value)) return value.map(withSnakeCase);
  // Other keys are data: names of settings, files and sessions.
  const nameOf = (key: string) => (/^[a-z][a-z\d]*[A-Z][a-zA-Z\d]*$/.test(key) ? snakeCase(key) : key);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [nameOf(key), withSnakeCase(each)]));
}

/** Keeps the names in a value that `--json` prints. */
export function asItIs(value: unknown): object {
  return { toJSON: () => value };
}

function errorObject(thrown: unknown, formatHint: FormatHint) {
  const error = isSamocodeError(thrown) ? thrown : internalError(thrown);
  return { code: error.code, message: `${error.what} ${error.why}`.trim(), hint: formatHint(error) };
}

function internalError(thrown: unknown): SamocodeError {
  return CLI_ERRORS.internal_error({ message: thrown instanceof Error ? thrown.message : String(thrown) });
}

/** Enters full-screen mode: alternate screen, no cursor, no line wrap, bracketed paste. */
export const ENTER_FULL_SCREEN = '\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[?2004h\u001b[2J';
/** Undoes `ENTER_FULL_SCREEN` in reverse order. */
export const LEAVE_FULL_SCREEN = '\u001b[0m\u001b[?2004l\u001b[?7h\u001b[?25h\u001b[?1049l';

/** Synchronized output: terminals that support it show everything in between at once. */
const SYNCHRONIZED = { begin: '\u001b[?2026h', end: '\u001b[?2026l' };

/**
 * The lines that differ between two frames of equal height, for one write; every line without a previous frame.
 * @returns an empty text if nothing differs
 */
export function frameUpdate(before: readonly string[] | undefined, next: readonly string[]): string {
  const changed = next.flatMap((line, index) =>
    before?.[index] === line ? [] : [`\u001b[${index + 1};1H\u001b[2K${line}`],
  );
  if (before !== undefined && changed.length === 0) return '';
  return `${SYNCHRONIZED.begin}${before === undefined ? '\u001b[2J' : ''}${changed.join('')}${SYNCHRONIZED.end}`;
}
