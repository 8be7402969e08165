import { expect, test } from 'vitest';
import { askPage, onPage, pageSocket } from '../../../../../src/core/caller/facts/live-page.ts';
import { eventually } from '../../../../support/eventually.ts';
import { makeProject } from '../../../../support/project.ts';
import { stoppedPage } from '../../../../support/stopped-page.ts';
import { serveWeb, type WebRig } from '../../../../support/web-rig.ts';
import { hangingCheck } from './hanging-check.ts';

test.each([
  ['an internal error while the server ends is reported', new Error('no terminal'), 1],
  ['what its end aborted is not', new DOMException('This operation was aborted', 'AbortError'), 0],
])('%s', async (_title, error, reports) => {
  const { repo, context } = await makeProject();
  await using _ = repo;
  let ending: Promise<void> | undefined;
  const showDigits = async () => {
    ending = web.end();
    throw error;
  };
  await using web: WebRig = await serveWeb(context, { showDigits });
  await Promise.allSettled([web.confirm()]);
  await ending;
  expect(web.failures).toEqual(Array.from({ length: reports }, () => error));
});

test.each([
  ['its tab goes', (asked: AbortController, _web: WebRig) => asked.abort()],
  ['the server ends', async (_asked: AbortController, web: WebRig) => await web.end()],
])('a verification leaves no process and no failure when %s', async (_title, end) => {
  await using scene = await hangingCheck();
  const { key } = scene;
  await using web = await serveWeb(scene.context);
  const asked = new AbortController();
  const answer = fetch(new URL(`/s/${key}/verify`, web.served.address), {
    method: 'POST',
    body: JSON.stringify({ session: key }),
    headers: { authorization: `Bearer ${await web.key()}`, 'content-type': 'application/json' },
    signal: asked.signal,
  });
  await Promise.all([
    expect(answer).rejects.toThrow(),
    eventually(async () => (await scene.running()).length > 0).then(async () => await end(asked, web)),
  ]);
  await eventually(async () => (await scene.running()).length === 0);
  expect(web.failures).toEqual([]);
});

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
