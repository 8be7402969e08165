import type { Outcome, Rules } from './outcome.ts';
import type { Progress } from './progress.ts';
import { MAX_TEST_RETURNS, type Phase } from './table.ts';
import { block, faultOf, legal, park, type Verdict } from './verdict.ts';

/** The facts that a signal is judged by. */
export interface Facts {
  progress: Progress;
  outcome: Pick<Outcome, 'plan' | 'questions' | 'treeChanged' | 'unacknowledged'>;
  rules: Pick<Rules, 'gates'>;
}

export interface EdgeCondition {
  from: Phase;
  to: Phase;
  /** Completes "open when …" in the documents. */
  openWhen: string;
  holds(facts: Facts): boolean;
  otherwise: Verdict;
}

/** Conditions of `continue` on edges of the phase table; the first that fails decides. */
export const EDGE_CONDITIONS: readonly EdgeCondition[] = [
  {
    from: 'requirements',
    to: 'planning',
    openWhen: 'a question was asked, else the worker asks whether to continue (gate `qa`)',
    holds: ({ outcome, rules }) => !rules.gates.qa || outcome.questions.asked > 0,
    otherwise: legal({ ...park('requirements', 'qa_answers'), askNothingToClarify: true }),
  },
  {
    from: 'requirements',
    to: 'planning',
    openWhen: 'every question has an answer by a recorded human act (gate `qa`)',
    holds: ({ outcome, rules }) => !rules.gates.qa || outcome.questions.open.length === 0,
    otherwise: legal(park('requirements', 'qa_answers')),
  },
  {
    from: 'planning',
    to: 'implementation',
    openWhen: 'there is a plan document',
    holds: ({ outcome }) => outcome.plan.exists,
    otherwise: faultOf('no_plan', 'There is no plan document to approve.'),
  },
  {
    from: 'planning',
    to: 'implementation',
    openWhen: 'the current text of the plan is approved by a recorded human act (gate `plan`)',
    holds: ({ outcome: { plan }, rules }) =>
      !rules.gates.plan || (plan.approved && !plan.changedSinceApproval),
    otherwise: legal(park('planning', 'plan_approval', 'implementation')),
  },
  {
    from: 'implementation',
    to: 'quality',
    openWhen: 'the approved plan says that nothing can be tested',
    holds: ({ outcome }) => outcome.plan.untestable,
    otherwise: faultOf(
      'edge_condition',
      'Only a plan that says that nothing can be tested skips testing; signal testing.',
    ),
  },
  {
    from: 'testing',
    to: 'quality',
    openWhen: 'quality has not reviewed the work since the last implementation iteration',
    holds: ({ progress }) => !progress.qualitySinceImplementation,
    otherwise: faultOf(
      'edge_condition',
      'Quality has reviewed this work already; passed tests now lead to done.',
    ),
  },
  {
    from: 'testing',
    to: 'done',
    openWhen: 'quality has reviewed the work since the last implementation iteration',
    holds: ({ progress }) => progress.qualitySinceImplementation,
    otherwise: faultOf(
      'edge_condition',
      'Quality has not reviewed this work yet; passed tests lead to quality.',
    ),
  },
  {
    from: 'testing',
    to: 'implementation',
    openWhen: `failed tests have sent the work back fewer than ${MAX_TEST_RETURNS} times; then blocked`,
    holds: ({ progress }) => progress.testReturns < MAX_TEST_RETURNS,
    otherwise: legal(
      block(
        'testing',
        'test_returns',
        `Tests failed again after ${MAX_TEST_RETURNS} returns to implementation.`,
      ),
    ),
  },
  {
    from: 'quality',
    to: 'done',
    openWhen:
      'quality changed nothing since it was entered, or the approved plan says that nothing can be tested',
    holds: ({ progress, outcome }) =>
      outcome.plan.untestable || !(progress.qualityChangedTree || outcome.treeChanged),
    otherwise: faultOf('edge_condition', 'Quality changed the code, so it must be tested again.'),
  },
];
