import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { roundOfSession } from '../../../../src/extensions/github/feedback/round.act.ts';
import type { SeenRequest } from '../../../support/github-stub/github-stub.ts';
import { dying, notedPushes, postsOf } from './publish-rig.ts';
import { type RoundRig, roundRig } from './round-rig.ts';

/** A round with two threads whose work is done but not pushed. */
async function workedRound(s: RoundRig): Promise<void> {
  s.repository.permissions.ada = 'write';
  for (const path of ['a.txt', 'b.txt']) s.pull.thread('ada', 'Why?', { path });
  await s.advance();
  await s.untilDone();
}

const answers = ({ pull }: RoundRig) => pull.threads.map(({ comments }) => comments.length - 1);

test.each(['published-push', 'published-pull_request', 'published-T1', 'effect-had@1', 'effect-had@3'])(
  'a round whose worker dies at %s is completed by the next one: pushed once, answered once',
  { timeout: 1_200_000 },
  async (point) => {
    await using s = await roundRig({ here: false, faults: true });
    await workedRound(s);
    const { pushes } = await notedPushes(s.hub);
    const { env, died } = dying(s.rig, point);
    Object.assign(s.context.env, env);
    const asked = s.advance().catch((error: unknown) => error);
    await died();
    await s.rig.until(({ work, lastPublish }) => !work && lastPublish?.what === 'round');
    await asked;
    const effects = (await s.rig.events()).flatMap((each) => (each.type === 'effect_ended' ? [each] : []));
    const ofRound = effects.slice(-4).map(({ name, outcome }) => `${name} ${outcome}`);
    expect(ofRound).toEqual(['push done', 'pull_request done', 'T1 done', 'T2 done']);
    expect(await pushes()).toHaveLength(1);
    expect(answers(s)).toEqual([1, 1]);
    expect((await s.rig.state()).pullRequest).toMatchObject({ round: 1, pushed: s.pull.head });
  },
);

const isReply = ({ method, path }: SeenRequest) => method === 'POST' && path.endsWith('/replies');
const LOCKED = { status: 403, body: { message: 'Unable to create comment because issue is locked.' } };

test.each<[string, (s: RoundRig) => unknown]>([
  ['was deleted', ({ pull }) => pull.threads.splice(0, 1)],
  [
    'was locked',
    ({ hub, pull }) => {
      const first = `/${pull.threads[0]?.comments[0]?.databaseId}/`;
      hub.fault = (request) => (isReply(request) && request.path.includes(first) ? LOCKED : undefined);
    },
  ],
])(
  'a thread that %s is an outcome of its own: the round is over, and the next one begins',
  async (_, happen) => {
    await using s = await roundRig();
    await workedRound(s);
    happen(s);
    expect((await s.advance()).summary).toMatch(
      /^Round 1 is pushed: .* Replied in 1 thread\. No reply in T1 \(/,
    );
    expect(s.pull.threads.at(-1)?.comments).toHaveLength(2);
    expect((await s.rig.state()).pullRequest).toMatchObject({ round: 1 });
    s.pull.thread('ada', 'And this?');
    expect((await s.advance()).summary).toBe('Round 2 begins: 1 comment.');
  },
);

test('a round that two terminals and the supervisor publish at once is pushed once and answered once', async () => {
  await using s = await roundRig();
  await workedRound(s);
  const { pushes } = await notedPushes(s.hub);
  const before = postsOf(s.hub).length;
  const terminal = () => roundOfSession({ session: s.rig.file.folder }, s.context);
  const ends = await Promise.all([terminal(), terminal(), s.advance()]);
  for (const { summary } of ends) expect(summary).toBe(ends[0]?.summary);
  expect(ends[0].summary).toContain('Round 1 is pushed');
  expect(await pushes()).toHaveLength(1);
  expect(answers(s)).toEqual([1, 1]);
  expect(postsOf(s.hub).slice(before)).toHaveLength(2);
});

test('a round that cannot be pushed is an error with the reason, and the next attempt publishes it', async () => {
  await using s = await roundRig();
  await workedRound(s);
  const hook = join(s.hub.gitRoot, 'fleet/boats.git/hooks/pre-receive');
  await writeFile(hook, "#!/bin/sh\necho 'Frozen until Monday' >&2\nexit 1\n", { mode: 0o755 });
  const session = { session: s.rig.file.folder };
  await expect(roundOfSession(session, s.context)).rejects.toMatchObject({
    code: 'round_not_published',
    why: expect.stringMatching(
      /Frozen until Monday.* Once that is settled, these commands publish it\. git -C /s,
    ),
  });
  expect(answers(s)).toEqual([0, 0]);
  await rm(hook);
  const { summary } = await roundOfSession(session, s.context);
  expect(summary).toMatch(/^Round 1 is pushed: /);
  expect(answers(s)).toEqual([1, 1]);
});
