import { mkdir, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { serialiseEvent } from '../../../../src/core/session/events/events.ts';
import type { Publishable } from '../../../../src/extensions/github/publish/publication.ts';
import { ci } from '../../../support/ci.ts';
import { PROVED, provedEvents } from '../../../support/proved-events.ts';
import { type PublishScene, publish, publishScene } from '../../../support/publish-scene.ts';
import { takePictures } from '../../../support/taken-pictures.ts';
import { makeRepo } from '../../../support/temp-repo.ts';
import { newGh, UPLOADS } from './new-gh.ts';

const URL = 'https://github.com/fleet/boats/pull/17';
/** The publication of a session with pictures, whose settings ask for their upload. */
async function withPictures(s: PublishScene, commit: string): Promise<Publishable> {
  const events = provedEvents({ proved: { ...PROVED, commit } });
  await mkdir(s.paths.runDir, { recursive: true });
  await writeFile(s.paths.events, events.map(serialiseEvent).join(''));
  const pictures = await takePictures(s.paths, { commit });
  const { view } = s.judged;
  const proving = view.sessionFile?.settings.proving;
  if (proving === undefined) throw new Error('The scene has no settings.');
  const state = { ...view.state, pictures, proving: { ...proving, application: UPLOADS } };
  return { ...s.judged, view: { ...view, state } };
}

test('pictures are attached once to an open pull request, and are not in its branch', ci, async () => {
  await using repo = await makeRepo();
  await using s = await publishScene(repo);
  const tip = await repo.git(['rev-parse', 'samocode/x']);
  const publication = await withPictures(s, tip);
  const { env, words } = await newGh(repo.root, s.context.env);
  const { summary } = await publish(publication, false, { env });
  expect(summary).toMatch(
    /^Pull request \S+ is open\. Its pictures are attached: https:\/\/github\.com\/\S+$/,
  );
  const attached = (await words()).filter((_, at, all) => all[at - 1] === '--attach');
  expect(attached.map((file) => file.replace(/.*\//, ''))).toEqual([
    ...['1-login-1280-before.png', '2-login-1280-after.png', '3-login-1280-difference.png'],
    ...['4-login-390-before.png', '5-login-390-after.png', '6-login-390-difference.png'],
  ]);
  await publish(publication, false, { env });
  const comments = s.boats.pullRequests.get(17)?.comments.map(({ body }) => body);
  expect(comments).toHaveLength(1);
  expect(comments?.[0]).toContain('2 of 2 pictures differ: `/login` at 1280 px, `/login` at 390 px.');
  expect(await s.pushed()).toBe(`refs/heads/samocode/x ${tip}`);
});

test('a gh without --attach is named, and the pull request is open', async () => {
  await using repo = await makeRepo();
  await using s = await publishScene(repo);
  const publication = await withPictures(s, await repo.git(['rev-parse', 'samocode/x']));
  const { summary, url } = await publish(publication, false, s.context);
  expect(url).toBe(URL);
  expect(summary).toContain('No pictures were attached. gh cannot attach files on github.com.');
  expect(summary).toContain('gh 2.99 and newer');
});

test('pictures of an earlier commit are not attached', async () => {
  await using repo = await makeRepo();
  await using s = await publishScene(repo);
  const { summary } = await publish(await withPictures(s, '1'.repeat(40)), false, s.context);
  expect(summary).toContain('the branch has changed since they were taken');
});
