// @module-tag ci
import { expect, test } from 'vitest';
import { stopSeveral } from '../../../../../src/core/acts/sessions/stop-session.act.ts';
import { setupProject } from '../../../../../src/core/acts/set-up/setup-project.act.ts';
import { askTool } from '../../../../app/unit/server/ask-tool.ts';
import { makeServerRig } from '../../../../app/unit/server/server-rig.ts';
import { makeRepo } from '../../../../support/temp-repo.ts';
import { CREATED, DONE, PREPARED } from '../../../unit/session/events.ts';

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
