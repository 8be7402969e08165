// @module-tag ci
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock as clock } from '../../../../src/core/kernel/clock.ts';
import { livenessOf, systemHost } from '../../../../src/core/kernel/processes/host.ts';
import {
  type ProcessTable,
  procTable,
  psTable,
} from '../../../../src/core/kernel/processes/process-table.ts';
import { SESSION_MARK } from '../../../../src/core/sandbox/programs/environment.ts';
import { runChild } from '../../../../src/core/sandbox/programs/run-child.ts';
import { iterationPaths, sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { readAgentRecord, wrapperName } from '../../../../src/core/worker/state/iteration.ts';
import { endAgentTree } from '../../../../src/core/worker/state/processes.ts';
import type { Worker } from '../../../../src/core/worker/state/worker.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';
import { tempDir } from '../../../support/temp-dir.ts';

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
