import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import type { ChecksRan } from '../../../../src/core/kernel/phases/proving.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { type BaseRun, onceForBase } from '../../../../src/core/project/proving/base-results.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const COMMIT = '1'.repeat(40);

/** Asks for the result on a base commit as one session. `ended` is what its run of the checks ends with. */
async function asks(root: string, name: string, ended: () => Promise<number>, waits = () => {}) {
  const outputDir = join(root, name);
  let ran = 0;
  const run: BaseRun = {
    ...{ mainRepo: root, worktreesDir: join(root, 'worktrees'), commit: COMMIT, commands: ['check'] },
    proving: { in: 'clone', fast: [], copy: [], timeoutMs: 1000 },
    ...{ sandbox: 'none', path: '', admitted: [], outputDir, signal: new AbortController().signal },
    waits,
  };
  const result = await onceForBase(run, { host: await systemHost(), clock: systemClock }, async () => {
    ran += 1;
    const exitCode = await ended();
    await mkdir(outputDir, { recursive: true });
    await writeFile(join(outputDir, 'base-1.txt'), name);
    const how = exitCode === 0 ? undefined : `exit status ${exitCode}`;
    const output = { outputHash: 'h', outputBytes: 1, output: 'base-checks/base-1.txt' };
    const runs = [{ command: 'check', exitCode, how, durationMs: 1, ...output }];
    return {
      set: 'base',
      in: 'clone',
      commit: COMMIT,
      tree: COMMIT,
      runs,
      sandbox: 'none',
    } satisfies ChecksRan;
  });
  return { exitCode: result?.runs[0]?.exitCode, ran };
}

test('a red result counts only for the sessions that waited for it, and a green one for all later ones', async () => {
  await using dir = await tempDir();
  expect(await asks(dir.path, 'first', async () => 1)).toEqual({ exitCode: 1, ran: 1 });
  await systemClock.sleep(2);
  expect(await asks(dir.path, 'second', async () => 0)).toEqual({ exitCode: 0, ran: 1 });
  expect(await asks(dir.path, 'third', async () => 1)).toEqual({ exitCode: 0, ran: 0 });
});

test('a red result counts for a session that waited for it', async () => {
  await using dir = await tempDir();
  let second: ReturnType<typeof asks> | undefined;
  const first = asks(dir.path, 'first', async () => {
    await new Promise<void>((waits) => {
      second = asks(dir.path, 'second', async () => 0, waits);
    });
    return 1;
  });
  expect(await first).toEqual({ exitCode: 1, ran: 1 });
  expect(await second).toEqual({ exitCode: 1, ran: 0 });
});
