import { appendFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type SessionEvent, serialiseEvent } from '../../../src/core/session/events/events.ts';
import { ci } from '../../support/ci.ts';
import { Parent } from '../../support/mcp-rig.ts';
import { HANGS, type SessionRig, startRig } from '../../support/session-rig.ts';
import { startSession } from '../../support/start-session.ts';
import { endOfWorker, killSupervisors, supervisorPids } from '../../support/supervisors.ts';

test(
  'if a worker dies after recording an archiving, a resume moves the documents, and another continues the session',
  ci,
  async () => {
    await using rig = await startRig({ at: 'asking' });
    await rig.stop();
    await endOfWorker(rig);
    const [dive = ''] = (await readdir(rig.paths.sessionDir)).filter((name) => name.includes('-dive-'));
    const { n, lease } = await rig.state();
    const by = { channel: 'cli' };
    const work = { kind: 'documents', by, moved: [dive], kept: [], to: '_archive/x' };
    const body = { type: 'finish_asked', work };
    const event = { v: 2, n: n + 1, at: new Date().toISOString(), lease, ...body } as SessionEvent;
    await appendFile(rig.paths.events, serialiseEvent(event));
    const path = join(rig.paths.leases, `${String(lease).padStart(6, '0')}.json`);
    const { releasedAt: _left, ...died } = JSON.parse(await readFile(path, 'utf8'));
    await writeFile(path, JSON.stringify(died));
    await rig.resume();
    await endOfWorker(rig);
    expect(await readdir(join(rig.paths.archive, 'x'))).toEqual([dive]);
    expect((await rig.state()).status.kind).toBe('stopped');
    await rig.resume();
    await rig.untilWaiting('qa_answers');
  },
);

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
