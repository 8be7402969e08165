// @module-tag ci

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { notContained } from '../../../../../src/core/acts/sessions/start/not-contained.ts';
import { stopSeveral } from '../../../../../src/core/acts/sessions/stop-session.act.ts';
import { setupProject } from '../../../../../src/core/acts/set-up/setup-project.act.ts';
import { askTool } from '../../../../app/unit/server/ask-tool.ts';
import { makeServerRig } from '../../../../app/unit/server/server-rig.ts';
import { makeProject } from '../../../../support/project.ts';
import { makeRepo } from '../../../../support/temp-repo.ts';
import { CREATED, DONE, PREPARED } from '../../../unit/session/events.ts';

test('a start names the uncommitted files of the checkout, and not its own settings', async () => {
  const project = await makeProject();
  await using repo = project.repo;
  const { context } = project;
  const place = { mainRepo: repo.path, filePath: join(repo.path, '.samocode') };
  const said = async () => await notContained(place, context);
  expect(await said()).toEqual([]);
  await writeFile(join(repo.path, 'boat.txt'), 'red');
  await writeFile(join(repo.path, '.samocode'), 'MAIN_REPO=.');
  expect(await said()).toEqual([
    'Not in this session, which begins at a commit: 1 uncommitted file (boat.txt).',
  ]);
  for (const name of 'abcdef') await writeFile(join(repo.path, name), 'red');
  expect(await said()).toEqual([
    'Not in this session, which begins at a commit: 7 uncommitted files (a, b, boat.txt, c, d, …).',
  ]);
  await writeFile(join(repo.path, '.git/index'), 'no index');
  expect(await said()).toEqual([expect.stringContaining('could not look')]);
});

test('outside any project, stopping all sessions is refused if several projects are known', async () => {
  await using serverRig = await makeServerRig();
  await serverRig.addSession('26-01-08-boat', [CREATED, PREPARED, DONE]);
  const nowhere = { ...serverRig.context, cwd: '/' };
  expect(await stopSeveral({ when: 'now' }, nowhere)).toEqual([]);
  await using other = await makeRepo();
  await setupProject({ projectDir: other.path, lines: { PROVIDER: 'rehearsal' } }, serverRig.context);
  const unclear = { code: 'project_unclear', next: [{ act: 'name_project' }, { act: 'set_up' }] };
  await expect(stopSeveral({ when: 'now' }, nowhere)).rejects.toMatchObject(unclear);
  const asked = await askTool('stop_session', { group: '*' }, nowhere);
  expect(asked.json).toMatchObject({ code: 'project_unclear' });
  expect(await stopSeveral({ when: 'now' }, serverRig.context)).toEqual([]);
});
