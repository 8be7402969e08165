import type { Outcome, Rules } from '../../../../../src/core/kernel/phases/outcome.ts';
import { NO_PLAN } from '../../../../../src/core/kernel/phases/outcome.ts';
import type { Progress } from '../../../../../src/core/kernel/phases/progress.ts';
import { RULES } from '../../../../support/phase-facts.ts';

/**
 * The required decision for every signal of every phase, written by hand.
 *
 *     =  run again in the phase      >  run in the named phase     ^  run in implementation
 *     q  park: answers               p  park: plan approval, then implementation
 *     q> park: answers, then requirements
 *     ?> park: nothing to clarify, then the named phase            ?^ park: the same, then implementation
 *     u  like p, and whoever approves it is told that no agent had a question
 *     F  park: a file                h  park: a person's act
 *     P  park: changed plan, then the phase                        P> park: changed plan, then the named phase
 *     B  blocked by the agent        D  done
 *     R  blocked: three returns      Q  blocked: three rounds
 *     -  signal_not_allowed          x  signal_phase               e  edge_condition
 *     a  nothing_asked               t  nothing_to_approve         w  wait_not_allowed
 *     n  no_plan                     o  no_file                    m  messages
 */
export interface Situation {
  name: string;
  progress?: Partial<Progress>;
  outcome?: Partial<Outcome>;
  rules?: Partial<Rules>;
  /** Rows that differ from those of the plain situation. */
  rows: string;
}

/** `continue` to each phase, to none, to an unknown one; then the other signals, for any phase. */
export const COLUMNS =
  'init investigation requirements planning implementation testing quality done none unknown ' +
  'handoff blocked done: wait wait:qa wait:plan wait:file wait:nofile wait:human';

export const PLAIN: Situation = {
  name: 'nothing asked, no plan, first testing, quality changed nothing',
  rows: `
    init            =  >  x  x  x  x  x  x  =  x    -  B  -   -  -  -  -  -  -
    investigation   x  =  >  x  n  x  x  x  =  x    =  B  -   a  a  n  F  o  h
    requirements    x  x  =  >  n  x  x  x  =  x    =  B  -   a  a  n  F  o  h
    planning        x  x  x  =  n  x  x  x  =  x    =  B  -   n  a  n  F  o  h
    implementation  x  x  e  x  =  >  e  x  =  x    =  B  e   h  a  t  F  o  h
    testing         x  x  x  x  >  =  >  e  =  x    =  B  -   -  -  -  -  -  -
    quality         x  x  x  x  x  >  =  >  =  x    =  B  D   -  -  -  -  -  -
    done            -  -  -  -  -  -  -  -  -  -    -  B  D   -  -  -  -  -  -`,
};

const plan = { ...NO_PLAN, exists: true };
const approved = { ...plan, approved: true };
const changedPlan = { ...plan, changedSinceApproval: true };
const answered = { asked: 2, open: [] };
const noQaGate = { gates: { ...RULES.gates, qa: false } };
const noPlanGate = { gates: { ...RULES.gates, plan: false } };

