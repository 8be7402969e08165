import type { Outcome, Rules } from './outcome.ts';
import type { Progress } from './progress.ts';
import { MAX_TEST_RETURNS, type Phase } from './table.ts';
import { block, faultOf, legal, park, type Verdict } from './verdict.ts';

export interface Facts {
  progress: Progress;
  outcome: Pick<Outcome, 'plan' | 'questions' | 'treeChanged' | 'unacknowledged' | 'hasChecks'>;
  rules: Pick<Rules, 'gates' | 'review' | 'plansApart'>;
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
  ...questionGate('requirements', 'planning'),
  ...planGate('investigation'),
  ...planGate('requirements'),
  ...planGate('planning'),
  {
    from: 'implementation',
    to: 'quality',
    openWhen:
      'the approved plan says that nothing can be tested, or that the reviewer tries the work and a command can show it, or the session is quick',
    holds: ({ progress, outcome }) =>
      outcome.plan.untestable ||
      (outcome.plan.triedInReview && outcome.hasChecks) ||
      progress.way === 'quick',
    otherwise: faultOf(
      'edge_condition',
      'Only a plan that says that nothing can be tested, or that the review tries the work, skips testing; signal testing.',
    ),
  },
  {
    from: 'implementation',
    to: 'requirements',
    openWhen: 'the session is quick: from there on it is a full one',
    holds: ({ progress }) => progress.way === 'quick',
    otherwise: faultOf('edge_condition', 'The plan is approved: change it, or ask, to do something else.'),
  },
  {
    from: 'implementation',
    to: 'requirements',
    openWhen: 'every question that it asks has an answer by a recorded human act',
    holds: ({ outcome }) => outcome.questions.open.length === 0,
    otherwise: legal(park('implementation', 'qa_answers', 'requirements')),
  },
  {
    from: 'implementation',
    to: 'done',
    openWhen: 'the session is quick, needs no reviewer, and a command can show the work',
    holds: ({ progress, outcome, rules }) => progress.way === 'quick' && !rules.review && outcome.hasChecks,
    otherwise: faultOf(
      'edge_condition',
      'This work is reviewed before it is done; signal what comes before that.',
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
      'quality changed nothing since it was entered, or a command can show the work, or the approved plan says that nothing can be tested',
    holds: ({ progress, outcome }) =>
      outcome.plan.untestable || outcome.hasChecks || !(progress.qualityChangedTree || outcome.treeChanged),
    otherwise: faultOf(
      'edge_condition',
      'Quality changed the code, and no command can show that it still works: it must be tested again.',
    ),
  },
];

/** No question may be left open; if none was asked, a person is asked at the plan, or by the worker. */
function questionGate(from: Phase, to: Phase): EdgeCondition[] {
  return [
    {
      from,
      to,
      openWhen: 'every question has an answer by a recorded human act (gate `qa`)',
      holds: ({ outcome, rules }) => !rules.gates.qa || outcome.questions.open.length === 0,
      otherwise: legal(park(from, 'qa_answers')),
    },
    {
      from,
      to,
      openWhen:
        'a question was asked, or the plan waits for a person; else the worker asks whether to continue (gate `qa`)',
      holds: ({ outcome, rules }) => !rules.gates.qa || rules.gates.plan || outcome.questions.asked > 0,
      otherwise: legal({ ...park(from, 'qa_answers', to), askNothingToClarify: true }),
    },
  ];
}

function plansHere(from: Phase): EdgeCondition {
  return {
    from,
    to: 'implementation',
    openWhen: 'no provider or model is set for planning alone',
    holds: ({ rules }) => !rules.plansApart,
    otherwise: faultOf(
      'edge_condition',
      'A provider or model is set for planning alone: leave the plan to that phase, and signal the next one.',
    ),
  };
}

function planGate(from: Phase): EdgeCondition[] {
  const to = 'implementation';
  const isOpen = ({ outcome: { plan }, rules }: Facts) =>
    !rules.gates.plan || (plan.approved && !plan.changedSinceApproval);
  // Whoever approved an earlier text of the plan was asked then.
  const isUnasked = ({ outcome: { plan, questions }, rules }: Facts) =>
    rules.gates.qa && questions.asked === 0 && !plan.changedSinceApproval;
  return [
    {
      from,
      to,
      openWhen: 'there is a plan document',
      holds: ({ outcome }) => outcome.plan.exists,
      otherwise: faultOf('no_plan', 'There is no plan document to approve.'),
    },
    // Before planning the questions were answered; that there were none is shown with the plan.
    ...(from === 'planning' ? [] : [plansHere(from), ...questionGate(from, to)]),
    {
      from,
      to,
      openWhen: 'the current text of the plan is approved by a recorded human act (gate `plan`)',
      holds: (facts) => isOpen(facts) || isUnasked(facts),
      otherwise: legal(park(from, 'plan_approval', to)),
    },
    {
      from,
      to,
      openWhen: 'where no agent had a question, whoever approved the plan was shown that',
      holds: isOpen,
      otherwise: legal({ ...park(from, 'plan_approval', to), unasked: true }),
    },
  ];
}
