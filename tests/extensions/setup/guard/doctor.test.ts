import { existsSync } from 'node:fs';
import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readTrust, trustProject } from '../../../../src/core/caller/context/trust-project.ts';
import { thisMachine } from '../../../../src/core/caller/refusals/check.ts';
import { doctor } from '../../../../src/extensions/setup/doctor/doctor.ts';
import { ci } from '../../../support/ci.ts';
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

test(
  'a file that nobody has trusted neither names a program that runs nor switches the guard off',
  ci,
  async () => {
    const project = await makeProject({ bare: true });
    await using repo = project.repo;
    const [agent, canary] = [join(repo.homeDir, 'agent.sh'), join(repo.homeDir, 'RAN')];
    await writeFile(agent, `#!/bin/sh\ntouch '${canary}'\necho 1.0.0\n`, { mode: 0o755 });
    const lines = [
      'PROVIDER=acp',
      `ACP_COMMAND=${agent} acp`,
      'SANDBOX=off',
      'SANDBOX_WRITE=~',
      'CHECK=true',
    ];
    await writeFile(join(repo.path, '.samocode'), `${lines.join('\n')}\n`);
    const now = async () => (await doctor({}, project.context, { ...thisMachine(), uid: 1000 })).checks;
    const before = await now();
    expect(existsSync(canary)).toBe(false);
    expect(before.find(({ id }) => id === 'project.trust')).toMatchObject({ level: 'fail' });
    expect(before.find(({ id }) => id === 'sandbox')).toMatchObject({ level: 'ok' });
    expect(before.find(({ id }) => id === 'cli.acp')).toMatchObject({
      level: 'fail',
      found: expect.stringContaining('ACP_COMMAND'),
    });
    const { trust } = await readTrust({}, project.context);
    if (trust.kind === 'untrusted') await trustProject({ hash: trust.hash }, project.context);
    await now();
    expect(existsSync(canary)).toBe(true);
  },
);
