import { join } from 'node:path';
import { expect, test } from 'vitest';
import { setupProject } from '../../../../src/core/acts/set-up/setup-project.act.ts';
import type { ActionContext } from '../../../../src/core/caller/context/context.ts';
import { thisMachine } from '../../../../src/core/caller/refusals/check.ts';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { doctor } from '../../../../src/extensions/setup/doctor/doctor.ts';
import { trustLines } from '../../../support/project.ts';
import { makeRepo, type TempRepo } from '../../../support/temp-repo.ts';
import { plainAgent } from '../plain-agent.ts';

const OPEN = { SANDBOX: 'off', ACP_WITHOUT_GUARD: 'yes' };

async function checksWith(
  repo: TempRepo,
  lines: Record<string, string>,
  env: Record<string, string> = {},
): Promise<Record<string, { level: string; found: string; fix?: string }>> {
  const context: ActionContext = {
    clock: systemClock,
    host: await systemHost(),
    env: { ...repo.env, ANTIGRAVITY_PATH: await plainAgent(repo.root), ...env },
    home: repo.homeDir,
    cwd: repo.path,
    by: { channel: 'cli' },
    programs: { worker: '/none/worker.cjs', rehearsal: '/none/rehearsal.cjs' },
  };
  await setupProject({ lines: { PROVIDER: 'antigravity', ...lines } }, context);
  await trustLines(repo);
  const machine = { ...thisMachine(), uid: 1000, nodeVersion: '24.11.0' };
  const { checks } = await doctor({}, context, machine);
  return Object.fromEntries(checks.map((check) => [check.id, check]));
}

test.each([
  ['PERMISSIONS=allow', { PERMISSIONS: 'allow' }, 'project.agents', 'is not known to ask'],
  ['a limit of money', { MAX_COST_USD: '5' }, 'project.agents', 'MAX_COST_USD'],
  ['servers for its agents', { MCP: '.mcp.json' }, 'project.agents', 'cannot be given MCP servers'],
  ['no sandbox', { ACP_WITHOUT_GUARD: 'no' }, 'sandbox', 'would run without the sandbox'],
] as const)('with %s doctor says what a start would refuse', async (_what, lines, id, words) => {
  await using repo = await makeRepo({ files: { '.mcp.json': '{"mcpServers":{"a":{"command":"true"}}}' } });
  const checks = await checksWith(repo, { ...OPEN, ...lines });
  expect(checks[id]).toMatchObject({ level: 'fail', found: expect.stringContaining(words) });
  expect(checks[id]?.fix).toBeTruthy();
});

test.each([
  ['the sandbox and no key', {}, {}, 'warn'],
  ['the sandbox and a key', {}, { GEMINI_API_KEY: 'x' }, undefined],
  ['the sandbox and the other key', {}, { ANTIGRAVITY_API_KEY: 'x' }, undefined],
  ['the sandbox open to the keyring', { SANDBOX_SOCKETS: 'keyring' }, {}, undefined],
  ['no sandbox', OPEN, {}, undefined],
] as const)('with %s doctor judges whether its agents can log in', async (_what, lines, env, level) => {
  await using repo = await makeRepo();
  const checks = await checksWith(repo, lines, env);
  expect(checks['cli.antigravity']?.found).toContain(join(repo.root, 'agy'));
  expect(checks['cli.antigravity.login']?.level).toBe(level);
});

test('a project that a start would accept has no such failure', async () => {
  await using repo = await makeRepo();
  const checks = await checksWith(repo, OPEN);
  expect(checks['project.agents']).toBeUndefined();
  expect(checks.sandbox?.level).not.toBe('fail');
});
