import { execFile, execFileSync } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { ifExists } from '../../../../src/core/kernel/errors.ts';
import { Projector } from '../../../../src/core/worker/documents/projector.ts';
import { prepareIteration } from '../../../../src/core/worker/iteration/start.ts';
import { GitGuard } from '../../../../src/core/worker/state/git-guard.ts';
import { iterationOf } from '../../../../src/core/worker/state/iteration.ts';
import type { Worker } from '../../../../src/core/worker/state/worker.ts';
import { WorkerGuard } from '../../../../src/core/worker/state/worker-guard.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';
import { tempLog } from '../../../support/temp-log.ts';

test('the overview is saved as the agent finds it, and a pipe at its path does not block', async () => {
  await using log = await tempLog();
  const { paths } = log;
  const { writer } = await log.open();
  const file = sessionFileSample({ folder: paths.folder, sessionsDir: paths.sessionsDir });
  const parts = {
    ...{ paths, file, writer, clock: systemClock, memory: {}, wake: {}, rehearsalProgram: 'none' },
    env: {},
    git: new GitGuard(paths, file, {}, () => 'none'),
    projector: new Projector(paths, file),
  };
  const unguarded = parts as Partial<Worker> as Worker;
  const worker = Object.assign(unguarded, { guard: new WorkerGuard(unguarded) });
  await writer.append({
    type: 'iteration_started',
    iteration: 1,
    phase: 'planning',
    provider: 'claude',
    model: '',
    log: 'child.jsonl',
    childUuid: 'u',
    timeLimitMs: 1000,
    credentials: [],
    sandbox: 'none',
  });
  const begun = writer.state.openIteration;
  if (begun === undefined) throw new Error('The iteration is not open.');
  const open = iterationOf(worker, begun);
  const { files } = open;
  await mkdir(paths.sessionDir, { recursive: true });
  await mkdir(files.dir, { recursive: true });
  await writeFile(paths.overview, 'Phase: planning\n');
  await prepareIteration(worker, open);
  expect(await readFile(files.overviewBefore, 'utf8')).toBe('Phase: planning\n');
  await rm(files.overviewBefore);
  await rm(paths.overview);
  execFileSync('mkfifo', [paths.overview]);
  // A reader that waits at the pipe gets this and continues.
  const writing = execFile('timeout', ['3', 'sh', '-c', 'echo waited >"$0"', paths.overview]);
  await prepareIteration(worker, open);
  writing.kill();
  expect(await ifExists(readFile(files.overviewBefore, 'utf8'))).toBeUndefined();
});
