import { expect, test } from 'vitest';
import { Tally } from '../../../../src/core/agents/reading/tally.ts';
import { transcriptLines, transcriptOf } from '../../../../src/core/agents/reading/transcript.ts';
import { providerNamed } from '../../../../src/core/agents/registry.ts';
import { liveSpent } from '../../../../src/core/worker/limits/budget.ts';
import { costOf } from '../../../../src/core/worker/limits/output.ts';
import { copilotTools, openCodeTools } from '../../../../src/extensions/acp/acp-tools.ts';

const update = (fields: object) => ({ method: 'session/update', params: { sessionId: 's', update: fields } });
const costs = (amount: number) =>
  update({ sessionUpdate: 'usage_update', used: 9, size: 99, cost: { amount, currency: 'USD' } });
const used = (inputTokens: number) => ({
  id: 3,
  result: { stopReason: 'end_turn', usage: { inputTokens, outputTokens: 50, cachedReadTokens: 200 } },
});
const CALL = update({
  sessionUpdate: 'tool_call',
  toolCallId: 'c',
  kind: 'edit',
  locations: [{ path: '/a' }],
});
const END = { samocode: 'end', end: { kind: 'stopped', reason: 'end_turn', worked: true } };

function seenOf(name: string, ...lines: object[]): Tally {
  const seen = new Tally();
  const reader = providerNamed(name).newReader();
  for (const line of lines) for (const event of reader.readLine(JSON.stringify(line))) seen.note(event);
  return seen;
}

async function costFor(name: string, ...lines: object[]) {
  const log = { seen: seenOf(name, ...lines) };
  return await costOf({ env: {} }, { provider: name, model: '' }, { log, traces: {} });
}

test('what opencode has cost counts while it runs, and if it is killed', async () => {
  expect((await costFor('opencode', costs(0.25), CALL, costs(0.5), END)).cost.usd).toBe(0.5);
  expect((await costFor('opencode', costs(0.25), CALL, costs(0.5))).cost.usd).toBe(0.5);
  expect(liveSpent(seenOf('opencode', costs(0.5)), 0).usd).toBe(0.5);
});

test('work that cost nothing has an unknown cost: the model has no price', async () => {
  const { cost, gap } = await costFor('opencode', costs(0), CALL, used(800), costs(0), END);
  expect([cost.usd, cost.inputTokens, gap]).toEqual([undefined, undefined, 'tokens']);
});

test('of tokens that are cumulative the last count is taken, without those from the cache', async () => {
  const { cost } = await costFor('copilot', used(1000), CALL, used(1500), END);
  expect(cost).toMatchObject({ inputTokens: 1300, cachedTokens: 200, outputTokens: 50 });
});

test('nothing counts of an agent of which nobody knows what it counts', async () => {
  expect((await costFor('acp', costs(1), used(1000), CALL, END)).cost).toEqual({
    turns: 1,
    tools: { edit: 1 },
    files: ['/a'],
  });
});

test('a call that only its title describes is shown, one that an agent describes again is counted once', () => {
  const call = (sessionUpdate: string, status: string, fields: object = {}) =>
    update({ sessionUpdate, toolCallId: 'c', kind: 'execute', status, ...fields });
  const lines = [
    call('tool_call', 'in_progress', { title: 'npm test' }),
    call('tool_call_update', 'in_progress', { rawInput: { command: 'npm test' } }),
    call('tool_call_update', 'completed', { content: [{ content: { text: '2 passed' } }] }),
  ];
  const shown = lines.flatMap((line) => transcriptOf(providerNamed('qwen'), JSON.stringify(line)));
  expect(transcriptLines(shown)).toEqual(['• execute: npm test', '• execute: npm test', '  └ 2 passed']);
  expect(seenOf('qwen', ...lines)).toMatchObject({ tools: { execute: 1 }, isInTool: false });
});

test('the lists of tools name those of the table and those of the servers, and no others', () => {
  const mcp = { serverNames: ['my tickets', 'sql'], servers: {} };
  const opencode = openCodeTools(mcp);
  expect(opencode).toMatchObject({ '*': false, bash: true, edit: true, 'my_tickets_*': true, 'sql_*': true });
  expect(opencode).not.toHaveProperty('task');
  expect(Object.keys(opencode)[0]).toBe('*');
  const names = copilotTools(mcp).replace('--available-tools=', '').split(',');
  expect(names).toEqual(expect.arrayContaining(['bash', 'edit', 'my tickets/*', 'sql/*']));
  expect(names.filter((name) => ['task', 'sql'].includes(name))).toEqual([]);
});
