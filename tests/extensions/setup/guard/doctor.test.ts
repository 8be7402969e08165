import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { thisMachine } from '../../../../src/core/caller/refusals/check.ts';
import { doctor } from '../../../../src/extensions/setup/doctor/doctor.ts';
import { makeProject } from '../../../support/project.ts';

test('settings of a CLI that are too large to be copied for an agent are its failure, not the end of the report', async () => {
  const project = await makeProject({ sandbox: 'auto', lines: { PROVIDER: 'claude' } });
  await using repo = project.repo;
  const cli = join(repo.root, 'agent');
  await writeFile(cli, '#!/bin/sh\necho 2.1.328\n', { mode: 0o755 });
  const context = { ...project.context, env: { ...repo.env, CLAUDE_PATH: cli, CODEX_PATH: cli } };
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
