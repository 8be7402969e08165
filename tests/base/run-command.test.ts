import { expect, test } from 'vitest';
import { runCommand } from '../../src/base/run-command.ts';

test('output, exit status and input arrive as they are', async () => {
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

test('a given environment is the whole environment', async () => {
  const { stdout } = await runCommand('/usr/bin/env', [], { env: { ONLY: 'this' } });
  expect(stdout).toBe('ONLY=this\n');
});

test('a time limit ends the program and what it started', async () => {
  const script = 'sleep 300 & echo $!; trap "" TERM; sleep 300';
  const result = await runCommand('sh', ['-c', script], { timeoutMs: 200 });
  expect(result).toMatchObject({ exitCode: null, timedOut: true });
  const { stdout: state } = await runCommand('ps', ['-o', 'stat=', '-p', result.stdout.trim()]);
  expect(state).toMatch(/^(Z.*\n)?$/); // gone, or waiting for a parent that does not collect it
});

test('an abort ends it without calling it a time limit', async () => {
  const stop = new AbortController();
  const running = runCommand('sleep', ['300'], { signal: stop.signal, timeoutMs: 250_000 });
  stop.abort();
  expect(await running).toMatchObject({ exitCode: null, timedOut: false });
  expect(await runCommand('sleep', ['300'], { signal: stop.signal })).toMatchObject({ exitCode: null });
});

test('a program that ends within its limit is left alone', async () => {
  expect(await runCommand('true', [], { timeoutMs: 60_000 })).toMatchObject({ exitCode: 0, timedOut: false });
});
