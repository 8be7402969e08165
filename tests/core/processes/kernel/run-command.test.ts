// @module-tag ci

import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';
import { expect, test } from 'vitest';
import { isRunning, procTable, psTable } from '../../../../src/core/kernel/processes/process-table.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { tempDir } from '../../../support/temp-dir.ts';

test('output, exit status and input are passed unchanged', async () => {
  const result = await runCommand('sh', ['-c', 'cat; echo err >&2; exit 3'], { input: 'words\n' });
  expect(result).toEqual({
    exitCode: 3,
    stdout: 'words\n',
    stderr: 'err\n',
    notFound: false,
    timedOut: false,
  });
});

test('a program that does not exist is a result, not a throw', async () => {
  expect(await runCommand('/no/such/program', [])).toMatchObject({ exitCode: null, notFound: true });
});

test('a program hidden by a circle of links is a result too', async () => {
  await using dir = await tempDir();
  const loop = join(dir.path, 'loop');
  await symlink(loop, loop);
  const result = await runCommand('some-program', [], { env: { PATH: loop } });
  expect(result).toMatchObject({ exitCode: null, notFound: true });
});

test('a program given by name is found below HOME only if it is nowhere else, and never in a relative folder', async () => {
  await using dir = await tempDir();
  for (const folder of ['home/bin', 'system', 'relative']) {
    await mkdir(join(dir.path, folder), { recursive: true });
    for (const name of ['tool', ...(folder === 'system' ? [] : ['own'])])
      await writeFile(join(dir.path, folder, name), `#!/bin/sh\necho ${folder}\n`, { mode: 0o755 });
  }
  const [home, system] = [join(dir.path, 'home'), join(dir.path, 'system')];
  const env = { HOME: home, PATH: ['relative', join(home, 'bin'), system].join(delimiter) };
  const saying = async (name: string) => (await runCommand(name, [], { env, cwd: dir.path })).stdout;
  expect(await saying('tool')).toBe('system\n');
  expect(await saying('own')).toBe('home/bin\n');
  expect(await saying(join(home, 'bin/tool'))).toBe('home/bin\n');
});

test('without a folder a program runs in /, not in ours', async () => {
  expect((await runCommand('/bin/sh', ['-c', 'pwd'])).stdout).toBe('/\n');
});

test('a given environment is the whole environment', async () => {
  const { stdout } = await runCommand('/usr/bin/env', [], { env: { ONLY: 'this' } });
  expect(stdout).toBe('ONLY=this\n');
});

test('an abort ends it and is not reported as a time limit', async () => {
  const stop = new AbortController();
  const running = runCommand('sleep', ['300'], { signal: stop.signal, timeoutMs: 250_000 });
  stop.abort();
  expect(await running).toMatchObject({ exitCode: null, timedOut: false });
  expect(await runCommand('sleep', ['300'], { signal: stop.signal })).toMatchObject({ exitCode: null });
});

test('a program that ends within its limit is left alone', async () => {
  expect(await runCommand('true', [], { timeoutMs: 60_000 })).toMatchObject({ exitCode: 0, timedOut: false });
});

test('output beyond the limit ends the program, and the beginning of it is kept', async () => {
  const result = await runCommand('yes', [], { maxBytes: 1000 });
  expect(result).toMatchObject({ exitCode: null, timedOut: false });
  expect(result.stdout).toBe('y\n'.repeat(500));
});

test('a character split between two pieces of output arrives whole', async () => {
  const script = 'printf "\\303"; sleep 0.1; printf "\\244"';
  expect((await runCommand('sh', ['-c', script])).stdout).toBe('ä');
});

test('a program that does not read its input is not a failure', async () => {
  const result = await runCommand('true', [], { input: 'x'.repeat(1_000_000) });
  expect(result).toMatchObject({ exitCode: 0 });
});

test('a missing folder is a result, like a missing program', async () => {
  expect(await runCommand('true', [], { cwd: '/no/such/folder' })).toMatchObject({ notFound: true });
});

test('a machine without descriptors throws a temporary error', async () => {
  const module = pathToFileURL(resolve('src/core/kernel/processes/run-command.ts')).href;
  const script = `
    import { openSync } from 'node:fs';
    const { runCommand } = await import(${JSON.stringify(module)});
    try { for (;;) openSync('/dev/null'); } catch {}
    await runCommand('true', []).catch((error) => console.log('threw ' + error.code));`;
  const shell = 'ulimit -n 128; exec "$0" --import tsx --input-type=module -e "$1"';
  const { stdout } = await runCommand('sh', ['-c', shell, process.execPath, script], { cwd: resolve('.') });
  expect(stdout).toBe('threw EMFILE\n');
});

test('bytes that are not UTF-8 pass unchanged', async () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  const { stdout } = await runCommand('cat', [], { input: bytes, encoding: 'latin1' });
  expect(Buffer.from(stdout, 'latin1')).toEqual(bytes);
});

test('many programs at once cause no warning', async () => {
  const module = pathToFileURL(resolve('src/core/kernel/processes/run-command.ts')).href;
  const script = `
    const { runCommand } = await import(${JSON.stringify(module)});
    await Promise.all(Array.from({ length: 12 }, () => runCommand('sleep', ['0.2'])));`;
  const node = ['--import', 'tsx', '--input-type=module', '-e', script];
  const { exitCode, stderr } = await runCommand(process.execPath, node, { cwd: resolve('.') });
  expect([exitCode, stderr]).toEqual([0, '']);
});

const table = process.platform === 'linux' ? procTable() : psTable();

