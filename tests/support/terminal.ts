import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { eventually } from './eventually.ts';

export interface Terminal extends AsyncDisposable {
  /** All output since it was opened. */
  shown(): string;
  /** Waits until `words` are shown after the previous match, in any colours. */
  until(words: string): Promise<void>;
  type(keys: string): void;
  resize(columns: number, rows: number): void;
  /** Of the program. */
  pid(): number;
  signal(signal: NodeJS.Signals): void;
  /** The output once the program has ended, with its status and the terminal's input settings. */
  end(): Promise<string>;
}

/** A program on a pseudo-terminal of 80 columns and 24 rows. @param dir a folder for its records */
export async function openTerminal(
  program: string,
  { dir, cwd, env }: { dir: string; cwd: string; env: Record<string, string | undefined> },
): Promise<Terminal> {
  const notes = { tty: join(dir, 'terminal.tty'), pid: join(dir, 'terminal.pid') };
  await Promise.all(Object.values(notes).map((path) => rm(path, { force: true })));
  const inner = `echo $$ > '${notes.pid}'; exec ${program}`;
  const outer = `stty cols 80 rows 24; tty > '${notes.tty}'; sh -c "$INNER"; echo "status=$?"; stty -a`;
  const child = spawn('script', ['-qec', outer, '/dev/null'], {
    cwd,
    env: { PATH: process.env.PATH, TERM: 'xterm', SHELL: '/bin/sh', ...env, INNER: inner },
  });
  let shown = '';
  let from = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
  });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const noted = (path: string) => readFileSync(path, 'utf8').trim();
  const pid = () => Number(noted(notes.pid));
  return {
    shown: () => shown,
    async until(words) {
      const text = () => stripVTControlCharacters(shown);
      const what = `"${words}" in ${JSON.stringify(text().slice(from))}`;
      await eventually(async () => text().includes(words, from), { what });
      from = text().indexOf(words, from) + words.length;
    },
    type: (keys) => child.stdin.write(keys),
    resize(columns, rows) {
      execFileSync('stty', ['-F', noted(notes.tty), 'cols', String(columns), 'rows', String(rows)]);
    },
    pid,
    signal: (signal) => process.kill(pid(), signal),
    async end() {
      await closed;
      return shown;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await closed;
    },
  };
}
