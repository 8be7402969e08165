import { expect, test } from 'vitest';
import { connect } from '../../../support/mcp-client.ts';
import { BRANCH, heldScene } from '../processes/held-scene.ts';

test('a server looks when a chat opens it', async () => {
  await using scene = await heldScene();
  const { repo } = scene;
  await scene.session();
  await repo.git(['merge', '-q', '--ff-only', BRANCH]);
  await using _ = await connect({ cwd: repo.path, env: repo.env, clientName: 'e2e' });
  await expect.poll(async () => (await scene.record())?.merged.length).toBe(2);
});