async function livingOf(pids: string): Promise<number[]> {
  const entries = await Promise.all(
    pids
      .trim()
      .split('\n')
      .map(async (pid) => await table.read(Number(pid))),
  );
  return entries.filter(isRunning).map(({ pid }) => pid);
}

const quietly = (script: string) => `(${script}) >/dev/null 2>&1 & echo $!`;

const LEFTOVERS: [string, string][] = [
  ['a process', quietly('exec sleep 300')],
  ['a process that ignores SIGTERM', quietly('trap "" TERM; exec sleep 300')],
  ['a process that was forked twice', '(sleep 300 >/dev/null 2>&1 & echo $!)'],
  ['a process that forks', quietly('trap "" TERM; sleep 300 & sleep 300; sleep 300')],
  ['a stopped process', quietly('kill -STOP $(exec sh -c "echo \\$PPID"); sleep 300')],
];

test.concurrent('a time limit ends the program and the processes that it started', async () => {
  const script = 'sleep 300 & echo $!; trap "" TERM; sleep 300';
  const result = await runCommand('sh', ['-c', script], { timeoutMs: 200 });
  expect(result).toMatchObject({ exitCode: null, timedOut: true });
  expect(await livingOf(result.stdout)).toEqual([]);
});

test.concurrent('processes that a program leaves behind are ended without waiting', async () => {
  const script = 'sleep 300 & echo $!; echo said; exit 4';
  const result = await runCommand('sh', ['-c', script], { timeoutMs: 250_000 });
  expect(result).toMatchObject({ exitCode: 4, timedOut: false });
  const [pid = '', said] = result.stdout.split('\n');
  expect(said).toBe('said');
  expect(await livingOf(pid)).toEqual([]);
});

test.concurrent('processes outside the group do not delay the result either', async () => {
  const result = await runCommand('sh', ['-c', 'setsid sh -c "echo \\$\\$; exec sleep 300" & sleep 0.5'], {
    timeoutMs: 250_000,
  });
  expect(result).toMatchObject({ exitCode: 0, timedOut: false });
  process.kill(Number(result.stdout), 'SIGKILL');
});

test.concurrent('a limit that passes while the rest is ended is not that of the program', async () => {
  const script = '(trap "" TERM; exec sleep 300) & exit 0';
  expect(await runCommand('sh', ['-c', script], { timeoutMs: 600 })).toMatchObject({
    exitCode: 0,
    timedOut: false,
  });
});

test.concurrent.each(LEFTOVERS)(
  '%s of the group with its output elsewhere ends with the time limit',
  async (_, script) => {
    const result = await runCommand('sh', ['-c', `${script}; wait; sleep 300`], { timeoutMs: 300 });
    expect(result).toMatchObject({ timedOut: true });
    expect(await livingOf(result.stdout)).toEqual([]);
  },
);

test.concurrent.each(LEFTOVERS)(
  '%s of the group with its output elsewhere ends with the program',
  async (_, script) => {
    const result = await runCommand('sh', ['-c', `${script}; exit 4`]);
    expect(result).toMatchObject({ exitCode: 4, timedOut: false });
    expect(await livingOf(result.stdout)).toEqual([]);
  },
);

test.concurrent('an abort ends a process of the group that ignores SIGTERM and has its output elsewhere', async () => {
  const stop = new AbortController();
  const script = `${quietly('trap "" TERM; exec sleep 300')}; kill -USR1 ${process.pid}; sleep 300`;
  const begun = once(process, 'SIGUSR1');
  const running = runCommand('sh', ['-c', script], { signal: stop.signal });
  await begun;
  stop.abort();
  expect(await livingOf((await running).stdout)).toEqual([]);
});

test.concurrent('processes that a rehearsal agent leaves behind on purpose are not ended', async () => {
  const { stdout } = await runCommand('sh', ['-c', quietly('exec sleep 300')], { leavesBehind: true });
  expect(await livingOf(stdout)).toEqual([Number(stdout)]);
  process.kill(Number(stdout), 'SIGKILL');
});

const SOURCE = `import { crashPoint } from '${join(process.cwd(), 'src/core/kernel/fault-points.ts')}';
for (const name of ['a', 'b', 'a', 'b']) { crashPoint(name); console.log(name); }`;

function build(dir: string, faults: boolean): string {
  const outfile = join(dir, `program-${faults}.mjs`);
  const define = { __FAULTS__: String(faults), __REACHED__: '""' };
  const stdin = { contents: SOURCE, resolveDir: process.cwd() };
  buildSync({ stdin, outfile, bundle: true, platform: 'node', format: 'esm', minifySyntax: true, define });
  return outfile;
}

function run(program: string, crashAt: string) {
  const { stdout, signal } = spawnSync(process.execPath, [program], { env: { SAMOCODE_CRASH_AT: crashAt } });
  return { lines: String(stdout).split('\n').filter(Boolean), signal };
}

test('the test build dies at the requested step, at its nth pass', async () => {
  await using dir = await tempDir();
  const program = build(dir.path, true);
  expect(run(program, 'b')).toEqual({ lines: ['a'], signal: 'SIGKILL' });
  expect(run(program, 'a@2')).toEqual({ lines: ['a', 'b'], signal: 'SIGKILL' });
  expect(run(program, 'c')).toEqual({ lines: ['a', 'b', 'a', 'b'], signal: null });
});

test('the published build has no such step', async () => {
  await using dir = await tempDir();
  const program = build(dir.path, false);
  expect(readFileSync(program, 'utf8')).not.toContain('SAMOCODE_CRASH_AT');
  const out = execFileSync(process.execPath, [program], { env: { SAMOCODE_CRASH_AT: 'a' } });
  expect(String(out)).toBe('a\nb\na\nb\n');
});
