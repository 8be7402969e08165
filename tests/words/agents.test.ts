import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CLAUDE_TOOLS } from '../../src/core/agents/claude/claude-tools.ts';
import { GRANTS } from '../../src/core/kernel/phases/grants.ts';
import { PHASE_NAMES, PHASES, type Phase } from '../../src/core/kernel/phases/table.ts';
import { DOCUMENT_KINDS, type DocumentKind } from '../../src/core/session/documents/documents.ts';
import { parsePlan } from '../../src/core/session/documents/plan.ts';
import { parseQa } from '../../src/core/session/documents/qa.ts';
import { parseLedger } from '../../src/core/session/documents/requirements.ts';
import { parseSignal } from '../../src/core/session/documents/signal.ts';
import { withForms } from '../../src/core/worker/prompt/assemble.ts';
import { lintQa } from '../support/lint-qa.ts';
import { fencedBlocks, inBackticks, ROOT, SOURCE } from './texts.ts';

const AGENTS = SOURCE.agents.map(
  ({ name, meta, body }) => [name as PageName, { meta, body: withForms(body) }] as const,
);
type PageName = Phase | 'quick';
const phaseOf = (page: PageName): Phase => (page === 'quick' ? 'implementation' : page);

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

const WRITES: Readonly<Record<PageName, readonly DocumentKind[]>> = {
  init: [],
  investigation: ['dive', 'plan'],
  requirements: ['requirements', 'plan'],
  planning: ['plan'],
  implementation: ['comparison', 'dop'],
  quick: ['summary'],
  testing: ['test-report'],
  quality: ['quality-review', 'summary'],
  done: ['summary'],
};

/** Signals that only agents of an earlier build are shown: they stay legal. */
const KEPT: Readonly<Partial<Record<Phase, readonly Phase[]>>> = { quality: ['done'] };

test('there is one agent for each phase, and one for the whole work of a quick session', () => {
  expect(AGENTS.map(([name]) => name).sort()).toEqual([...PHASE_NAMES, 'quick'].sort());
});

test.each(AGENTS)('the front matter of %s is valid', (page, { meta }) => {
  const phase = phaseOf(page);
  expect([...meta.keys()]).toEqual(['name', 'description', 'tools']);
  expect(meta.get('name')).toBe(`samocode-${page}`);
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

test.each(AGENTS)('every signal that the page of %s lists is legal by the phase table', (page, { body }) => {
  const phase = phaseOf(page);
  const rule = PHASES[phase];
  const examples = inBackticks(body).filter((word) => word.startsWith('{'));
  const readings = examples.map((json) => parseSignal(json, phase));
  expect(readings).toEqual(readings.map(() => expect.objectContaining({ kind: 'signal', notes: [] })));
  const signals = readings.flatMap((reading) => (reading.kind === 'signal' ? [reading.signal] : []));
  expect(signals.map((signal) => Object.keys(signal).sort())).toEqual(
    examples.map((json) => Object.keys(JSON.parse(json)).sort()),
  );
  expect(signals.filter(({ status }) => !rule.signals.includes(status))).toEqual([]);
  const targets = signals.flatMap(({ status, phase: to }) => (status === 'continue' ? [to] : []));
  expect(targets.filter((to) => to !== phase && !rule.next.some((next) => next === to))).toEqual([]);
  const stays = signals.filter(({ status, phase: named }) => {
    return status !== 'continue' && named !== (status === 'done' ? 'done' : phase);
  });
  expect(stays).toEqual([]);
  const waits = signals.flatMap(({ status, for: what }) => (status === 'waiting' ? [what] : []));
  expect(waits.filter((what) => !rule.waits.some((each) => each === what))).toEqual([]);
});

test.each(PHASE_NAMES)('the pages of %s list every signal of the phase table', (phase) => {
  const pages = AGENTS.filter(([page]) => phaseOf(page) === phase).map(([, { body }]) => body);
  const signals = inBackticks(pages.join('\n'))
    .filter((word) => word.startsWith('{'))
    .map((json) => JSON.parse(json));
  const { next, waits, signals: statuses } = PHASES[phase];
  expect(new Set(signals.map(({ status }) => status))).toEqual(new Set(statuses));
  const targets = signals.flatMap(({ status, phase: to }) => (status === 'continue' ? [to] : []));
  expect(targets).toEqual(expect.arrayContaining(next.filter((to) => !KEPT[phase]?.includes(to))));
  expect(signals.flatMap(({ for: what }) => what ?? [])).toEqual(expect.arrayContaining([...waits]));
});

test.each(AGENTS)('the documents of %s have the parts that the session room knows', (page, { body }) => {
  for (const kind of WRITES[page]) {
    expect(body).toContain(`TIMESTAMP_FILE-${kind}-[slug].md`);
    for (const part of DOCUMENT_KINDS[kind]) expect(body.toLowerCase()).toContain(part.toLowerCase());
  }
});

const blocksOf = (page: PageName) => fencedBlocks(AGENTS.find(([name]) => name === page)?.[1].body ?? '');

test.each(['investigation', 'requirements', 'quick'] as const)(
  'the questions shown by %s pass the check for rounds',
  (page) => {
    const reading = parseQa(blocksOf(page).find((block) => block.startsWith('# Q&A')) ?? '');
    expect(reading.questions).toHaveLength(1);
    expect(lintQa(reading)).toEqual([]);
  },
);

test.each(['investigation', 'requirements', 'planning'] as const)(
  'the plan shown by %s is parsed, with files, check and steps',
  (page) => {
    const { title, testing, phases } = parsePlan(
      blocksOf(page).find((block) => block.startsWith('# Plan')) ?? '',
    );
    expect({ title, testing }).toEqual({ title: '[title]', testing: undefined });
    expect(phases).toMatchObject([
      { number: 1, name: '[name]', check: '[npm test -- a]', steps: { total: 2 } },
    ]);
    // A copied form asks for nothing dear.
    expect(phases[0]?.wantsComparison).toBeUndefined();
  },
);

test.each(['investigation', 'requirements'] as const)(
  'the ledger shown by %s is one that the worker reads',
  (page) => {
    const shown = blocksOf(page).find((block) => block.startsWith('{"requirements"')) ?? '';
    expect(parseLedger(shown)).toMatchObject({ kind: 'ledger', requirements: [{ id: 'R1' }] });
  },
);
