import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startRig } from '../../../support/session-rig.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { plainAgent, planFor } from '../plain-agent.ts';

test('in the sandbox its agents have its settings and a key, and no other file of Antigravity CLI or Gemini CLI', async () => {
  await using dir = await tempDir();
  const agent = await plainAgent(
    dir.path,
    'find "$HOME/.gemini" -type f',
    'echo "key: $GEMINI_API_KEY"',
    'exit 1',
  );
  const { firstEnv } = planFor(agent);
  await using rig = await startRig({
    ...planFor(agent, { ACP_WITHOUT_GUARD: 'no' }),
    sandbox: 'guard',
    start: { run: false },
  });
  await rig.until(({ status }) => status.kind === 'stopped');
  const gemini = join(rig.repo.homeDir, '.gemini');
  await mkdir(join(gemini, 'antigravity-cli/conversations'), { recursive: true });
  await mkdir(join(gemini, 'config'));
  for (const name of [
    'antigravity-cli/settings.json',
    'antigravity-cli/conversations/1.db',
    'config/mcp_config.json',
    'oauth_creds.json',
  ])
    await writeFile(join(gemini, name), '{}');
  await rig.resume({}, { ...firstEnv, GEMINI_API_KEY: 'a key of eight letters or more' });
  const { status } = await rig.until(({ status }) => status.kind === 'blocked');
  expect(JSON.stringify(status)).toContain(
    `It said: ${gemini}/antigravity-cli/settings.json / key: [removed: GEMINI_API_KEY].`,
  );
});
