// @module-tag ci
import { chmod, mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { fingerprint } from '../../../../src/core/kernel/files/fingerprint.ts';
import { quickPrint } from '../../../../src/core/project/checkpoints/worktree-print.ts';
import { runCheck } from '../../../../src/core/project/proving/run-check.ts';
import { openChecksRoot } from '../../../../src/core/project/worktrees/checks-root.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { failureNote } from '../../../../src/core/worker/judge/check-facts.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { makeRepo } from '../../../support/temp-repo.ts';

async function run(root: string, command: string, timeoutMs = 60_000, env: Record<string, string> = {}) {
  const paths = sessionPaths(join(root, 'sessions'), '26-01-08-x');
  const end = await runCheck(
    systemClock,
    { command, name: 'full-1' },
    {
      cwd: root,
      env: { PATH: process.env.PATH ?? '', ...env },
      outputDir: join(paths.iterations, '001/checks'),
      outputRoot: paths.runDir,
      timeoutMs,
      signal: new AbortController().signal,
    },
  );
  return { ...end, path: join(paths.runDir, end.run.output) };
}

test.concurrent('the whole output of a check is in its file, and the record names that file', async () => {
  await using dir = await tempDir();
  const { run: record, failure, path } = await run(dir.path, 'echo out; echo err >&2; exit 3');
  const text = await readFile(path, 'utf8');
  expect(text.split('\n').sort()).toEqual(['', 'err', 'out']);
  expect(record).toMatchObject({
    exitCode: 3,
    how: 'exit status 3',
    outputBytes: 8,
    outputHash: fingerprint(text),
  });
  expect(failureNote(failure ?? expect.fail())).toContain(path);
});

test.concurrent.each([
  ['that does not exist', 'mytool --fast', { exitCode: 127, how: expect.stringContaining('"mytool"') }],
  ['that needs a terminal', 'read line </dev/tty', { exitCode: expect.any(Number), how: expect.any(String) }],
  ['that waits for input', 'read line', { exitCode: 1, how: 'exit status 1' }],
  ['that hangs', 'sleep 600', { how: 'ran out of time' }],
  ['that hangs and ignores SIGTERM', "trap '' TERM; while :; do sleep 1; done", { how: 'ran out of time' }],
  ['that passes', 'true', { exitCode: 0, how: undefined, outputBytes: 0 }],
])('a check %s ends, and is recorded correctly', async (_, command, expected) => {
  await using dir = await tempDir();
  // Long enough for a shell of a loaded machine to set its trap.
  const limitMs = command.includes('trap') ? 2000 : command.includes('sleep') ? 300 : undefined;
  expect((await run(dir.path, command, limitMs)).run).toMatchObject(expected);
});

test('of output that exceeds memory a bounded file is kept, and all of it is fingerprinted', async () => {
  await using dir = await tempDir();
  const before = process.memoryUsage().rss;
  const {
    run: record,
    failure,
    path,
  } = await run(dir.path, "head -c 300000000 /dev/zero | tr '\\0' x; echo; echo the end; exit 1", 120_000);
  expect(record).toMatchObject({ exitCode: 1, outputBytes: 300_000_009 });
  expect((await stat(path)).size).toBeLessThan(20 * 1024 * 1024);
  expect((await readFile(path, 'utf8')).endsWith('x\nthe end\n')).toBe(true);
  expect(failure?.lastLines.endsWith('the end')).toBe(true);
  expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
});

test.concurrent('forty lines of a failure are quoted, without colours', async () => {
  await using dir = await tempDir();
  const { failure } = await run(
    dir.path,
    "for i in $(seq 100); do printf '\\033[31mline %s\\033[0m\\n' $i; done; false",
  );
  const lines = failure?.lastLines.split('\n') ?? [];
  expect([lines.length, lines[0], lines.at(-1)]).toEqual([40, 'line 61', 'line 100']);
});

test.concurrent('the recorded output ends with its last lines, and the names of secrets replace their values', async () => {
  await using dir = await tempDir();
  const secret = { SHOP_API_KEY: 'sk-0123456789' };
  const { run: record } = await run(dir.path, 'seq 100; echo "key $SHOP_API_KEY."', 60_000, secret);
  expect(record.tail?.split('\n')).toEqual([
    ...Array.from({ length: 19 }, (_, at) => `${at + 82}`),
    'key [removed: SHOP_API_KEY].',
  ]);
});

async function scene() {
  const repo = await makeRepo({ files: { 'a.txt': 'a\n', 'folder/b.txt': 'b\n' } });
  const read = () => quickPrint(repo.path, { baseEnv: repo.env });
  return { repo, read };
}

test.concurrent('the same tree has the same fingerprint, even after a file was touched', async () => {
  const { repo, read } = await scene();
  await using _ = repo;
  const before = await read();
  expect(before).toMatch(/^[0-9a-f]{64}$/);
  await utimes(join(repo.path, 'a.txt'), new Date(), new Date(0));
  expect(await read()).toEqual(before);
});

test.concurrent('each kind of change is detected', async () => {
  const { repo, read } = await scene();
  await using _ = repo;
  const seen = [await read()];
  const after = async (act: Promise<unknown>) => {
    await act;
    const now = await read();
    expect(seen).not.toContainEqual(now);
    seen.push(now);
  };
  await after(repo.write({ 'a.txt': 'changed\n' }));
  await after(repo.write({ 'a.txt': 'changed again\n' }));
  await after(repo.git(['add', 'a.txt']));
  await after(repo.write({ 'new/a name\nof two lines.txt': '' }));
  await after(rm(join(repo.path, 'folder/b.txt')));
  await after(repo.git(['mv', 'a.txt', 'c.txt']));
  await after(repo.commit('All of it'));
  await after(repo.git(['commit', '-q', '--allow-empty', '-m', 'Nothing']));
});

test.concurrent('a missing folder, a folder without a repository and one without a commit have no fingerprint', async () => {
  await using repo = await makeRepo({ empty: true });
  const context = { baseEnv: repo.env };
  expect(await quickPrint(repo.path, context)).toBeUndefined();
  expect(await quickPrint(repo.homeDir, context)).toBeUndefined();
  await writeFile(join(repo.root, 'file'), '');
  await expect(quickPrint(join(repo.root, 'gone'), context)).rejects.toMatchObject({ code: 'git_no_folder' });
});

test.concurrent('unguarded clones are outside HOME only if no other user can add a parent folder', async () => {
  // On most machines the temporary folder is open to all users.
  const root = await mkdtemp(join(userInfo().homedir, '.samocode-test-'));
  try {
    const [home, temporary] = [join(root, 'home'), join(root, 'tmp')];
    const worktrees = join(home, 'code/_samocode/worktrees');
    await mkdir(worktrees, { recursive: true });
    await mkdir(join(home, 'tmp'));
    await mkdir(temporary);
    const rootOf = (HOME: string, TMPDIR?: string) => openChecksRoot(worktrees, { HOME, TMPDIR });
    const own = join(worktrees, '_checks');
    expect(rootOf(home, temporary)).toBe(join(temporary, 'samocode-checks'));
    expect(rootOf(home)).toBe(own);
    expect(rootOf(home, join(home, 'tmp'))).toBe(own);
    expect(rootOf(join(home, 'tmp'), temporary)).toBe(own);
    await chmod(temporary, 0o1777);
    expect(rootOf(home, temporary)).toBe(own);
  } finally {
    await rm(root, { recursive: true });
  }
});
