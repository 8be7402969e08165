import { expect, test } from 'vitest';
import { decide } from '../../../../../src/core/kernel/phases/decide.ts';
import type { Decision, JudgedSignal } from '../../../../../src/core/kernel/phases/decision.ts';
import { EDGE_CONDITIONS } from '../../../../../src/core/kernel/phases/edge-conditions.ts';
import { GRANTS } from '../../../../../src/core/kernel/phases/grants.ts';
import {
  followsPlan,
  PHASE_NAMES,
  PHASES,
  type Phase,
  phaseNamed,
  phasesOf,
  type Way,
} from '../../../../../src/core/kernel/phases/table.ts';
import { failureCounts, progressIn, RULES, signalled } from '../../../../support/phase-facts.ts';
import { COLUMNS, PLAIN, SITUATIONS, type Situation } from './phase-verdicts.ts';

interface Case {
  situation: Situation;
  phase: Phase;
  column: string;
  code: string;
}

const REFUSALS: Record<string, string> = {
  '-': 'signal_not_allowed',
  x: 'signal_phase',
  e: 'edge_condition',
  a: 'nothing_asked',
  t: 'nothing_to_approve',
  w: 'wait_not_allowed',
  n: 'no_plan',
  o: 'no_file',
  m: 'messages',
};

const WAITS: Record<string, Partial<JudgedSignal>> = {
  wait: {},
  'wait:qa': { for: 'qa_answers' },
  'wait:plan': { for: 'plan_approval' },
  'wait:file': { for: 'file_update', file: 'a.md' },
  'wait:nofile': { for: 'file_update' },
  'wait:human': { for: 'human_action' },
};

const CASES = SITUATIONS.flatMap(casesOf);

test('there is a verdict for every phase, signal and target', () => {
  const columns = COLUMNS.split(' ');
  expect(columns).toHaveLength(19);
  expect(CASES).toHaveLength(SITUATIONS.length * PHASE_NAMES.length * columns.length);
});

test.each(SITUATIONS)('each signal gets the decision of the table: $name', (situation) => {
  const cases = CASES.filter((one) => one.situation === situation);
  const wrong = cases.flatMap((one) =>
    signalsFor(one).flatMap((signal) => {
      const got = summary(decideFor(one, signal));
      const wanted = expected(one);
      return got === wanted ? [] : [`${one.phase} ${JSON.stringify(signal)}: ${got}, not ${wanted}`];
    }),
  );
  expect(wrong).toEqual([]);
});

test('a refused signal gets one corrective retry and then blocks by the same rule', () => {
  const refusals = CASES.filter(({ code }) => REFUSALS[code] !== undefined);
  expect(refusals.length).toBeGreaterThan(1000);
  for (const one of refusals) {
    const [signal] = signalsFor(one);
    const decision = signal && decideFor(one, signal, true);
    expect(decision).toMatchObject({ kind: 'block', phase: one.phase, rule: REFUSALS[one.code] });
  }
});

test('every condition belongs to an edge of the table', () => {
  for (const { from, to } of EDGE_CONDITIONS)
    expect(to === 'done' ? [...PHASES[from].next, ...PHASES[from].signals] : PHASES[from].next).toContain(to);
});

test('every phase can be reached, and done from every phase', () => {
  expect(reachable('init')).toEqual(new Set(PHASE_NAMES));
  for (const phase of PHASE_NAMES) expect(reachable(phase)).toContain('done');
});

test('only phases that may signal waiting have something to wait for', () => {
  for (const { signals, waits } of Object.values(PHASES)) {
    expect(waits.length > 0).toBe(signals.includes('waiting'));
  }
});

test('a phase is recognized in any letter case, and nothing else is recognized', () => {
  expect(phaseNamed(' Testing\n')).toBe('testing');
  expect(phaseNamed('tests')).toBeUndefined();
  expect(phaseNamed('toString')).toBeUndefined();
});

test('work from implementation on follows the plan', () => {
  expect(PHASE_NAMES.filter(followsPlan)).toEqual(['implementation', 'testing', 'quality', 'done']);
});

function casesOf(situation: Situation): Case[] {
  const rows = new Map([...rowsOf(PLAIN), ...rowsOf(situation)]);
  const columns = COLUMNS.split(' ');
  return [...rows].flatMap(([phase, codes]) =>
    codes.map((code, index) => ({ situation, phase, column: columns[index] ?? '', code })),
  );
}

