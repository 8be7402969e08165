import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { eventually } from '../../../support/eventually.ts';
import { installCli } from '../../../support/install-clis.ts';

/** A program with its screen, as a person sees it. */
export interface Terminal extends AsyncDisposable {
  /** Types a line and sends it. */
  type(line: string): Promise<void>;
  /** Presses keys, one after the other, each once the screen shows the effect of the last one. */
  press(...keys: readonly (keyof typeof KEYS)[]): Promise<void>;
  /** Types at the speed of a person in a hurry, and sends nothing. */
  typeSlowly(text: string): Promise<void>;
  /** Everything that it has drawn on the screen, without colours. */
  screen(): string;
  /** Waits until it has drawn these words since `forget`; blanks do not count, as some are drawn by cursor movements. */
  shows(words: RegExp): Promise<void>;
  /** What is drawn from now on is what `shows` waits for. */
  forget(): void;
}

export interface TerminalPlan {
  file: string;
  args: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string>>;
  /** What it shows once it can be typed into. */
  ready: RegExp;
}

/** The part of node-pty that is used here. */
interface Pty {
  spawn(
    file: string,
    args: readonly string[],
    options: object,
  ): { onData(heard: (text: string) => void): void; write(text: string): void; kill(signal: string): void };
}

const KEYS = { enter: '\r', up: '\u001b[A', down: '\u001b[B', right: '\u001b[C', escape: '\u001b' };
const PATIENCE_MS = 300_000;

export async function openTerminal({ file, args, cwd, env, ready }: TerminalPlan): Promise<Terminal> {
  const pty = await installCli('pty');
  const { spawn }: Pty = await import(pathToFileURL(join(dirname(pty.path), 'index.js')).href);
  const terminal = spawn(file, args, { name: 'xterm-256color', cols: 110, rows: 40, cwd, env });
  let shown = '';
  let forgotten = 0;
  terminal.onData((text) => {
    shown += text;
    // It asks a terminal where the cursor is, and waits for the answer.
    if (text.includes(CURSOR_ASKED)) terminal.write('\u001b[1;1R');
  });
  const screen = () => stripVTControlCharacters(shown).replace(/\s+/g, ' ');
  for (const end = systemClock.now() + PATIENCE_MS; !ready.test(screen()); await systemClock.sleep(100)) {
    if (systemClock.now() > end) throw new Error(`${file} shows no prompt: ${screen().slice(-1500)}`);
  }
  return {
    screen,
    forget() {
      forgotten = shown.length;
    },
    async shows(words) {
      const isShown = async () => words.test(withoutBlanks(shown.slice(forgotten)));
      await eventually(isShown).catch((error) => {
        throw new Error(`${words} is not shown: ${screen().slice(-3000)}`, { cause: error });
      });
    },
    async typeSlowly(text) {
      for (const letter of text) {
        terminal.write(letter);
        await systemClock.sleep(15);
      }
    },
    async press(...keys) {
      for (const key of keys) {
        const before = shown.length;
        terminal.write(KEYS[key]);
        // A key that is pressed before the screen shows the effect of the last one may be lost.
        for (let polls = 0; polls < 100 && shown.length === before; polls += 1) await systemClock.sleep(50);
        // Everything drawn for it: on a busy machine that comes in pieces.
        for (let seen = -1, polls = 0; polls < 20 && seen !== shown.length; polls += 1) {
          seen = shown.length;
          await systemClock.sleep(200);
        }
      }
    },
    async type(line) {
      terminal.write(line);
      // Sent in one piece it would be treated as pasted text, and the same may happen before the line is on the screen.
      const end = withoutBlanks(line).slice(-16);
      for (let polls = 0; polls < 300 && !withoutBlanks(shown).includes(end); polls += 1)
        await systemClock.sleep(100);
      terminal.write('\r');
    },
    async [Symbol.asyncDispose]() {
      terminal.kill('SIGTERM');
      await systemClock.sleep(500);
      terminal.kill('SIGKILL');
    },
  };
}

const CURSOR_ASKED = '\u001b[6n';

/** Spaces may be drawn by cursor movements. */
function withoutBlanks(text: string): string {
  return stripVTControlCharacters(text).replace(/\s+/g, '');
}
