import { expect, test } from 'vitest';
import { afterFailedChecks } from '../../../../../src/core/kernel/phases/after-checks.ts';
import { checkLimit, decide } from '../../../../../src/core/kernel/phases/decide.ts';
import type { JudgedSignal } from '../../../../../src/core/kernel/phases/decision.ts';
import { ENDING_KINDS } from '../../../../../src/core/kernel/phases/ending.ts';
import type { Outcome } from '../../../../../src/core/kernel/phases/outcome.ts';
import { NO_PLAN } from '../../../../../src/core/kernel/phases/outcome.ts';
import {
  initialProgress,
  inPhase,
  type Progress,
  withChildEnded,
  withChildStarted,
  withCountsReset,
  withNewGoal,
} from '../../../../../src/core/kernel/phases/progress.ts';
import { PHASE_NAMES, PHASES, type Phase } from '../../../../../src/core/kernel/phases/table.ts';
import { type Films, screened } from '../../../../support/film.ts';
import { failureCounts, outcomeOf, progressIn, RULES, signalled } from '../../../../support/phase-facts.ts';

const planned = { ...NO_PLAN, exists: true, approved: true };
const stale = { ...NO_PLAN, exists: true, changedSinceApproval: true };

const testing = progressIn('testing');
const quality = progressIn('quality');
const done = progressIn('done');
const changed = says(quality, 'quality', { treeChanged: true });
const reviewed = says(says(testing, 'quality'), 'testing');
const rework = says(reviewed, 'implementation');
const parked = says(quality, 'testing', { plan: stale });
const returned = progressIn('testing', {
  qualityRounds: 2,
  counted: { ...initialProgress().counted, quality: 4 },
});
const limited = (status: 'continue' | 'done') => signalled({ status }, { end: 'usage_limit' });
const failed = (failures: number) => progressIn('testing', failureCounts({ corrected: true, failures }));
const unsignalled = after(testing, outcomeOf());
const crashed = after(unsignalled, outcomeOf({ end: 'crashed' }));
const timedOut = after(crashed, outcomeOf({ end: 'timeout' }));
const twoAgents = withChildStarted(withChildStarted(testing, 8), 9);
const worn: Progress = {
  ...progressIn('quality', failureCounts({ corrected: true, failures: 2 })),
  counted: { ...initialProgress().counted, quality: 10 },
  phaseIteration: 4,
  totalIterations: 40,
  qualityRounds: 3,
  testReturns: 3,
  qualitySinceImplementation: true,
  qualityChangedTree: true,
};

/** Checks fail after an agent of this phase. */
function checksFail(progress: Progress): Progress {
  return withChildEnded(progress, {
    ...{ phase: progress.phase, ending: 'signalled', signal: { status: 'done' }, treeChanged: false },
    decision: afterFailedChecks(progress, ['npm test']),
  });
}

/** What happens, the progress before it and after it. */
type Step = readonly [what: string, before: Progress, after: Progress];

