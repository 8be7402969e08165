import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { appendFile, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { AgentEvent } from '../../../../src/core/agents/contract/events.ts';
import type { Provider, Traces } from '../../../../src/core/agents/contract/provider.ts';
import { Tally } from '../../../../src/core/agents/reading/tally.ts';
import { AgentOutput, costOf } from '../../../../src/core/worker/limits/output.ts';
import { rehearsal } from '../../../../src/extensions/rehearsal/rehearsal.ts';
import { tempDir } from '../../../support/temp-dir.ts';

/** A provider that collects the lines it is given. */
function listening(lines: string[]): Provider {
  return {
    ...rehearsal,
    newReader: () => ({
      readLine(line: string) {
        lines.push(line);
        return [];
      },
    }),
  };
}

test('lines that start like an object are read whole, wherever they were split; others are skipped', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'log');
  const lines: string[] = [];
  using log = new AgentOutput(path, listening(lines));
  log.readOn();
  await writeFile(path, 'plain words\n{"a":1}\n  {"b"');
  log.readOn();
  await appendFile(path, ':"ä"}\nmore words\n\n{"c":3}');
  log.readToEnd();
  expect(lines.filter((line) => line.trim() !== '')).toEqual(['{"a":1}', '  {"b":"ä"}', '{"c":3}']);
});

test('a line that arrives in several pieces is one line', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'log');
  const lines: string[] = [];
  const long = JSON.stringify({ text: 'x'.repeat(700_000) });
  await writeFile(path, `${long}\n{"after":1}\n`);
  using log = new AgentOutput(path, listening(lines));
  log.readToEnd();
  expect(lines).toEqual([long, '{"after":1}']);
});

test('a file that an agent puts in place of its log is ignored, and a later log is read', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'log');
  await writeFile(join(dir.path, 'other'), '{"other":1}\n');
  const lines: string[] = [];
  using log = new AgentOutput(path, listening(lines));
  const put = [
    () => execFileSync('mkfifo', [path]),
    () => mkdir(path),
    () => symlink(join(dir.path, 'other'), path),
    () => symlink(path, path),
  ];
  for (const each of put) {
    await each();
    expect(log.readOn()).toBe(0);
    log.readToEnd();
    await rm(path, { recursive: true });
  }
  await writeFile(path, '{"a":1}\n');
  log.readToEnd();
  expect(lines).toEqual(['{"a":1}']);
});

test('of a log that another worker began, every line is read, also beyond what one call reads', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'log');
  const line = JSON.stringify({ text: 'x'.repeat(100_000) });
  await writeFile(path, `{"first":1}\n${`${line}\n`.repeat(200)}`);
  const lines: string[] = [];
  using log = new AgentOutput(path, listening(lines));
  expect(log.readOn()).toBeLessThan(17_000_000);
  expect(lines[0]).toBe('{"first":1}');
  log.readToEnd();
  expect(lines).toHaveLength(201);
});

test('a log that is still being written is read up to its current end', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'log');
  const line = `${JSON.stringify({ text: 'x'.repeat(1_000_000) })}\n`;
  const most = 40;
  let read = 0;
  const answering: Provider = {
    ...rehearsal,
    newReader: () => ({
      readLine() {
        read += 1;
        if (read < most) appendFileSync(path, line);
        return [];
      },
    }),
  };
  await writeFile(path, line);
  using log = new AgentOutput(path, answering);
  log.readToEnd();
  expect(read).toBeLessThan(most);
});

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
