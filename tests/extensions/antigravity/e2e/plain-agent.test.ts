import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { changeSettings } from '../../../core/faults/with-settings.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { ci } from '../../../support/ci.ts';
import { startRig } from '../../../support/session-rig.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { endings, plainAgent, planFor } from '../plain-agent.ts';

test('a session whose agents print only plain text is worked on until it is done', ci, async () => {
  await using dir = await tempDir();
  const { rehearsal } = await builtPrograms();
  await writeFile(join(dir.path, 'scenario.json'), '{"paceMs":0,"rules":[]}');
  const agent = await plainAgent(
    dir.path,
    `REHEARSAL_SCENARIO='${dir.path}/scenario.json' '${process.execPath}' '${rehearsal}' -p > /dev/null || exit 1`,
    'echo "The work is done."',
  );
  const start = { acceptSuggestions: true, autoApprove: true };
  await using rig = await startRig({ ...planFor(agent), start });
  await rig.until(({ status }) => status.kind === 'done');
  const ended = await endings(rig);
  expect(new Set(ended.map(({ ending }) => ending))).toEqual(new Set(['signalled']));
  expect(ended.every(({ cost }) => cost.usd === undefined && cost.inputTokens === undefined)).toBe(true);
  expect((await readFile(join(dir.path, 'arguments'), 'utf8')).split('\n')).toEqual([
    ...['--add-dir', rig.paths.sessionDir, '--print-timeout', '24h', '--dangerously-skip-permissions', ''],
  ]);
});

test.concurrent('where the person has not named it, it does not take over at a usage limit', async ({
  expect,
}) => {
  await using dir = await tempDir();
  await plainAgent(dir.path, 'exit 1');
  await using rig = await startRig({
    firstEnv: { PATH: `${dir.path}:${process.env.PATH}` },
    scenario: { rules: [{ when: { iteration: 1 }, do: [{ act: 'limit', resetsInSeconds: 2 }] }] },
  });
  await rig.untilWaiting('qa_answers');
  expect((await endings(rig)).map(({ ending }) => ending)).toContain('usage_limit');
  expect(
    (await rig.events()).filter((event) => 'provider' in event && event.provider === 'antigravity'),
  ).toEqual([]);
  await expect(readFile(join(dir.path, 'arguments'))).rejects.toThrow('ENOENT');
});

test.concurrent('an agent that has printed nothing yet is not ended for its silence', async ({ expect }) => {
  await using dir = await tempDir();
  const agent = await plainAgent(dir.path, 'sleep 3', 'echo "I could not do it."', 'exit 1');
  await using rig = await startRig({ ...planFor(agent), start: { run: false } });
  await rig.until(({ status }) => status.kind === 'stopped');
  await changeSettings(rig, { watch: { firstByteMs: 1 } });
  await rig.resume();
  await rig.until(({ status }) => status.kind === 'blocked');
  expect((await endings(rig)).map(({ ending }) => ending)).not.toContain('timeout');
});

test.concurrent.each([
  [
    'prints nothing and exits with 0',
    ['cat > /dev/null'],
    'crashed',
    'ended without an error and printed nothing',
  ],
  [
    'exits with 1',
    ['echo "Looking around"', 'echo "The model is not available." >&2', 'exit 1'],
    'crashed',
    'It said: Looking around / The model is not available.',
  ],
  [
    'has no login',
    ['echo "Error: authentication required." >&2', 'exit 1'],
    'auth',
    'It said: Error: authentication required. Set GEMINI_API_KEY, and',
  ],
  [
    'cannot be started',
    ['exit 127'],
    'config',
    'Check that it is installed and that ANTIGRAVITY_PATH names it.',
  ],
] as const)('an agent that %s has failed, and the session says why', async (_how, lines, ending, text) => {
  await using dir = await tempDir();
  await using rig = await startRig(planFor(await plainAgent(dir.path, ...lines)));
  const { status } = await rig.until(({ status }) => status.kind === 'blocked');
  expect((await endings(rig)).map((event) => event.ending)).toContain(ending);
  expect(JSON.stringify(status)).toContain(text);
});

test.concurrent.each([
  ['without the sandbox', { ACP_WITHOUT_GUARD: 'no' }, 'ACP_WITHOUT_GUARD=yes'],
  [
    'with PERMISSIONS=allow, also where ACP_ASKS is set',
    { PERMISSIONS: 'allow', ACP_ASKS: 'yes' },
    'Antigravity CLI is not known to ask before it acts. Set PERMISSIONS=skip.',
  ],
  ['with a limit of money', { MAX_COST_USD: '5' }, 'set MAX_HOURS instead'],
  [
    'with servers for its agents',
    { MCP: '.mcp.json' },
    'MCP is set, and Antigravity CLI cannot be given MCP servers',
  ],
  ['with a limit of tokens', { MAX_TOKENS_PLANNING: '5000' }, 'set MAX_HOURS instead'],
] as const)('it is refused %s', async (_how, lines, hint) => {
  await using dir = await tempDir();
  const agent = await plainAgent(dir.path);
  const repo = { files: { '.mcp.json': '{"mcpServers":{"a":{"command":"true"}}}' } };
  await expect(startRig({ ...planFor(agent, lines), repo })).rejects.toThrow(hint);
});
