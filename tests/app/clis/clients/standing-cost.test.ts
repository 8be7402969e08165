import { expect, test } from 'vitest';
import { TOOLS } from '../../../../src/app/server/tools.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { install } from '../../../../src/extensions/setup/install/install.ts';
import { type Bench, makeBench } from '../../../support/bench.ts';
import { ci } from '../../../support/ci.ts';
import { installCli } from '../../../support/install-clis.ts';
import type { MessagesRequest } from '../../../support/model-stub/claude-messages.ts';
import { PARENT_PROMPT, startParentModel } from '../../../support/model-stub/parent-model.ts';

/**
 * A token is counted as four characters, as in `npm run tokens`. Where tools are not searched for but sent, each chat
 * has all of them.
 */
const ROWS = [
  { how: 'searches for tools', env: {}, most: 1_500, tools: 1 },
  { how: 'sends all tools', env: { ENABLE_TOOL_SEARCH: 'false' }, most: 5_000, tools: TOOLS.length },
] as const;

test.each(ROWS)(
  'in a chat without a session that $how, the plugin costs at most its figure',
  ci,
  async (row) => {
    await using bench = await makeBench();
    const without = await firstRequest(bench, row.env);
    const { path } = await installCli('claude');
    const { homeDir } = bench.repo;
    const env = { HOME: homeDir, PATH: process.env.PATH ?? '', CLAUDE_PATH: path };
    await install(
      { scope: 'user', dryRun: false, allow: true, clients: ['claude'] },
      { ...bench.context, cwd: homeDir, env },
    );
    const withPlugin = await firstRequest(bench, row.env);
    const added = (charsOf(withPlugin) - charsOf(without)) / 4;
    const ours = (withPlugin.tools ?? []).filter(({ name }) =>
      name.startsWith('mcp__plugin_samocode_samocode__'),
    );
    console.log(row.how, added, ours.length);
    expect(ours.length).toBe(row.tools);
    // A plugin that was not loaded would cost nothing.
    expect(added).toBeGreaterThan(row.most / 2);
    expect(added).toBeLessThanOrEqual(row.most);
  },
);

/** The first request of a real chat's main conversation. */
async function firstRequest(
  { repo: { homeDir, path: cwd } }: Bench,
  more: Readonly<Record<string, string>>,
): Promise<MessagesRequest> {
  const { path } = await installCli('claude');
  await using model = await startParentModel('claude', () => (function* () {})());
  const env = {
    PATH: process.env.PATH ?? '',
    ...model.environmentFor(homeDir),
    // On a busy machine a server starts too slowly for the two seconds after which Claude Code begins without it.
    MCP_CONNECTION_NONBLOCKING: '0',
    MCP_CONNECT_TIMEOUT_MS: '60000',
    ...more,
  };
  const { stdout, stderr } = await runCommand(path, ['-p', PARENT_PROMPT], { cwd, env, timeoutMs: 600_000 });
  expect(model.turns.length, stdout + stderr).toBeGreaterThan(0);
  return JSON.parse(model.turns[0]?.request ?? '');
}

/** Characters that the model reads: texts as they are, tools as JSON. */
function charsOf({ system, messages, tools = [] }: MessagesRequest): number {
  return textsIn([system, messages]).join('').length + JSON.stringify(tools).length;
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
