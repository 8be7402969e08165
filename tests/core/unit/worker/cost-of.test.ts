import { expect, test } from 'vitest';
import type { AgentEvent } from '../../../../src/core/agents/contract/events.ts';
import type { Traces } from '../../../../src/core/agents/contract/provider.ts';
import { Tally } from '../../../../src/core/agents/reading/tally.ts';
import { costOf } from '../../../../src/core/worker/limits/output.ts';

const TOKENS = { input: 1_000_000, output: 0, cached: 0 };
const OVER: AgentEvent = { kind: 'final', report: { ok: true, tokens: TOKENS } };

function costFor(
  { provider, model = '', traces = {} }: { provider: string; model?: string; traces?: Traces },
  ...events: AgentEvent[]
) {
  const seen = new Tally();
  for (const event of events) seen.note(event);
  return costOf({ env: {} }, { provider, model }, { log: { seen }, traces });
}

test('after starting an alias, the model in the log of the CLI determines the price', async () => {
  const started: AgentEvent = { kind: 'started', model: 'auto' };
  const traces = { model: 'gemini-2.5-flash' };
  expect(await costFor({ provider: 'gemini', traces }, started, OVER)).toEqual({
    cost: expect.objectContaining({ usd: 0.3, usdIsEstimate: true, model: 'gemini-2.5-flash' }),
  });
});

test('tokens of a model without a price are counted, with a notice', async () => {
  const found = await costFor({ provider: 'codex', traces: { model: 'gpt-9' } }, OVER);
  expect(found).toMatchObject({ gap: 'price', cost: { usd: 5, usdIsEstimate: true, model: 'gpt-9' } });
  expect(await costFor({ provider: 'gemini' }, { kind: 'started', model: 'auto' }, OVER)).toMatchObject({
    gap: 'price',
    cost: { usd: 2, model: 'auto' },
  });
});

test('a cost reported by the CLI is not an estimate', async () => {
  const finalEvent: AgentEvent = { kind: 'final', report: { ok: true, costUsd: 0.5, tokens: TOKENS } };
  const found = await costFor({ provider: 'claude' }, { kind: 'started', model: 'claude-next' }, finalEvent);
  expect(found).toEqual({ cost: expect.objectContaining({ usd: 0.5, model: 'claude-next' }) });
  expect(found.cost.usdIsEstimate).toBeUndefined();
});

test('an agent that worked without reporting tokens leaves a gap in the cost, while an idle one does not', async () => {
  const call: AgentEvent = { kind: 'called', tool: 'Shell', about: 'make' };
  expect(await costFor({ provider: 'codex' }, call)).toMatchObject({ gap: 'tokens' });
  const retry: AgentEvent = { kind: 'noted', text: 'Reconnecting', now: 'Reconnecting' };
  expect(await costFor({ provider: 'codex' }, retry)).toEqual({ cost: {} });
});
