import { execFile, spawn } from 'node:child_process';
import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { builtPrograms } from '../../../support/built-programs.ts';
import { DEMO_FILES, DEMO_TASK } from '../../../support/paper-boat.ts';

const run = promisify(execFile);

export interface ChildEnd {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface ChildOptions {
  phase: string;
  iteration: number;
  /** Lines added to the prompt. */
  more?: string;
  env?: Record<string, string>;
}

/** A real repository, worktree and session folder, with the actions of a worker. */
export interface HandSession extends AsyncDisposable {
  root: string;
  sessionDir: string;
  workingDir: string;
  /** Starts one agent without waiting for it. */
  start(options: ChildOptions): Promise<ReturnType<typeof spawn>>;
  /** Plays one agent to its end. */
  play(options: ChildOptions): Promise<ChildEnd>;
  read(name: string): Promise<string>;
  /** Writes a file of the session, and its folder. */
  leave(name: string, text: string): Promise<void>;
  /** The newest document of a kind. */
  document(kind: string): Promise<string>;
  /** The agent's signal; the file is then cleared, as a worker would do. */
  takeSignal(): Promise<Record<string, unknown>>;
  git(...args: string[]): Promise<string>;
  subjects(): Promise<string[]>;
}

export async function newHandSession(
  files: Readonly<Record<string, string>> = DEMO_FILES,
): Promise<HandSession> {
  const root = await mkdtemp(join(tmpdir(), 'rehearsal-'));
  const repo = join(root, 'repo');
  const workingDir = join(root, 'worktrees', '26-01-08-way-back');
  const sessionDir = join(root, 'sessions', '26-01-08-way-back');
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(repo, path)), { recursive: true });
    await writeFile(join(repo, path), text);
  }
  const inRepo = (...args: string[]) => run('git', args, { cwd: repo });
  await inRepo('init', '-q', '-b', 'main');
  await inRepo('config', 'user.name', 'Test');
  await inRepo('config', 'user.email', 'test@example.com');
  await inRepo('add', '-A');
  await inRepo('commit', '-q', '-m', 'Start');
  await inRepo('worktree', 'add', '-q', '-b', 'way-back', workingDir);
  await mkdir(sessionDir, { recursive: true });
  await writeFile(join(sessionDir, '_overview.md'), overview(workingDir));
  await writeFile(join(sessionDir, '_signal.json'), '{}\n');
  const git = async (...args: string[]) => (await run('git', args, { cwd: workingDir })).stdout.trim();
  const read = (name: string) => readFile(join(sessionDir, name), 'utf8');
  const start = async (options: ChildOptions) => {
    const { rehearsal } = await builtPrograms();
    const child = spawn(process.execPath, [rehearsal, '-p', '--session-id', 'u-u'], {
      cwd: workingDir,
      env: { ...process.env, SAMOCODE_REHEARSAL_PACE_MS: '0', ...options.env },
      stdio: 'pipe',
    });
    child.stdin.end(promptFor({ sessionDir, workingDir, ...options }));
    return child;
  };
  return {
    root,
    sessionDir,
    workingDir,
    start,
    play: async (options) => ended(await start(options)),
    read,
    async leave(name, text) {
      await mkdir(dirname(join(sessionDir, name)), { recursive: true });
      await writeFile(join(sessionDir, name), text);
    },
    async document(kind) {
      const names = (await readdir(sessionDir)).filter((name) => name.includes(`-${kind}-`)).sort();
      return read(names.at(-1) ?? `no ${kind}`);
    },
    async takeSignal() {
      const signal: Record<string, unknown> = JSON.parse(await read('_signal.json'));
      await writeFile(join(sessionDir, '_signal.json'), '{}\n');
      return signal;
    },
    git,
    subjects: async () => (await git('log', '--format=%s', 'main..')).split('\n').filter(Boolean).reverse(),
    async [Symbol.asyncDispose]() {
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** Waits for a started agent. @returns all its output */
export function ended(child: ReturnType<typeof spawn>): Promise<ChildEnd> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (part: Buffer) => {
    stdout += part.toString();
  });
  child.stderr?.on('data', (part: Buffer) => {
    stderr += part.toString();
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode, signal) => resolve({ exitCode, signal, stdout, stderr }));
  });
}

export async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function promptFor(options: ChildOptions & { sessionDir: string; workingDir: string }): string {
  const number = String(options.iteration).padStart(3, '0');
  const minute = String(options.iteration % 60).padStart(2, '0');
  return [
    '# One iteration',
    `**Session path:** ${options.sessionDir}`,
    `**Working directory:** ${options.workingDir}`,
    `**Phase:** ${options.phase}`,
    `**Iteration:** ${number}`,
    `**Time limit:** 30 minutes from 01-08 14:${minute} on`,
    options.more ?? '',
  ].join('\n');
}

function overview(workingDir: string): string {
  return `# Session: way-back
Started: 2026-01-08 10:00
Working Dir: ${workingDir}

## Task
${DEMO_TASK}

## Status
Phase: investigation
Iteration: 1
Total Iterations: 1
Blocked: no
Last Action: (none yet)
Next: (none yet)

## Flow Log
- [001 @ 01-08 14:00] Session started

## Files
(none yet)

## Plans
(none yet)

## Something of a person
Stays as it is.
`;
}
