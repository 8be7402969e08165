import type { Writable } from 'node:stream';
import { isSamocodeError, type SamocodeError } from '../../base/errors.ts';
import { CLI_ERRORS } from './cli-errors.ts';
import { harmless, makeStyle, presentable, presentableJson, type Style } from './style.ts';

/** A stream of the process; `columns`, `rows` and `isTTY` as Node gives them. */
export type Stream = Writable & { isTTY?: boolean; columns?: number; rows?: number };

type HintWords = (error: SamocodeError) => string;

export interface OutputOptions {
  stdout: Stream;
  stderr: Stream;
  colourful: boolean;
  /** One JSON object for programs instead of words for people. */
  json: boolean;
  /** Words the hint and the next steps of an error. */
  hintWords?: HintWords;
}

/**
 * The only writer to the process's stdout and stderr. Whatever goes out is made harmless here, so that no text
 * of a child, a file or a repository steers the terminal because somebody forgot it.
 */
export class Output {
  readonly json: boolean;
  readonly style: Style;
  readonly #stdout: Stream;
  readonly #stderr: Stream;
  readonly #hintWords: HintWords;
  readonly #colourful: boolean;
  #liveLines = 0;
  /** The lines of the whole screen as they were last drawn; none of them are known before. */
  #screen: { lines?: readonly string[] } | undefined;

  constructor({ stdout, stderr, colourful, json, hintWords = ({ hint }) => hint }: OutputOptions) {
    this.#hintWords = hintWords;
    this.#colourful = colourful;
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.json = json;
    this.style = makeStyle(colourful);
  }

  /** True when a live block can be redrawn. */
  get isLive(): boolean {
    return !this.json && this.#stdout.isTTY === true;
  }

  get columns(): number {
    return this.#stdout.columns || 80;
  }

  get rows(): number {
    return this.#stdout.rows || 24;
  }

  /** Where lines of prose are broken: nowhere in files and pipes, which are searched line by line. */
  get textColumns(): number {
    return this.isLive ? this.columns : Number.POSITIVE_INFINITY;
  }

  /** Words for people; nothing with `--json`. */
  say(text = ''): void {
    if (this.json) return;
    this.endLive();
    this.#stdout.write(`${presentable(text, this.#colourful)}\n`);
  }

  /** A text as it may go to the person's terminal by another way. */
  presented(text: string): string {
    return presentable(text, this.#colourful);
  }

  /** Help and other text that is complete as it stands. */
  raw(text: string): void {
    this.#stdout.write(presentable(text, this.#colourful));
  }

  /** The command's result: the object with `--json`, else what `words` makes of it. */
  result<T extends object>(value: T, words: (value: T) => string): void {
    if (!this.json) {
      this.say(words(value));
      return;
    }
    this.#writeJson(value, this.#stdout.isTTY ? 2 : undefined);
  }

  /** Shows a block at the bottom of the terminal in place of the last one; `cut` cuts a line to a number of columns. */
  live(lines: readonly string[], cut: (line: string, columns: number) => string): void {
    if (!this.isLive) return;
    const fitted = lines.map((line) => {
      const shown = presentable(line, this.#colourful).replaceAll(/\s/g, ' ');
      return `${cut(shown, this.columns - 1)}\u001b[K`;
    });
    this.#stdout.write(`${this.#toBlockStart()}\u001b[?25l${fitted.join('\n')}\u001b[J`);
    this.#liveLines = lines.length;
  }

  /** Takes the whole terminal for `draw`; what it showed before comes back with `endLive`. */
  openScreen(): void {
    this.endLive();
    this.#screen = {};
    this.#stdout.write(TAKE_SCREEN);
  }

  /** Shows these lines on the screen, as far as it is high; only what differs from those before is written. */
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

  /** What the screen shows is not known any more: the next `draw` writes every line. */
  forgetScreen(): void {
    if (this.#screen !== undefined) this.#screen = {};
  }

  /** Removes the live block or the screen, and gives the cursor back. */
  endLive(): void {
    if (this.#screen !== undefined) {
      this.#screen = undefined;
      this.#stdout.write(GIVE_BACK_SCREEN);
    }
    if (this.#liveLines === 0) return;
    this.#stdout.write(`${this.#toBlockStart()}\u001b[J\u001b[?25h`);
    this.#liveLines = 0;
  }

  /** The terminal as it was found, whoever hid its cursor: for an end from outside. */
  giveBack(): void {
    this.endLive();
    if (this.isLive) this.#stdout.write('\u001b[?25h');
  }

  /** Something beside the result that a person should know: on stderr, so that pipes stay clean. */
  warn(text: string): void {
    this.endLive();
    this.#stderr.write(`${this.style.attention('note:')} ${harmless(text)}\n`);
  }

  /** What, why and hint, each on a line of its own; one JSON object with `--json`. */
  error(error: unknown): void {
    this.endLive();
    if (this.json) this.#writeJson({ error: errorObject(error, this.#hintWords) });
    else this.#stderr.write(`${this.#errorWords(error)}\n`);
  }

  #writeJson(value: object, indent?: number): void {
    this.#stdout.write(`${presentableJson(JSON.stringify(value, undefined, indent))}\n`);
  }

  #toBlockStart(): string {
    if (this.#liveLines === 0) return '';
    const up = this.#liveLines - 1;
    return up > 0 ? `\r\u001b[${up}A` : '\r';
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
    return [
      `${bad('✘')} ${bold(harmless(error.what))}`,
      `  ${harmless(error.why)}`,
      `  ${harmless(this.#hintWords(error))}`,
      ...cause,
    ].join('\n');
  }
}

/** An error as every `--json` of the program shows it. */
function errorObject(thrown: unknown, hintWords: HintWords) {
  const error = isSamocodeError(thrown) ? thrown : internalError(thrown);
  return { code: error.code, message: `${error.what} ${error.why}`.trim(), hint: hintWords(error) };
}

function internalError(thrown: unknown): SamocodeError {
  return CLI_ERRORS.internal_error({ message: thrown instanceof Error ? thrown.message : String(thrown) });
}

/** Takes a terminal for a screen of our own: its second page, no cursor, no line that runs on, pasting that is marked. */
export const TAKE_SCREEN = '\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[?2004h\u001b[2J';
/** Gives it back as it was, in the reverse order. */
export const GIVE_BACK_SCREEN = '\u001b[0m\u001b[?2004l\u001b[?7h\u001b[?25h\u001b[?1049l';

/** What a terminal shows between these two at once, where it knows them. */
const AS_ONE = { begin: '\u001b[?2026h', end: '\u001b[?2026l' };

/**
 * What turns one frame into the next, which has as many lines: those that differ, in one write. Without a frame
 * before, all of them.
 * @returns an empty text where nothing differs
 */
export function frameUpdate(before: readonly string[] | undefined, next: readonly string[]): string {
  const changed = next.flatMap((line, index) =>
    before?.[index] === line ? [] : [`\u001b[${index + 1};1H\u001b[2K${line}`],
  );
  if (before !== undefined && changed.length === 0) return '';
  return `${AS_ONE.begin}${before === undefined ? '\u001b[2J' : ''}${changed.join('')}${AS_ONE.end}`;
}
