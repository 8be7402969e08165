import { expect, test } from 'vitest';
import { askPage, onPage, pageSocket } from '../../../../../src/core/caller/facts/live-page.ts';
import { makeProject } from '../../../../support/project.ts';
import { stoppedPage } from '../../../../support/stopped-page.ts';
import { serveWeb } from '../../../../support/web-rig.ts';

const VIEW = { paths: { runDir: '/somewhere/.run/26-11-23-boats' } } as Parameters<typeof onPage>[0];

test('a stopped page is no page for chats and notices', { tags: ['ci'], timeout: 10_000 }, async () => {
  const { repo, context } = await makeProject();
  await using _ = repo;
  await using _stopped = await stoppedPage(context.home);
  expect(await askPage(context.home)).toBeUndefined();
  expect(await onPage(VIEW, context)).toBe('');
});

test('a second page names the process that holds the socket and does not respond', {
  timeout: 15_000,
}, async () => {
  const { repo, context } = await makeProject();
  await using _ = repo;
  await using stopped = await stoppedPage(context.home);
  await expect(serveWeb(context)).rejects.toMatchObject({
    code: 'page_silent',
    why: `Process ${stopped.pid} holds ${pageSocket(context.home)} and did not respond within 5 s. Ctrl-Z in its terminal stops it so.`,
    hint: `Type "fg" in that terminal, or end the process: kill -KILL ${stopped.pid}. Then run this command again.`,
  });
});
