import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { supervisorPaths } from '../../../../src/core/sandbox/programs/supervisor-folder.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { muteSession } from '../../../../src/extensions/notify/mute-session.act.ts';
import { ASKING, CREATED, PREPARED, writeEvents } from '../../../core/unit/session/events.ts';
import { ownSession } from '../../../support/own-session.ts';
import { makeProject } from '../../../support/project.ts';

test('a session is muted and unmuted, and never from inside one', async () => {
  const { repo, context, sessionsDir } = await makeProject();
  await using _repo = repo;
  const paths = sessionPaths(sessionsDir, '26-01-08-x');
  await writeEvents(paths, [CREATED, PREPARED, ASKING]);
  await ownSession(repo.homeDir, paths);
  const { muted } = supervisorPaths(context.home, context.host);
  await muteSession({ session: 'x', isMuted: true }, context);
  await muteSession({ session: 'x', isMuted: true }, context);
  expect(await readdir(muted)).toEqual(['01KEE000000000000000000000.json']);
  const inside = { ...context, env: { ...context.env, SAMOCODE_SESSION: '01KEE000000000000000000000' } };
  await expect(muteSession({ session: 'x', isMuted: false }, inside)).rejects.toMatchObject({
    code: 'inside_session',
  });
  await muteSession({ session: 'x', isMuted: false }, context);
  expect(await readdir(muted)).toEqual([]);
});
