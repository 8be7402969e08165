// @module-tag ci
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { providerNamed } from '../../../../src/core/agents/registry.ts';
import { type Clock, systemClock as clock } from '../../../../src/core/kernel/clock.ts';
import { livenessOf, systemHost } from '../../../../src/core/kernel/processes/host.ts';
import {
  type ProcessTable,
  procTable,
  psTable,
} from '../../../../src/core/kernel/processes/process-table.ts';
import { SESSION_MARK } from '../../../../src/core/sandbox/programs/marks.ts';
import { runChild } from '../../../../src/core/sandbox/programs/run-child.ts';
import { iterationPaths, sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { readEvents } from '../../../../src/core/session/log/event-log.ts';
import { watchAgent } from '../../../../src/core/worker/iteration/run-iteration.ts';
import { AgentOutput } from '../../../../src/core/worker/limits/output.ts';
import { readAgentRecord, wrapperName } from '../../../../src/core/worker/state/iteration.ts';
import { endAgentTree } from '../../../../src/core/worker/state/processes.ts';
import type { Worker } from '../../../../src/core/worker/state/worker.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { tempLog } from '../../../support/temp-log.ts';
import { workerWithChild } from '../../unit/worker/worker-with-child.ts';

/** A running agent of iteration 1, recorded for iterations 1 and 2, whose processes are read from `table`. */
async function childSeenThrough(table: ProcessTable, mark?: string) {
  const dir = await tempDir();
  const paths = sessionPaths(dir.path, '26-01-08-x');
  const file = sessionFileSample({ folder: paths.folder, sessionsDir: dir.path });
  const host = { ...(await systemHost()), processes: table };
  const worker = { paths, file, host, clock } as Partial<Worker> as Worker;
  const start = async (iteration: number, recordedAs = iteration) => {
    const { exit } = iterationPaths(paths, iteration);
    const { dir: into, child: recordPath } = iterationPaths(paths, recordedAs);
    await mkdir(into, { recursive: true });
    const env = { PATH: process.env.PATH ?? '', ...(mark && { [SESSION_MARK]: mark }) };
    return await runChild({
      command: { file: '/bin/sh', args: ['-c', 'sleep 300 & sleep 300'], env },
      name: wrapperName(worker, iteration),
      cwd: dir.path,
      stdoutPath: join(dir.path, 'stdout'),
      stderrPath: join(dir.path, 'stderr'),
      recordPath,
      exitPath: exit,
      host,
      clock,
    });
  };
  return { dir, worker, start };
}

/** As on macOS, where the environment of the system's shell is hidden. */
function hiding(table: ProcessTable): ProcessTable {
  return { ...table, environmentOf: async () => undefined };
}

test.each([
  ['/proc', procTable()],
  ['ps', psTable()],
])(
  'an agent whose environment %s does not show is identified by its command line, and ended with all processes that it started',
  async (_, table) => {
    const { dir, worker, start } = await childSeenThrough(hiding(table));
    await using _dir = dir;
    const child = await start(1);
    try {
      expect(await readAgentRecord(worker, 1)).toEqual(child);
      const group = async () =>
        (await table.list()).filter(({ pgid, state }) => pgid === child.wrapper.pid && state !== 'Z').length;
      await expect.poll(group, { timeout: 30_000 }).toBe(4);
      expect(await endAgentTree(worker, child, { leftoversOnly: true })).toMatchObject({ kind: 'empty' });
      expect(await group()).toBe(0);
      expect(await livenessOf(worker.host, child.wrapper)).toBe('dead');
    } finally {
      await endAgentTree(worker, child, { leftoversOnly: true });
    }
  },
);

test.each([
  ['a process of another iteration', hiding(procTable()), undefined, 2],
  ['a process that carries the marker of another session', procTable(), 'another', 1],
])('a record that names %s is ignored', async (_, table, mark, recordedAs) => {
  const { dir, worker, start } = await childSeenThrough(table, mark);
  await using _dir = dir;
  const child = await start(1, recordedAs);
  try {
    expect(await readAgentRecord(worker, recordedAs)).toBeUndefined();
  } finally {
    await endAgentTree(worker, child, { leftoversOnly: true });
  }
});

/** Sleeps of this clock take no time. */
function quickClock(): Clock {
  let ms = 0;
  return {
    now: () => ms,
    monotonic: () => ms,
    sleep: async (asked) => {
      ms += asked;
    },
  };
}

const LIMIT_MS = 60_000;
const settings = { watch: { stallMs: 10_000, stallEndMs: 20_000 } };

/** Watches a silent agent of a CLI that has printed `lines`. @returns why the worker would end it */
async function endAfter(provider: string, lines: readonly object[]): Promise<string> {
  await using log = await tempLog();
  await using scene = await workerWithChild(log, { settings, clock: quickClock(), timeLimitMs: LIMIT_MS });
  await writeFile(scene.stdout, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  using childLog = new AgentOutput(scene.stdout, providerNamed(provider));
  const { end } = await watchAgent(scene.worker, scene.open, scene.child, childLog);
  const isReported = (await readEvents(log.paths, 0)).some(({ type }) => type === 'notice');
  return isReported ? `${end}, after a notice` : end;
}

const claudeUses = (...ids: string[]) => ({
  type: 'assistant',
  message: { content: ids.map((id) => ({ type: 'tool_use', id, name: 'Bash', input: { command: 'make' } })) },
});
const claudeResult = (id: string, content = '') => ({
  type: 'user',
  message: { role: 'user', content: [{ tool_use_id: id, type: 'tool_result', content }] },
});
const claudeSays = (text: string) => ({ type: 'assistant', message: { content: [{ type: 'text', text }] } });
const codexItem = (when: 'started' | 'completed', item: object) => ({ type: `item.${when}`, item });
const COMMAND = { type: 'command_execution', command: 'make', aggregated_output: '' };
const FILES = { type: 'file_change', changes: [{ path: 'a' }, { path: 'b' }] };
const geminiUse = (id: string) => ({ type: 'tool_use', tool_name: 'run_shell_command', tool_id: id });
const geminiResult = (id: string) => ({ type: 'tool_result', tool_id: id, status: 'success' });

test.each<[string, string, object[]]>([
  ['claude', 'one call', [claudeUses('1')]],
  ['claude', 'two calls of which one was answered', [claudeUses('1', '2'), claudeResult('1')]],
  ['codex', 'a command', [codexItem('started', COMMAND)]],
  [
    'codex',
    'a command beside a change',
    [codexItem('started', FILES), codexItem('started', COMMAND), codexItem('completed', FILES)],
  ],
  ['gemini', 'one call', [geminiUse('1')]],
])('an agent of %s that is silent during %s ends at its time limit', async (provider, _, lines) => {
  expect(await endAfter(provider, lines)).toBe('timeout');
});

test.each<[string, string, object[]]>([
  ['claude', 'a call was answered', [claudeUses('1'), claudeResult('1')]],
  [
    'claude',
    'a result was too long to be read',
    [claudeUses('1'), claudeResult('1', 'x'.repeat(5_000_000)), claudeSays('Done.')],
  ],
  ['claude', 'it spoke of a result', [claudeSays('The line "type":"tool_result" is missing.')]],
  ['codex', 'a command ended', [codexItem('started', COMMAND), codexItem('completed', COMMAND)]],
  ['codex', 'a change ended', [codexItem('started', FILES), codexItem('completed', FILES)]],
  ['gemini', 'a call was answered', [geminiUse('1'), geminiResult('1')]],
])('an agent of %s that is silent after %s ends at the limit of silence', async (provider, _, lines) => {
  expect(await endAfter(provider, lines)).toBe('stalled, after a notice');
});