export const SITUATIONS: readonly Situation[] = [
  PLAIN,
  {
    name: 'a question is open',
    outcome: { questions: { asked: 2, open: ['Q2'] } },
    rows: `
    investigation   x  =  >  x  n  x  x  x  =  x    =  B  -   q> q> n  F  o  h
    requirements    x  x  =  q  n  x  x  x  =  x    =  B  -   q  q  n  F  o  h
    planning        x  x  x  =  n  x  x  x  =  x    =  B  -   n  q  n  F  o  h
    implementation  x  x  e  x  =  >  e  x  =  x    =  B  e   h  q  t  F  o  h`,
  },
  {
    name: 'a question is open, and there is a plan',
    outcome: { questions: { asked: 2, open: ['Q2'] }, plan },
    rows: `
    investigation   x  =  >  x  q  x  x  x  =  x    =  B  -   q> q> q  F  o  h
    requirements    x  x  =  q  q  x  x  x  =  x    =  B  -   q  q  q  F  o  h
    planning        x  x  x  =  p  x  x  x  =  x    =  B  -   p  q  p  F  o  h
    implementation  x  x  e  x  =  >  e  x  =  x    =  B  e   h  q  t  F  o  h`,
  },
  {
    name: 'every question is answered',
    outcome: { questions: answered },
    rows: `
    requirements    x  x  =  >  n  x  x  x  =  x    =  B  -   a  a  n  F  o  h`,
  },
  {
    name: 'every question is answered, and there is a plan',
    outcome: { questions: answered, plan },
    rows: `
    investigation   x  =  >  x  p  x  x  x  =  x    =  B  -   a  a  p  F  o  h
    requirements    x  x  =  >  p  x  x  x  =  x    =  B  -   a  a  p  F  o  h
    planning        x  x  x  =  p  x  x  x  =  x    =  B  -   p  a  p  F  o  h`,
  },
  {
    name: 'every question is answered, there is a plan, and planning has a model of its own',
    outcome: { questions: answered, plan },
    rules: { plansApart: true },
    rows: `
    investigation   x  =  >  x  e  x  x  x  =  x    =  B  -   a  a  e  F  o  h
    requirements    x  x  =  >  e  x  x  x  =  x    =  B  -   a  a  e  F  o  h
    planning        x  x  x  =  p  x  x  x  =  x    =  B  -   p  a  p  F  o  h`,
  },
  {
    name: 'nothing asked, the questions gate is off',
    rules: noQaGate,
    rows: `
    requirements    x  x  =  >  n  x  x  x  =  x    =  B  -   a  a  n  F  o  h`,
  },
  {
    name: 'nothing asked, there is a plan, the questions gate is off',
    rules: noQaGate,
    outcome: { plan },
    rows: `
    investigation   x  =  >  x  p  x  x  x  =  x    =  B  -   a  a  p  F  o  h
    requirements    x  x  =  >  p  x  x  x  =  x    =  B  -   a  a  p  F  o  h
    planning        x  x  x  =  p  x  x  x  =  x    =  B  -   p  a  p  F  o  h`,
  },
  {
    name: 'a question is open, the questions gate is off',
    rules: noQaGate,
    outcome: { questions: { asked: 1, open: ['Q1'] } },
    rows: `
    investigation   x  =  >  x  n  x  x  x  =  x    =  B  -   q> q> n  F  o  h
    requirements    x  x  =  >  n  x  x  x  =  x    =  B  -   q  q  n  F  o  h
    planning        x  x  x  =  n  x  x  x  =  x    =  B  -   n  q  n  F  o  h
    implementation  x  x  e  x  =  >  e  x  =  x    =  B  e   h  q  t  F  o  h`,
  },
  {
    name: 'nothing asked, and there is a plan',
    outcome: { plan },
    rows: `
    investigation   x  =  >  x  u  x  x  x  =  x    =  B  -   a  a  u  F  o  h
    requirements    x  x  =  >  u  x  x  x  =  x    =  B  -   a  a  u  F  o  h
    planning        x  x  x  =  u  x  x  x  =  x    =  B  -   u  a  u  F  o  h`,
  },
  {
    name: 'the plan is approved',
    outcome: { plan: approved },
    rows: `
    investigation   x  =  >  x  >  x  x  x  =  x    =  B  -   a  a  ^  F  o  h
    requirements    x  x  =  >  >  x  x  x  =  x    =  B  -   a  a  ^  F  o  h
    planning        x  x  x  =  >  x  x  x  =  x    =  B  -   ^  a  ^  F  o  h`,
  },
  {
    name: 'there is a plan, the plan gate is off',
    rules: noPlanGate,
    outcome: { plan },
    rows: `
    investigation   x  =  >  x  ?> x  x  x  =  x    =  B  -   a  a  ?^ F  o  h
    requirements    x  x  =  ?> ?> x  x  x  =  x    =  B  -   a  a  ?^ F  o  h
    planning        x  x  x  =  >  x  x  x  =  x    =  B  -   ^  a  ^  F  o  h`,
  },
  {
    name: 'the approved plan was changed',
    outcome: { plan: changedPlan },
    rows: `
    investigation   x  =  >  x  p  x  x  x  =  x    =  B  -   a  a  p  F  o  h
    requirements    x  x  =  >  p  x  x  x  =  x    =  B  -   a  a  p  F  o  h
    planning        x  x  x  =  p  x  x  x  =  x    =  B  -   p  a  p  F  o  h
    implementation  P  P  P  P  P  P> P  P  P  P    P  B  P   P  P  P  P  P  P
    testing         P  P  P  P  P> P  P> P  P  P    P  B  P   P  P  P  P  P  P
    quality         P  P  P  P  P  P> P  P> P  P    P  B  P   P  P  P  P  P  P
    done            P  P  P  P  P  P  P  P  P  P    P  B  P   P  P  P  P  P  P`,
  },
  {
    name: 'the approved plan was changed, the plan gate is off',
    rules: noPlanGate,
    outcome: { plan: changedPlan },
    rows: `
    investigation   x  =  >  x  ?> x  x  x  =  x    =  B  -   a  a  ?^ F  o  h
    requirements    x  x  =  ?> ?> x  x  x  =  x    =  B  -   a  a  ?^ F  o  h
    planning        x  x  x  =  >  x  x  x  =  x    =  B  -   ^  a  ^  F  o  h
    implementation  x  x  e  x  =  >  e  x  =  x    =  B  e   h  a  =  F  o  h`,
  },
  {
    name: 'nothing can be tested',
    outcome: { plan: { ...approved, untestable: true }, hasChecks: false },
    rows: `
    investigation   x  =  >  x  >  x  x  x  =  x    =  B  -   a  a  ^  F  o  h
    requirements    x  x  =  >  >  x  x  x  =  x    =  B  -   a  a  ^  F  o  h
    planning        x  x  x  =  >  x  x  x  =  x    =  B  -   ^  a  ^  F  o  h
    implementation  x  x  e  x  =  >  >  x  =  x    =  B  e   h  a  t  F  o  h`,
  },
  {
    name: 'nothing can be tested and quality changed the tree',
    progress: { qualityChangedTree: true },
    outcome: { plan: { ...approved, untestable: true }, treeChanged: true, hasChecks: false },
    rows: `
    investigation   x  =  >  x  >  x  x  x  =  x    =  B  -   a  a  ^  F  o  h
    requirements    x  x  =  >  >  x  x  x  =  x    =  B  -   a  a  ^  F  o  h
    planning        x  x  x  =  >  x  x  x  =  x    =  B  -   ^  a  ^  F  o  h
    implementation  x  x  e  x  =  >  >  x  =  x    =  B  e   h  a  t  F  o  h`,
  },
  {
    name: 'the reviewer tries the work',
    outcome: { plan: { ...approved, triedInReview: true } },
    rows: `
    investigation   x  =  >  x  >  x  x  x  =  x    =  B  -   a  a  ^  F  o  h
    requirements    x  x  =  >  >  x  x  x  =  x    =  B  -   a  a  ^  F  o  h
    planning        x  x  x  =  >  x  x  x  =  x    =  B  -   ^  a  ^  F  o  h
    implementation  x  x  e  x  =  >  >  x  =  x    =  B  e   h  a  t  F  o  h`,
  },
  {
    name: 'the reviewer should try the work, but no command can show it',
    outcome: { plan: { ...approved, triedInReview: true }, hasChecks: false },
    rows: `
    investigation   x  =  >  x  >  x  x  x  =  x    =  B  -   a  a  ^  F  o  h
    requirements    x  x  =  >  >  x  x  x  =  x    =  B  -   a  a  ^  F  o  h
    planning        x  x  x  =  >  x  x  x  =  x    =  B  -   ^  a  ^  F  o  h`,
  },
  {
    name: 'the session is quick',
    progress: { way: 'quick' },
    rows: `
    implementation  x  x  >  x  =  >  >  x  =  x    =  B  D   h  a  t  F  o  h`,
  },
  {
    name: 'the session is quick, and a question is open',
    progress: { way: 'quick' },
    outcome: { questions: { asked: 2, open: ['Q2'] } },
    rows: `
    investigation   x  =  >  x  n  x  x  x  =  x    =  B  -   q> q> n  F  o  h
    requirements    x  x  =  q  n  x  x  x  =  x    =  B  -   q  q  n  F  o  h
    planning        x  x  x  =  n  x  x  x  =  x    =  B  -   n  q  n  F  o  h
    implementation  x  x  q> x  =  >  >  x  =  x    =  B  D   h  q  t  F  o  h`,
  },
  {
    name: 'the session is quick, and no command can show the work',
    progress: { way: 'quick' },
    outcome: { hasChecks: false },
    rows: `
    implementation  x  x  >  x  =  >  >  x  =  x    =  B  e   h  a  t  F  o  h`,
  },
  {
    name: 'the session is quick, and a person wants a reviewer',
    progress: { way: 'quick' },
    rules: { review: true },
    rows: `
    implementation  x  x  >  x  =  >  >  x  =  x    =  B  e   h  a  t  F  o  h`,
  },
  {
    name: 'quality has reviewed since implementation',
    progress: { qualitySinceImplementation: true },
    rows: `
    testing         x  x  x  x  >  =  e  >  =  x    =  B  -   -  -  -  -  -  -`,
  },
  {
    name: 'an earlier quality agent changed the tree, and no command can show the work',
    progress: { qualityChangedTree: true },
    outcome: { hasChecks: false },
    rows: `
    quality         x  x  x  x  x  >  =  e  =  x    =  B  e   -  -  -  -  -  -`,
  },
  {
    name: 'this agent changed the tree, and no command can show the work',
    outcome: { treeChanged: true, hasChecks: false },
    rows: `
    quality         x  x  x  x  x  >  =  e  =  x    =  B  e   -  -  -  -  -  -`,
  },
  {
    name: 'quality changed the tree, and a command can show the work',
    progress: { qualityChangedTree: true },
    outcome: { treeChanged: true },
    rows: `
    quality         x  x  x  x  x  >  =  >  =  x    =  B  D   -  -  -  -  -  -`,
  },
  {
    name: 'tests have returned the work three times',
    progress: { testReturns: 3 },
    rows: `
    testing         x  x  x  x  R  =  >  e  =  x    =  B  -   -  -  -  -  -  -`,
  },
  {
    name: 'three rounds of quality are used up',
    progress: { qualityRounds: 3 },
    rows: `
    quality         x  x  x  x  x  >  Q  >  Q  x    =  B  D   -  -  -  -  -  -`,
  },
  {
    name: 'a message is not acknowledged',
    outcome: { unacknowledged: ['M1'] },
    rows: `
    quality         x  x  x  x  x  >  =  >  =  x    =  B  m   -  -  -  -  -  -
    done            -  -  -  -  -  -  -  -  -  -    -  B  m   -  -  -  -  -  -`,
  },
  {
    name: 'the session is quick, and a message is not acknowledged',
    progress: { way: 'quick' },
    outcome: { unacknowledged: ['M1'] },
    rows: `
    implementation  x  x  >  x  =  >  >  x  =  x    =  B  m   h  a  t  F  o  h
    quality         x  x  x  x  x  >  =  >  =  x    =  B  m   -  -  -  -  -  -
    done            -  -  -  -  -  -  -  -  -  -    -  B  m   -  -  -  -  -  -`,
  },
];
