import { rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { ci } from '../../support/ci.ts';
import { Parent } from '../../support/mcp-rig.ts';
import { HANGS, type SessionRig, startRig } from '../../support/session-rig.ts';
import { startSession } from '../../support/start-session.ts';
import { killSupervisors, supervisorPids } from '../../support/supervisors.ts';

/** The machine failed: neither the worker nor the supervisor runs. */
async function afterFailure(): Promise<SessionRig> {
  const rig = await startRig({ supervised: true, scenario: HANGS });
  await rig.until(({ openIteration }) => openIteration !== undefined, { leaveDead: true });
  await killSupervisors(rig.repo.homeDir);
  await rig.killWorker();
  return rig;
}

async function untilRevived(rig: SessionRig): Promise<void> {
  await rig.until((state) => state.lease > 1, { withinMs: 480_000, leaveDead: true });
  expect(await supervisorPids(rig.repo.homeDir)).toHaveLength(1);
}

test('the start of a server restarts the worker of a session that has lost it', ci, async () => {
  await using rig = await afterFailure();
  const { path: repo, homeDir: home, env } = rig.repo;
  const place = { repo: home, home, env, sessionsDir: rig.paths.sessionsDir, git: () => repo };
  await using _parent = await Parent.connect({ ...place, [Symbol.asyncDispose]: async () => {} });
  await untilRevived(rig);
});

test('an act on another session restarts it too, and restores an identity that was lost with the worker', async () => {
  await using rig = await afterFailure();
  await rm(rig.paths.sessionFile);
  await startSession({ task: 'Another', name: 'another', run: false }, rig.context());
  await untilRevived(rig);
  const { problems, sessionFile } = await rig.view();
  expect({ problems, id: sessionFile?.id }).toEqual({ problems: [], id: rig.file.id });
});
