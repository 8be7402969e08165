import { expect, test } from 'vitest';
import { systemHost } from '../../../../../src/core/kernel/processes/host.ts';
import { readSession } from '../../../../../src/core/session/folder/read-session.ts';
import { blockedStory } from '../../../../../src/extensions/pages/web/acts/decision.ts';
import { type ReportPlan, reportedSession } from '../../../../support/report-session.ts';

async function storyOf(plan: ReportPlan): Promise<string> {
  const { project, paths } = await reportedSession(plan);
  await using _ = project.repo;
  const view = (await readSession(paths, await systemHost())) ?? expect.fail();
  return (await blockedStory({ view })).text;
}

test('a blocked session shows what its last agents did, why it is blocked, what it needs and what is proposed', async () => {
  const story = await storyOf({ iterations: 7, ends: 'blocked', also: '<b>' });
  expect(story.replace(/<\/?[a-z][^>]*>/g, '').replace(/\s+/g, ' ')).toMatch(
    /^What was tried ?Iteration 5, testing: .+ Iteration 6, [a-z]+: .+ Iteration 7, [a-z]+: .+ Why it is blocked ?The harbour's file is gone\. &lt;b&gt; It needs your decision\. Its agent proposes: Show them in the list$/,
  );
});

test('what agents wrote as code is shown as code, and its markup as text', async () => {
  const story = await storyOf({ iterations: 2, ends: 'blocked', also: '`npm test` <i>**fails**' });
  expect(story).toContain(
    `<blockquote class="says" dir="auto">The harbour's file is gone. <code dir="ltr">npm test</code> &lt;i&gt;<strong>fails</strong></blockquote>`,
  );
});

test('a session that is not blocked has no such story', async () => {
  expect(await storyOf({ iterations: 2, ends: 'waiting' })).toBe('');
});
