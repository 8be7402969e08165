import { expect, test } from 'vitest';
import { changeFile } from '../../../core/faults/with-settings.ts';
import { takePictures } from '../../../support/taken-pictures.ts';
import { newGh, UPLOADS } from '../processes/new-gh.ts';
import { type RoundRig, roundRig } from './round-rig.ts';

/** A round of one comment is worked on and pushed; its pages look as given. */
async function pushedRound(s: RoundRig, button?: readonly [number, number, number]): Promise<string> {
  s.pull.thread('ada', 'Why?', { path: 'a.txt' });
  await s.advance();
  await s.untilDone();
  const { worktree } = await s.rig.state();
  const commit = await s.rig.repo.git(['rev-parse', worktree?.branch ?? '']);
  await takePictures(s.rig.paths, { commit, button });
  return (await s.advance()).summary;
}

test('a round attaches the pictures of its commit, but not those that an earlier one has attached', async () => {
  await using s = await roundRig();
  s.repository.permissions.ada = 'write';
  await changeFile(s.rig, ({ settings }) => ({
    settings: { ...settings, proving: { ...settings.proving, application: UPLOADS } },
  }));
  const { env } = await newGh(s.rig.repo.root, s.context.env);
  Object.assign(s.context.env, env);
  Object.assign(s.rig.repo.env, env);
  const attached = () => s.pull.comments.filter(({ body }) => body.includes('taken by samocode'));

  expect(await pushedRound(s)).toMatch(/^Round 1 is pushed: \S+ Its pictures are attached: https:\/\/\S+/);
  expect(attached()).toHaveLength(1);
  expect(await pushedRound(s)).toContain(`Its pictures are attached: `);
  expect(attached()).toHaveLength(1);
  await pushedRound(s, [200, 100, 0]);
  const bodies = attached().map(({ body }) => body);
  expect(bodies).toHaveLength(2);
  expect(bodies[1]).toContain(`of commit ${s.pull.head.slice(0, 12)}`);
});
