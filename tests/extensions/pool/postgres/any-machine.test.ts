import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { recordedFile } from '../../../../src/core/session/log/read-session-file.ts';
import { joinPool } from '../../../../src/extensions/pool/acts/join.act.ts';
import { openMember } from '../../../../src/extensions/pool/membership/open-member.ts';
import { needsOf } from '../../../../src/extensions/pool/states/pool-states.ts';
import { ci } from '../../../support/ci.ts';
import { sharedPostgres } from '../../../support/postgres-server.ts';
import { makeProject, type TempProject, trustLines } from '../../../support/project.ts';
import { startSession } from '../../../support/start-session.ts';
import { loginOf, poolDatabase } from './postgres-boards.ts';

const server = sharedPostgres();

async function joined({ repo, context }: TempProject) {
  const { address: database } = await loginOf(await poolDatabase(server));
  return await joinPool({ remote: repo.path, name: 'anna', database }, context);
}

const quiet = {
  say: () => undefined,
  report: () => undefined,
  wake: async () => undefined,
  status: {
    saw: () => undefined,
    looked: () => undefined,
    holds: () => undefined,
    write: async () => undefined,
  },
};
const told = { supervisor: 'mine', ...quiet };

test(
  'a session for the pool starts where its agent CLI is not installed, and needs a machine that has it',
  ci,
  async () => {
    const project = await makeProject({ lines: { PROVIDER: 'codex', CODEX_PATH: '/nowhere/codex' } });
    await using _ = project.repo;
    const start = { dive: 'How is the boat rigged?', where: 'pool' } as const;
    await expect(startSession(start, project.context)).rejects.toMatchObject({ code: 'pool_not_joined' });
    await joined(project);
    const { view } = await startSession(start, project.context);
    const file = await recordedFile(view.paths);
    expect(file?.settings.cliPaths).toEqual({});
    expect(file && needsOf(file)).toEqual(['codex']);
  },
);

test('a machine brings every agent CLI that is installed, whichever its own sessions begin with', async () => {
  const project = await makeProject();
  await using _ = project.repo;
  const codex = join(project.repo.homeDir, 'bin/codex');
  await mkdir(join(codex, '..'));
  await writeFile(codex, '#!/bin/sh\n');
  await chmod(codex, 0o755);
  const membership = await joined(project);
  const context = { ...project.context, env: { ...project.context.env, CODEX_PATH: codex } };
  await using member = await openMember(membership, context, told);
  expect(member.hostInfo.labels).toEqual(expect.arrayContaining(['codex', 'rehearsal']));
  expect((await member.ownSettings()).cliPaths).toMatchObject({ codex });
});

test('a take uses the settings, the trust and the agent CLIs of that moment', async () => {
  const project = await makeProject({ lines: { CHECK: 'true' } });
  await using _ = project.repo;
  const membership = await joined(project);
  const codex = join(project.repo.homeDir, 'bin/codex');
  const context = { ...project.context, env: { ...project.context.env, CODEX_PATH: codex } };
  await using member = await openMember(membership, context, told);
  expect(await member.ownSettings()).toMatchObject({ checks: ['true'] });
  const { slots } = member;
  await mkdir(join(codex, '..'));
  await writeFile(codex, '#!/bin/sh\n');
  await chmod(codex, 0o755);
  const before = await readFile(membership.config, 'utf8');
  await writeFile(membership.config, before.replace('CHECK=true', 'CHECK=false\nPOOL_DAYS=3'));
  await expect(member.ownSettings()).rejects.toMatchObject({ code: 'pool_not_here' });
  await expect(member.readAgain()).rejects.toMatchObject({ code: 'pool_not_here' });
  expect(member.slots).toBe(0);
  await trustLines(project.repo);
  await member.readAgain();
  expect(await member.ownSettings()).toMatchObject({ checks: ['false'], cliPaths: { codex } });
  expect(member).toMatchObject({ slots, poolDays: 3 });
  expect(member.hostInfo.labels).toContain('codex');
});