const FILMS: Films<Step> = {
  'counted, failureCounts: an agent without a signal counts only by some endings': ENDING_KINDS.map(
    (end): Step => [end, testing, after(testing, outcomeOf({ end }))],
  ),
  'counted: an agent that signalled counts, whatever it ended by': ENDING_KINDS.map(
    (end): Step => [end, testing, after(testing, signalled({ status: 'continue' }, { end }))],
  ),
  'phase: tests run twice, and quality comes between the first run and done': [
    ['from the first tests to quality', testing, says(testing, 'quality')],
    ['from quality to tests', says(testing, 'quality'), reviewed],
    ['from the second tests to done', reviewed, says(reviewed, 'done')],
  ],
  'qualitySinceImplementation: after an implementation agent quality must review again': [
    ['from reviewed tests to implementation', reviewed, rework],
    ['from implementation to tests', rework, says(rework, 'testing')],
    ['quality, with a changed plan', quality, parked],
    ['into tests, once that is approved', parked, inPhase(parked, 'testing')],
  ],
  'qualityChangedTree: changes by quality are reset only when it is entered again': [
    ['it changes files', quality, changed],
    ['it times out', changed, after(changed, outcomeOf({ end: 'timeout' }))],
    ['it is left', changed, inPhase(changed, 'testing')],
    ['it is entered', inPhase(changed, 'testing'), inPhase(inPhase(changed, 'testing'), 'quality')],
  ],
  'qualityRounds: only a quality agent that signals to stay counts as a round': [
    ['to stay', quality, says(quality, 'quality')],
    ['to stay, at a usage limit', quality, after(quality, limited('continue'))],
    ['to stay, with a changed plan', quality, says(quality, 'quality', { plan: stale })],
    ['a hand-off', quality, after(quality, signalled({ status: 'handoff' }))],
    ['on to testing', quality, says(quality, 'testing')],
    ['back to planning, which is refused', quality, says(quality, 'planning')],
    ['nothing', quality, after(quality, outcomeOf())],
    ['to stay in testing', testing, says(testing, 'testing')],
  ],
  'testReturns, phase: failed tests and failed checks count as returns to implementation': [
    ['tests', testing, says(testing, 'implementation')],
    ['tests, with a changed plan', testing, says(testing, 'implementation', { plan: stale })],
    ['tests, with counts, which are kept', returned, says(returned, 'implementation')],
    ['checks after done', done, checksFail(done)],
    ['checks after quality', quality, checksFail(quality)],
    ['checks after implementation', progressIn('implementation'), checksFail(progressIn('implementation'))],
  ],
  'failureCounts: an accepted signal ends every series of failures, a usage limit and a stop end none': [
    ['an accepted signal', failed(3), says(failed(3), 'testing')],
    ['a usage limit', failed(1), after(failed(1), outcomeOf({ end: 'usage_limit' }))],
    ['a stop', failed(1), after(failed(1), outcomeOf({ end: 'killed', stopAsked: true }))],
    ['a refused signal at a usage limit', failed(1), after(failed(1), limited('done'))],
    ['a refused signal after a correction', failed(2), after(failed(2), signalled({ status: 'done' }))],
  ],
  'failureCounts: a missing signal, a crash and a timeout are failures, a refused signal is a correction': [
    ['no signal', testing, unsignalled],
    ['a crash after it', unsignalled, crashed],
    ['a timeout after that', crashed, timedOut],
    ['a refused signal after all', timedOut, after(timedOut, signalled({ status: 'done' }))],
  ],
  'phaseIteration, totalIterations: the iterations of a phase restart when the session moves': [
    ['two agents', testing, twoAgents],
    ['the same phase', twoAgents, inPhase(twoAgents, 'testing')],
    ['another phase', twoAgents, inPhase(twoAgents, 'quality')],
  ],
  'phase, counted, failureCounts, qualityRounds, testReturns: what a person does': [
    ['resumes a blocked session', worn, withCountsReset(worn)],
    ['gives a new goal', worn, withNewGoal(worn)],
  ],
};

test('each step changes of the progress what its film shows, and nothing else', async () => {
  const text = screened(FILMS, (steps) => steps.map(([name, before, after]) => ({ name, before, after })));
  await expect(text).toMatchFileSnapshot('../../../../golden/films/progress.txt');
});

const HANDS_OVER = PHASE_NAMES.filter((phase) =>
  (PHASES[phase].signals as readonly string[]).includes('handoff'),
);

test.each(HANDS_OVER)('hand-offs in %s use up the limit of the phase, and nothing else', (phase) => {
  let progress = progressIn(phase);
  let children = 0;
  for (; checkLimit(progress) === undefined && children < 1000; children += 1) {
    progress = after(withChildStarted(progress, children + 1), signalled({ status: 'handoff', note: 'n' }));
  }
  expect(children).toBe(PHASES[phase].limit);
  expect(checkLimit(progress)).toMatchObject({ kind: 'block', phase, rule: 'phase_limit' });
  expect(progress).toMatchObject({ phase, qualityRounds: 0, testReturns: 0, ...failureCounts({}) });
});

/** The progress after an agent of the current phase ended like this. */
function after(progress: Progress, outcome: Outcome): Progress {
  const signal: JudgedSignal | undefined =
    outcome.signal.kind === 'signal' ? outcome.signal.signal : undefined;
  return withChildEnded(progress, {
    phase: progress.phase,
    ending: outcome.end,
    signal,
    decision: decide(progress, outcome, RULES),
    treeChanged: outcome.treeChanged,
  });
}

function says(progress: Progress, phase: Phase, given: Partial<Outcome> = {}): Progress {
  return after(progress, signalled({ status: 'continue', phase }, { plan: planned, ...given }));
}
