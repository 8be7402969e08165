import { expect, test } from 'vitest';
import { makeProject } from '../../../../support/project.ts';
import { serveWeb, type WebRig } from '../../../../support/web-rig.ts';

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
