import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';

export interface Terminal extends AsyncDisposable {
  /** Everything that was shown since it was opened. */
  shown(): string;
  /** Waits until `words` are shown behind the last ones that were waited for. */
  until(words: string): Promise<void>;
  type(keys: string): void;
  resize(columns: number, rows: number): void;
  signal(signal: NodeJS.Signals): void;
  /** What was shown once the program had ended: then its status, and how the terminal reads keys. */
  end(): Promise<string>;
}

/** A program on a pseudo-terminal of 80 columns and 24 rows. @param dir a folder for what is noted of it */
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
  return {
    shown: () => shown,
    async until(words) {
      await expect.poll(() => shown.slice(from)).toContain(words);
      from = shown.indexOf(words, from) + words.length;
    },
    type: (keys) => child.stdin.write(keys),
    resize(columns, rows) {
      execFileSync('stty', ['-F', noted(notes.tty), 'cols', String(columns), 'rows', String(rows)]);
    },
    signal: (signal) => process.kill(Number(noted(notes.pid)), signal),
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
