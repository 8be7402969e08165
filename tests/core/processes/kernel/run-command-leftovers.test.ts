// @module-tag ci
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { isRunning, procTable, psTable } from '../../../../src/core/kernel/processes/process-table.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';

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

test('an abort ends a process of the group that ignores SIGTERM and has its output elsewhere', async () => {
  const stop = new AbortController();
  const script = `${quietly('trap "" TERM; exec sleep 300')}; kill -USR1 ${process.pid}; sleep 300`;
  const begun = once(process, 'SIGUSR1');
  const running = runCommand('sh', ['-c', script], { signal: stop.signal });
  await begun;
  stop.abort();
  expect(await livingOf((await running).stdout)).toEqual([]);
});

test('processes that a rehearsal agent leaves behind on purpose are not ended', async () => {
  const { stdout } = await runCommand('sh', ['-c', quietly('exec sleep 300')], { leavesBehind: true });
  expect(await livingOf(stdout)).toEqual([Number(stdout)]);
  process.kill(Number(stdout), 'SIGKILL');
});