function rowsOf({ rows }: Situation): [Phase, string[]][] {
  const lines = rows.trim().split('\n');
  return lines.map((line) => {
    const [phase, ...codes] = line.trim().split(/\s+/);
    return [phase as Phase, codes];
  });
}

/** Equivalent signals: except for `continue`, the named phase is irrelevant. */
function signalsFor({ column }: Case): JudgedSignal[] {
  const target = phaseNamed(column);
  if (target !== undefined) return [{ status: 'continue', phase: target }];
  if (column === 'none') return [{ status: 'continue' }];
  if (column === 'unknown') return [{ status: 'continue', unknownPhase: 'deploy' }];
  const wait = WAITS[column];
  const status = wait ? 'waiting' : (column.replace(':', '') as JudgedSignal['status']);
  const signal = { status, ...wait };
  const naming = PHASE_NAMES.map((phase) => ({ ...signal, phase }));
  return [signal, { ...signal, unknownPhase: 'deploy' }, ...naming];
}

function decideFor({ situation, phase }: Case, signal: JudgedSignal, corrected = false): Decision {
  const progress = progressIn(phase, { ...situation.progress, ...failureCounts({ corrected }) });
  return decide(progress, signalled(signal, situation.outcome, phase), { ...RULES, ...situation.rules });
}

function expected({ phase, column, code }: Case): string {
  const target = phaseNamed(column) ?? phase;
  const refusal = REFUSALS[code];
  if (refusal !== undefined) return `run ${phase} corrective`;
  const wanted: Record<string, string> = {
    '=': `run ${phase}`,
    '>': `run ${target}`,
    '^': 'run implementation',
    q: `park ${phase} qa_answers > ${phase}`,
    'q>': `park ${phase} qa_answers > requirements`,
    '?>': `park ${phase} qa_answers > ${target} nothing to clarify`,
    '?^': `park ${phase} qa_answers > implementation nothing to clarify`,
    p: `park ${phase} plan_approval > implementation`,
    u: `park ${phase} plan_approval > implementation unasked`,
    F: `park ${phase} file_update > ${phase} a.md`,
    h: `park ${phase} human_action > ${phase}`,
    P: `park ${phase} plan_approval > ${phase}`,
    'P>': `park ${phase} plan_approval > ${target}`,
    B: `block ${phase} child_blocked`,
    R: `block ${phase} test_returns`,
    Q: `block ${phase} quality_rounds`,
    D: 'done done',
  };
  return wanted[code] ?? `unknown code ${code}`;
}

function summary(decision: Decision): string {
  const { kind, phase } = decision;
  if (kind === 'block') return `block ${phase} ${decision.rule}`;
  if (kind === 'run') return [kind, phase, ...(decision.retry ? [decision.retry] : [])].join(' ');
  if (kind !== 'park') return `${kind} ${phase}`;
  const extra = `${decision.askNothingToClarify ? ' nothing to clarify' : ''}${decision.unasked ? ' unasked' : ''}`;
  const file = decision.file === undefined ? '' : ` ${decision.file}`;
  return `park ${phase} ${decision.for} > ${decision.resumePhase}${extra}${file}`;
}

function reachable(from: Phase, seen = new Set<Phase>()): Set<Phase> {
  if (!seen.has(from)) {
    seen.add(from);
    for (const next of PHASES[from].next) reachable(next, seen);
  }
  return seen;
}

test('before a plan is approved agents may write only documents, and in every later phase code', () => {
  const documents = PHASE_NAMES.filter((phase) => GRANTS[phase] === 'documents');
  expect(documents).toEqual(['investigation', 'requirements', 'planning']);
});

const QUICK = ['implementation', 'quality', 'done'];
const PLAN = ['planning', 'implementation', 'testing', 'quality', 'done'];

test.each<[Way | undefined, Phase | undefined, readonly string[]]>([
  [undefined, 'requirements', PHASE_NAMES],
  ['full', 'init', PHASE_NAMES],
  ['quick', undefined, QUICK],
  // Before its first agent it is in none of them.
  ['quick', 'init', QUICK],
  ['quick', 'quality', QUICK],
  // Quality has changed what no command shows.
  ['quick', 'testing', ['implementation', 'testing', 'quality', 'done']],
  ['plan', 'planning', PLAN],
])('a picture of way %s in %s shows its phases, in order', (way, phase, phases) => {
  expect(phasesOf(way, phase)).toEqual(phases);
});
