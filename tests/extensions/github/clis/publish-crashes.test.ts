import { afterAll, beforeAll, expect, test } from 'vitest';
import { changeFile } from '../../../core/faults/with-settings.ts';
import { finishSession } from '../../../support/as-shown.ts';
import { ciIf } from '../../../support/ci.ts';
import { commitWork, type SessionRig, startRig } from '../../../support/session-rig.ts';
import { endOfWorker } from '../../../support/supervisors.ts';
import { takePictures } from '../../../support/taken-pictures.ts';
import { newGh, UPLOADS } from '../processes/new-gh.ts';
import { dying, type PublishRig, publishRig } from './publish-rig.ts';

/** The session that each test copies. */
let done: SessionRig | undefined;

beforeAll(async () => {
  done = await startRig({ at: 'done', faults: true, lines: { CHECK: 'true' } });
  await endOfWorker(done);
});

afterAll(async () => {
  await done?.[Symbol.asyncDispose]();
});

const copied = () => publishRig(done?.repo.root ?? '');

/** Publishes with a worker that dies once at a point; `between` happens before the next worker. */
async function publishedAfter(
  { rig, context }: PublishRig,
  point: string,
  between: () => Promise<unknown> = async () => undefined,
) {
  const { env, died } = dying(rig, point);
  const input = { session: rig.file.folder, how: 'pull_request', keep: [] } as const;
  const asked = finishSession(input, { ...context, env: { ...context.env, ...env } });
  const answer = asked.catch((error: unknown) => error);
  await died();
  await between();
  await rig.until(({ work, lastPublish }) => work === undefined && lastPublish !== undefined);
  await answer;
  const events = await rig.events();
  return {
    effects: events.flatMap((event) => (event.type === 'effect_ended' ? [event.name] : [])),
    ends: events.flatMap((event) => (event.type === 'publish_ended' ? [event.outcome] : [])),
  };
}

const AFTER = ['published-push', 'published-pull_request', 'published-issue'];
/** The point after the nth effect and before its record. */
const UNRECORDED = ['effect-had@1', 'effect-had@2', 'effect-had@3'];

for (const point of [...AFTER, ...UNRECORDED])
  test.concurrent(`a publication whose worker dies at ${point} is completed by the next one, and each effect happens once`, {
    ...ciIf(point === 'effect-had@2'),
    timeout: 600_000,
  }, async () => {
    await using s = await copied();
    const { branch = '' } = (await s.rig.state()).worktree ?? {};
    const tip = await s.rig.repo.git(['rev-parse', branch]);
    const { effects, ends } = await publishedAfter(s, point);
    expect([effects, ends]).toEqual([['push', 'pull_request', 'issue'], ['published']]);
    expect(await s.pushes()).toEqual([`${'0'.repeat(40)} ${tip} refs/heads/${branch}`]);
    expect(s.posts()).toEqual(['/pulls', `/issues/${s.issue.number}/comments`]);
    expect((await s.rig.state()).pullRequest).toMatchObject({ number: 17, state: 'open', pushed: tip });
  });

for (const point of ['published-pictures', 'effect-had@3'])
  test.concurrent(`pictures are attached once if the worker dies at ${point}`, {
    timeout: 600_000,
  }, async () => {
    await using s = await copied();
    const { branch = '' } = (await s.rig.state()).worktree ?? {};
    await takePictures(s.rig.paths, { commit: await s.rig.repo.git(['rev-parse', branch]) });
    await changeFile(s.rig, ({ settings }) => ({
      settings: { ...settings, proving: { ...settings.proving, application: UPLOADS } },
    }));
    const { env } = await newGh(s.rig.repo.root, s.context.env);
    Object.assign(s.rig.repo.env, env);
    const { effects, ends } = await publishedAfter({ ...s, context: { ...s.context, env } }, point);
    expect([effects, ends]).toEqual([['push', 'pull_request', 'pictures', 'issue'], ['published']]);
    expect(s.posts()).toEqual(['/pulls', '/issues/17/comments', `/issues/${s.issue.number}/comments`]);
    expect((await s.rig.state()).lastPublish?.summary).toContain('Its pictures are attached');
  });

test.concurrent('the recorded commit is the pushed one, even if the branch moved before the next worker started', async () => {
  await using s = await copied();
  const { branch = '' } = (await s.rig.state()).worktree ?? {};
  const tip = await s.rig.repo.git(['rev-parse', branch]);
  await publishedAfter(s, 'published-push', () => commitWork(s.rig, 'later.txt'));
  expect(await s.pushes()).toHaveLength(1);
  expect((await s.rig.state()).pullRequest?.pushed).toBe(tip);
  expect(s.repository.pullRequests.get(17)?.head).toBe(tip);
});

test.concurrent('a branch that vanished before the next worker started is named', async () => {
  await using s = await copied();
  const { branch = '' } = (await s.rig.state()).worktree ?? {};
  const { effects, ends } = await publishedAfter(s, 'published-push', () =>
    s.rig.repo.git(['update-ref', '-d', `refs/heads/${branch}`]),
  );
  expect([effects, ends]).toEqual([['push'], ['failed']]);
  expect((await s.rig.state()).lastPublish?.summary).toBe(`The branch ${branch} no longer exists.`);
});
