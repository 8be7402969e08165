import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { changeOverview, readOverview } from '../../../../src/core/session/documents/overview.ts';
import { currentPlanOf, parsePlan } from '../../../../src/core/session/documents/plan.ts';
import { parseQa } from '../../../../src/core/session/documents/qa.ts';
import { parseSignal } from '../../../../src/core/session/documents/signal.ts';
import { isFolderName, resolveSessionFolder } from '../../../../src/core/session/layout/names.ts';
import { inferPhase } from '../../../../src/core/session/legacy-session.ts';
import { legacyProperties } from '../../properties/legacy.ts';

for (const property of legacyProperties) test(property.name, () => property.run(300));

const ROOT = join(import.meta.dirname, '../../../fixtures/legacy-sessions');
const FOLDERS = readdirSync(ROOT).filter((name) => name !== '.gitattributes');

function read(folder: string, name: string): string | undefined {
  const path = join(ROOT, folder, name);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** The parsed files of a folder, as far as they exist. */
function readFolder(folder: string) {
  const fileNames = readdirSync(join(ROOT, folder));
  const overview = readOverview(read(folder, '_overview.md') ?? '');
  const inferred = inferPhase(read(folder, '_overview.md'));
  const bytes = existsSync(join(ROOT, folder, '_signal.json'))
    ? readFileSync(join(ROOT, folder, '_signal.json'))
    : undefined;
  const signal = parseSignal(bytes, 'phase' in inferred ? inferred.phase : 'init');
  const plan = currentPlanOf(fileNames, '', []);
  return {
    phase: 'phase' in inferred ? inferred.phase : 'asked',
    blocked: overview.blocked,
    totals: [overview.iteration, overview.totalIterations],
    flow: overview.flow.length,
    signal: signal.kind === 'signal' ? signal.signal.status : signal.kind,
    plan: plan && [plan, ...parsePlan(read(folder, plan) ?? '').phases.map(({ completed }) => completed)],
    answers: parseQa(read(folder, '_qa.md') ?? '').questions.map(
      ({ id, answer }) => `${id}=${answer ?? '?'}`,
    ),
  };
}

const nothing = { answers: [], flow: 0, plan: undefined, signal: 'missing' };
const usual = { ...nothing, blocked: 'no', totals: [2, 5] };
const silent = { ...nothing, blocked: undefined, totals: [undefined, undefined] };

test.each([
  [
    '26-01-08-colon-stamps',
    {
      ...usual,
      phase: 'planning',
      flow: 1,
      signal: 'waiting',
      plan: ['01-08-14:37-plan-x.md', true, false],
    },
  ],
  [
    '26-01-09-blocked-yes',
    { ...nothing, phase: 'implementation', blocked: 'yes', totals: [4, 11], signal: 'blocked' },
  ],
  [
    '26-01-10-no-totals',
    {
      ...nothing,
      phase: 'testing',
      blocked: 'no',
      totals: [1, undefined],
      flow: 1,
      signal: 'blank',
    },
  ],
  [
    '26-01-11-crlf',
    { ...nothing, phase: 'quality', blocked: 'no', totals: [1, 9], flow: 1, signal: 'continue' },
  ],
  ['26-01-12-bom', { ...usual, phase: 'requirements', signal: 'waiting', answers: ['Q1=?'] }],
  ['26-01-13-unknown-phase', { ...usual, phase: 'asked' }],
  [
    '26-01-14-two-plans',
    { ...usual, phase: 'implementation', plan: ['01-14-1530-plan-second.md', true, false] },
  ],
  ['26-01-15-question-boxes', { ...usual, phase: 'requirements', answers: ['Q1=?', 'Q2=?', 'R2Q1=A'] }],
  ['26-01-16-repeated-iterations', { ...usual, phase: 'asked', flow: 1 }],
  ['My_Old.Session-V2', { ...usual, phase: 'done', signal: 'done' }],
  ['26-01-17-empty-overview', { ...silent, phase: 'asked', plan: ['01-17-09:00-plan-a.md', true, false] }],
  ['26-01-18-extra-sections', { ...silent, phase: 'investigation', flow: 2 }],
  ['26-01-19-invalid-byte', { ...usual, phase: 'implementation', signal: 'handoff' }],
  ['26-01-20-flow-tells', { ...usual, phase: 'asked', flow: 3 }],
  ['26-01-21-nested', { ...silent, phase: 'asked' }],
  ['26-01-22-nothing-known', { ...silent, phase: 'asked' }],
])('the old folder %s is read correctly', (folder, expected) => {
  expect(readFolder(folder)).toEqual(expected);
});

test('every folder of the corpus is in the table and opens by its name', () => {
  expect(FOLDERS.length).toBe(16);
  for (const folder of FOLDERS) {
    expect(isFolderName(folder)).toBe(true);
    expect(resolveSessionFolder(FOLDERS, folder)).toBe(folder);
  }
});

test.each(FOLDERS)('a change to the overview of %s keeps its other lines', (folder) => {
  const text = read(folder, '_overview.md') ?? '';
  const after = changeOverview(text, { lastAction: 'Resumed' });
  const kept = after.split('\n').filter((line) => !/Last Action/.test(line));
  for (const line of text.split('\n'))
    if (!/Last Action/.test(line) && line.trim() !== '') expect(kept).toContain(line);
  expect(readOverview(after).lastAction).toBe('Resumed');
});

test('a phase is found in the overview, and its question lists the phases', () => {
  expect(inferPhase('Phase: planning')).toEqual({ phase: 'planning' });
  expect(inferPhase('')).toHaveProperty('question', expect.stringContaining('init, investigation'));
});
