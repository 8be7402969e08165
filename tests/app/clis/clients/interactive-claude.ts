import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { ifExists } from '../../../../src/core/kernel/errors.ts';
import { eventually } from '../../../support/eventually.ts';
import { installCli } from '../../../support/install-clis.ts';
import type { Answer } from '../../../support/model-stub/conversation.ts';
import { startService } from '../../../support/model-stub/services.ts';

export interface InteractivePlan {
  /** The built server, with every tool allowed; absent if the samocode plugin is installed. */
  server?: string;
  /** Environment of the server. */
  serverEnv: Readonly<Record<string, string>>;
  /** Environment of Claude Code in addition to a person's. */
  env: Readonly<Record<string, string>>;
  homeDir: string;
  cwd: string;
  /** Continues the last conversation of that folder. */
  isContinued?: boolean;
  answer: Answer;
}

/** Claude Code with its screen, as a person sees it. */
export interface InteractiveClaude extends AsyncDisposable {
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

/** The part of node-pty that is used here. */
interface Pty {
  spawn(
    file: string,
    args: readonly string[],
    options: object,
  ): { onData(heard: (text: string) => void): void; write(text: string): void; kill(signal: string): void };
}

const KEYS = { enter: '\r', up: '\u001b[A', down: '\u001b[B', right: '\u001b[C', escape: '\u001b' };
const READY = /❯|\? for shortcuts/;
const PATIENCE_MS = 30_000;

export async function startInteractiveClaude(plan: InteractivePlan): Promise<InteractiveClaude> {
  const { server, serverEnv, homeDir, cwd, isContinued } = plan;
  const [claude, pty, model] = [
    await installCli('claude'),
    await installCli('pty'),
    await startService('claude', plan.answer),
  ];
  const env: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    TERM: 'xterm-256color',
    ...model.environmentFor(homeDir),
    ...(server === undefined ? serverEnv : {}),
    ...plan.env,
  };
  await skipFirstQuestions(homeDir, cwd, env.ANTHROPIC_API_KEY ?? '');
  const samocode = { type: 'stdio', command: process.execPath, args: [server], env: serverEnv };
  const config = JSON.stringify({ mcpServers: { samocode } });
  const given = ['--strict-mcp-config', '--mcp-config', config, '--allowedTools', 'mcp__samocode__*'];
  const args = [...(server === undefined ? [] : given), ...(isContinued ? ['--continue'] : [])];
  const { spawn }: Pty = await import(pathToFileURL(join(dirname(pty.path), 'index.js')).href);
  const terminal = spawn(claude.path, args, { name: 'xterm-256color', cols: 110, rows: 40, cwd, env });
  let shown = '';
  let forgotten = 0;
  terminal.onData((text) => {
    shown += text;
  });
  const screen = () => stripVTControlCharacters(shown).replace(/\s+/g, ' ');
  for (const end = systemClock.now() + PATIENCE_MS; !READY.test(screen()); await systemClock.sleep(100)) {
    if (systemClock.now() > end) throw new Error(`Claude Code shows no prompt: ${screen().slice(-1500)}`);
  }
  return {
    screen,
    forget() {
      forgotten = shown.length;
    },
    async shows(words) {
      const isShown = async () => words.test(withoutBlanks(shown.slice(forgotten)));
      await eventually(isShown, { withinMs: 25_000 }).catch((error) => {
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
      await model.close();
    },
  };
}

/** Spaces may be drawn by cursor movements. */
function withoutBlanks(text: string): string {
  return stripVTControlCharacters(text).replace(/\s+/g, '');
}

/** A person's answers on the first day: the theme, the key, the trust in the folder. */
async function skipFirstQuestions(homeDir: string, cwd: string, key: string): Promise<void> {
  const settings = {
    hasCompletedOnboarding: true,
    lastOnboardingVersion: '2.1.328',
    theme: 'dark',
    numStartups: 5,
    customApiKeyResponses: { approved: [key.slice(-20)], rejected: [] },
    projects: { [cwd]: { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true } },
  };
  const path = join(homeDir, '.claude.json');
  const before = JSON.parse((await ifExists(readFile(path, 'utf8'))) ?? '{}');
  await writeFile(path, JSON.stringify({ ...before, ...settings }));
}
