import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hostOf } from '../../../src/app/own-sessions.ts';
import { readSession } from '../../../src/core/session/folder/read-session.ts';
import { sessionPaths } from '../../../src/core/session/layout/paths.ts';
import { ci } from '../../support/ci.ts';
import { type SessionRig, startRig } from '../../support/session-rig.ts';

const recordsOf = ({ repo }: SessionRig) => join(repo.homeDir, '.config/samocode/sessions');

/** Whether the session is foreign for programs that begin at the same moment. */
async function foreignFor({ repo, paths }: SessionRig, programs: number): Promise<unknown[]> {
  const hosts = await Promise.all(Array.from({ length: programs }, () => hostOf(repo.homeDir)));
  return await Promise.all(hosts.map(async (host) => (await readSession(paths, host))?.foreign));
}

test('a session whose record is gone is foreign, and stays so when its files change', ci, async () => {
  await using rig = await startRig({ at: 'resting' });
  await rm(recordsOf(rig), { recursive: true });
  const { leases } = rig.paths;
  expect(await foreignFor(rig, 3)).toEqual(['no_record', 'no_record', 'no_record']);
  await rename(leases, `${leases}.aside`);
  expect(await foreignFor(rig, 1)).toEqual(['no_record']);
});

test('a session of a project that was moved still belongs to its user', async () => {
  await using rig = await startRig({ at: 'resting' });
  expect(await foreignFor(rig, 1)).toEqual([undefined]);
  const { sessionsDir } = rig.paths;
  const moved = `${sessionsDir}-moved`;
  await rename(sessionsDir, moved);
  const there = { ...rig, paths: sessionPaths(moved, rig.paths.folder) };
  expect(await foreignFor(there, 1)).toEqual([undefined]);
});
