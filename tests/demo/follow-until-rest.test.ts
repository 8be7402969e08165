import { expect, test } from 'vitest';
import { newTeller } from '../../src/demo/follow-until-rest.ts';
import type { DemoScreen } from '../../src/demo/screen.ts';
import type { Look } from '../../src/demo/tool-shapes.ts';

const looked = (iteration: number, phase: Look['phase'], rest: Partial<Look> = {}): Look => ({
  summary: '',
  state: 'running',
  iteration,
  phase,
  ...rest,
});
const rests = (iteration: number, phase: Look['phase'], waitsFor: string) =>
  looked(iteration, phase, { state: 'waiting', for: waitsFor });
const did = (words: string): Partial<Look> => ({ says: { last_action: words } });

/** What stands on the screen after these looks: ends of children, and who is shown at work. */
function shownOf(looks: readonly Look[]): { ended: string[]; atWork: string[] } {
  const ended: string[] = [];
  const atWork = new Set<string>();
  const screen = {
    ended: (phase, words) => ended.push(`${phase}: ${words}`),
    progress: ({ phase, child, state }) => atWork.add(`${state} ${phase} ${child ?? '-'}`),
  } as Partial<DemoScreen> as DemoScreen;
  const teller = newTeller({ screen }, '26-01-08-boat');
  for (const look of looks) teller(look);
  return { ended, atWork: [...atWork] };
}

test('setting up is no child, and ends no child', () => {
  const looks = [looked(0, 'init'), looked(0, 'investigation'), looked(1, 'investigation')];
  expect(shownOf(looks)).toEqual({
    ended: [],
    atWork: ['running init -', 'running investigation -', 'running investigation 1'],
  });
});

test('a child is shown in its own phase until the next one begins', () => {
  const looks = [
    looked(1, 'investigation'),
    looked(1, 'requirements', did('Looked around')),
    looked(2, 'requirements', did('Looked around')),
  ];
  expect(shownOf(looks)).toEqual({
    ended: ['investigation: Looked around'],
    atWork: ['running investigation 1', 'running requirements 2'],
  });
});

test('a child that has ended at a gate is told of once, whenever the looks after the gate come', () => {
  const before = [looked(2, 'requirements'), rests(2, 'requirements', 'qa_answers')];
  const early = looked(2, 'requirements', did('3 questions asked'));
  const after = [
    looked(3, 'requirements', did('3 questions asked')),
    looked(3, 'planning', did('Wrote them')),
  ];
  const last = rests(4, 'planning', 'plan_approval');
  for (const looks of [
    [...before, ...after, last],
    [...before, early, ...after, last],
    [...before, early, last],
  ]) {
    const { ended } = shownOf(looks);
    expect(ended[0]).toBe('requirements: It has questions');
    expect(ended.at(-1)).toBe('planning: It has a plan');
    expect(ended.join()).not.toContain('3 questions asked');
  }
});

test('between a gate and the next child nobody is shown at work', () => {
  const { atWork } = shownOf([rests(4, 'planning', 'plan_approval'), looked(4, 'implementation')]);
  expect(atWork).toEqual(['running implementation -']);
});
