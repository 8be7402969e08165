import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readPlanOf } from '../../../../src/core/acts/gates/read-plan.act.ts';
import type { SessionView } from '../../../../src/core/session/events/session-view.ts';
import { readPlanEvidence } from '../../../../src/core/worker/core/evidence.ts';
import type { Worker } from '../../../../src/core/worker/core/worker.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';
import { tempLog } from '../../../support/temp-log.ts';

test('in a session taken over long after its first day, all readers find the same plan', async () => {
  await using log = await tempLog();
  const { paths } = log;
  const { writer } = await log.open();
  const file = sessionFileSample({ folder: paths.folder, createdAt: '2026-03-01T10:00:00.000Z' });
  await mkdir(paths.sessionDir, { recursive: true });
  for (const name of ['02-10-1000-plan-x.md', '03-05-1000-plan-x.md'])
    await writeFile(join(paths.sessionDir, name), `# Plan: ${name}\n`);
  const { version } = await readPlanEvidence({ paths, file, writer } as Partial<Worker> as Worker);
  expect(version?.name).toBe('03-05-1000-plan-x.md');
  const view = { paths, folder: paths.folder, state: writer.state } as Partial<SessionView> as SessionView;
  expect((await readPlanOf(view)).name).toBe(version?.name);
});
