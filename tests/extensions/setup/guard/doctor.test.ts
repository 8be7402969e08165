import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { setupProject } from '../../../../src/core/acts/set-up/setup-project.act.ts';
import type { ActionContext } from '../../../../src/core/caller/context/context.ts';
import { thisMachine } from '../../../../src/core/caller/refusals/check.ts';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { doctor } from '../../../../src/extensions/setup/doctor/doctor.ts';
import { makeRepo } from '../../../support/temp-repo.ts';

test('settings of a CLI that are too large to be copied for an agent are its failure, not the end of the report', async () => {
  await using repo = await makeRepo();
  const cli = join(repo.root, 'agent');
  await writeFile(cli, '#!/bin/sh\necho 2.1.328\n', { mode: 0o755 });
  const context: ActionContext = {
    clock: systemClock,
    host: await systemHost(),
    env: { ...repo.env, CLAUDE_PATH: cli, CODEX_PATH: cli },
    home: repo.homeDir,
    cwd: repo.path,
    by: { channel: 'cli' },
    programs: { worker: '/none/worker.cjs', rehearsal: '/none/rehearsal.cjs' },
  };
  await setupProject({}, context);
  for (const path of ['.claude/CLAUDE.md', '.codex/AGENTS.md']) {
    await mkdir(join(repo.homeDir, path, '..'), { recursive: true });
    await writeFile(join(repo.homeDir, path), '');
    await truncate(join(repo.homeDir, path), 201 * 1024 ** 2);
  }
  const { checks } = await doctor({}, context, { ...thisMachine(), uid: 1000 });
  const found = expect.stringContaining('settings are copied for each agent');
  expect(checks.find(({ id }) => id === 'cli.claude')).toMatchObject({ level: 'fail', found });
  expect(checks.find(({ id }) => id === 'cli.codex')).toMatchObject({ level: 'ok', isAbsent: true, found });
});
