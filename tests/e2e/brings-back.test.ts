import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { getStatus } from '../../src/actions/get-status.ts';
import { runCommand } from '../../src/base/run-command.ts';
import { Parent } from '../support/mcp-rig.ts';
import { HANGS, type SessionRig, startRig } from '../support/session-rig.ts';
import { makeRepo } from '../support/temp-repo.ts';

async function withoutWorker(): Promise<SessionRig> {
  const rig = await startRig({ scenario: HANGS });
  await rig.until(({ openIteration }) => openIteration !== undefined);
  await rig.killWorker();
  return rig;
}

async function untilRevived(rig: SessionRig): Promise<void> {
  await rig.until((state) => state.lease > 1, { withinMs: 60_000, leaveDead: true });
}

test('the start of a server brings back a session that has lost its worker', async () => {
  await using rig = await withoutWorker();
  const { path: repo, homeDir: home, env } = rig.repo;
  const place = { repo: home, home, env, sessionsDir: rig.paths.sessionsDir, git: () => repo };
  await using _parent = await Parent.connect({ ...place, [Symbol.asyncDispose]: async () => {} });
  await untilRevived(rig);
});

test('a session that has lost its identity with its worker is brought back by a look', async () => {
  await using rig = await withoutWorker();
  await rm(rig.paths.sessionFile);
  const { view, revival } = await getStatus({ session: rig.file.folder }, rig.context());
  expect({ revival, id: view.sessionFile?.id }).toEqual({ revival: 'launched', id: rig.file.id });
  await untilRevived(rig);
  expect((await rig.view()).problems).toEqual([]);
});

test('any call of the command line brings back a session that has lost its worker', async () => {
  await using rig = await withoutWorker();
  await using other = await makeRepo();
  const samocode = join(process.cwd(), 'dist/samocode.js');
  const { env } = rig.repo;
  const made = await runCommand(process.execPath, [samocode, 'init'], { cwd: other.path, env });
  expect(made.exitCode, made.stderr).toBe(0);
  await untilRevived(rig);
});

test('the monitor of the command line names what it has brought back', async () => {
  await using rig = await withoutWorker();
  const samocode = join(process.cwd(), 'dist/samocode.js');
  const { homeDir: cwd, env } = rig.repo;
  const { stdout } = await runCommand(process.execPath, [samocode, 'monitor', '--once', '--json'], {
    cwd,
    env,
  });
  expect(JSON.parse(stdout)).toMatchObject({ needy: [{ session: rig.file.folder, revival: 'launched' }] });
  await untilRevived(rig);
});
