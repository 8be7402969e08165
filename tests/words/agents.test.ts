import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CLAUDE_TOOLS } from '../../src/core/agents/claude/claude-tools.ts';
import { GRANTS } from '../../src/core/kernel/phases/grants.ts';
import { PHASE_NAMES, PHASES, type Phase } from '../../src/core/kernel/phases/table.ts';
import { DOCUMENT_KINDS, type DocumentKind } from '../../src/core/session/documents/documents.ts';
import { parsePlan } from '../../src/core/session/documents/plan.ts';
import { parseQa } from '../../src/core/session/documents/qa.ts';
import { parseSignal } from '../../src/core/session/documents/signal.ts';
import { lintQa } from '../support/lint-qa.ts';
import { fencedBlocks, inBackticks, ROOT, SOURCE } from './texts.ts';

const AGENTS = SOURCE.agents.map((agent) => [agent.name as Phase, agent] as const);

/** Expressions in a text, and the tool that they require. */
const NEEDED: readonly [RegExp, string][] = [
  [/helper/i, 'Agent'],
  [/\brun\b|`git |command|\bcommit\b/i, 'Bash'],
  [/overview/i, 'Edit'],
  [/search|find/i, 'Grep'],
  [/\bread\b/i, 'Read'],
  [/\*\*Write:\*\*/, 'Write'],
  [/web page|HTTP|library documents/i, 'WebFetch'],
];

/** Expressions of every agent, each in bold. */
const PARTS = ['Read first:', 'One action:', 'Write:', 'Overview:', 'Commit:', 'Signals', 'Not yours:'];

const WRITES: Readonly<Record<Phase, readonly DocumentKind[]>> = {
  init: [],
  investigation: ['dive'],
  requirements: ['requirements'],
  planning: ['plan'],
  implementation: ['solution-minimal', 'solution-clean', 'comparison', 'dop'],
  testing: ['test-report'],
  quality: ['cleanup', 'quality-review'],
  done: ['summary'],
};

test('there is one agent for each phase', () => {
  expect(AGENTS.map(([name]) => name).sort()).toEqual([...PHASE_NAMES].sort());
});

test.each(AGENTS)('the front matter of %s is valid', (phase, { meta }) => {
  expect([...meta.keys()]).toEqual(['name', 'description', 'tools']);
  expect(meta.get('name')).toBe(`samocode-${phase}`);
  expect(meta.get('description')?.length).toBeLessThan(1024);
  expect(meta.get('description')).toContain(`hase ${phase}`);
  const tools = meta.get('tools')?.split(', ') ?? [];
  const offered: readonly string[] = CLAUDE_TOOLS.offered[GRANTS[phase]];
  expect(tools.filter((tool) => !offered.includes(tool))).toEqual([]);
  expect(tools).toEqual(tools.toSorted());
});

test.each(AGENTS)('the tools of %s are sufficient for its text', (_phase, { meta, body }) => {
  const needed = NEEDED.flatMap(([words, tool]) => (words.test(body) ? [tool] : []));
  expect(meta.get('tools')?.split(', ')).toEqual(expect.arrayContaining(needed));
});

test.each(AGENTS)('%s says everything that an agent must know, within its size limit', (_phase, { body }) => {
  for (const part of PARTS) {
    // Requirements and quality write inside their steps.
    if (part === 'Write:' && !body.includes('**Write:**')) expect(body).toContain('TIMESTAMP_FILE-');
    else if (part === 'Commit:' && !body.includes('**Commit:**')) expect(body).toContain('one commit each');
    else expect(body).toContain(`**${part}**`);
  }
  expect(body.length).toBeLessThan(1_500 * 4);
});

test('the template for a further agent has the parts that every agent has', async () => {
  const page = await readFile(join(ROOT, 'docs/agent-template.md'), 'utf8');
  const template = fencedBlocks(page)[0] ?? '';
  expect(PARTS.filter((part) => !template.includes(`**${part}**`))).toEqual([]);
  expect(template).toMatch(/^---\nname: samocode-.*\ndescription: .*\ntools: .*\n---\n/);
});

test.each(AGENTS)('the signals of %s are those of the phase table', (phase, { body }) => {
  const rule = PHASES[phase];
  const examples = inBackticks(body).filter((word) => word.startsWith('{'));
  const readings = examples.map((json) => parseSignal(json, phase));
  expect(readings).toEqual(readings.map(() => expect.objectContaining({ kind: 'signal', notes: [] })));
  const signals = readings.flatMap((reading) => (reading.kind === 'signal' ? [reading.signal] : []));
  expect(signals.map((signal) => Object.keys(signal).sort())).toEqual(
    examples.map((json) => Object.keys(JSON.parse(json)).sort()),
  );
  expect(new Set(signals.map(({ status }) => status))).toEqual(new Set(rule.signals));
  const targets = signals.flatMap(({ status, phase: to }) => (status === 'continue' ? [to] : []));
  expect(targets.filter((to) => to !== phase && !rule.next.some((next) => next === to))).toEqual([]);
  expect(targets).toEqual(expect.arrayContaining([...rule.next]));
  const stays = signals.filter(({ status }) => status !== 'continue').map(({ phase: named }) => named);
  expect(stays.filter((named) => named !== phase)).toEqual([]);
  const waits = signals.flatMap(({ status, for: what }) => (status === 'waiting' ? [what] : []));
  expect(new Set(waits)).toEqual(new Set(rule.waits));
});

test.each(AGENTS)('the documents of %s have the parts that the session room knows', (phase, { body }) => {
  for (const kind of WRITES[phase]) {
    expect(body).toContain(`TIMESTAMP_FILE-${kind}-[slug].md`);
    for (const part of DOCUMENT_KINDS[kind]) expect(body.toLowerCase()).toContain(part.toLowerCase());
  }
});

test('the questions shown by requirements pass the check for rounds', () => {
  const text = fencedBlocks(SOURCE.agents.find(({ name }) => name === 'requirements')?.body ?? '')[0] ?? '';
  const reading = parseQa(text);
  expect(reading.questions).toHaveLength(1);
  expect(lintQa(reading)).toEqual([]);
});

test('the plan shown by planning is parsed, with files, check and steps', () => {
  const text = fencedBlocks(SOURCE.agents.find(({ name }) => name === 'planning')?.body ?? '')[0] ?? '';
  expect(parsePlan(text)).toMatchObject({
    title: '[title]',
    testable: true,
    phases: [{ number: 1, name: '[name]', check: '[npm test -- a]', steps: { total: 2 } }],
  });
});
