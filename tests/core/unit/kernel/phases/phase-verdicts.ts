import type { Outcome, Rules } from '../../../../../src/core/kernel/phases/outcome.ts';
import { NO_PLAN } from '../../../../../src/core/kernel/phases/outcome.ts';
import type { Progress } from '../../../../../src/core/kernel/phases/progress.ts';
import { RULES } from '../../../../support/phase-facts.ts';

/**
 * The required decision for every signal of every phase, written by hand.
 *
 *     =  run again in the phase      >  run in the named phase     ^  run in implementation
 *     q  park: answers               ?  park: nothing to clarify   p  park: plan approval, then implementation
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
    investigation   x  =  >  x  x  x  x  x  =  x    =  B  -   -  -  -  -  -  -
    requirements    x  x  =  ?  x  x  x  x  =  x    =  B  -   a  a  w  F  o  h
    planning        x  x  x  =  n  x  x  x  =  x    =  B  -   n  a  n  F  o  h
    implementation  x  x  x  x  =  >  e  x  =  x    =  B  -   h  a  t  F  o  h
    testing         x  x  x  x  >  =  >  e  =  x    =  B  -   -  -  -  -  -  -
    quality         x  x  x  x  x  >  =  >  =  x    =  B  -   -  -  -  -  -  -
    done            -  -  -  -  -  -  -  -  -  -    -  B  D   -  -  -  -  -  -`,
};

const plan = { ...NO_PLAN, exists: true };
const changedPlan = { ...plan, changedSinceApproval: true };
const noQaGate = { gates: { ...RULES.gates, qa: false } };
const noPlanGate = { gates: { ...RULES.gates, plan: false } };

export const SITUATIONS: readonly Situation[] = [
  PLAIN,
  {
    name: 'a question is open',
    outcome: { questions: { asked: 2, open: ['Q2'] } },
    rows: `
    requirements    x  x  =  q  x  x  x  x  =  x    =  B  -   q  q  w  F  o  h
    planning        x  x  x  =  n  x  x  x  =  x    =  B  -   n  q  n  F  o  h
    implementation  x  x  x  x  =  >  e  x  =  x    =  B  -   h  q  t  F  o  h`,
  },
  {
    name: 'every question is answered',
    outcome: { questions: { asked: 2, open: [] } },
    rows: `
    requirements    x  x  =  >  x  x  x  x  =  x    =  B  -   a  a  w  F  o  h`,
  },
  {
    name: 'nothing asked, the questions gate is off',
    rules: noQaGate,
    rows: `
    requirements    x  x  =  >  x  x  x  x  =  x    =  B  -   a  a  w  F  o  h`,
  },
  {
    name: 'a question is open, the questions gate is off',
    rules: noQaGate,
    outcome: { questions: { asked: 1, open: ['Q1'] } },
    rows: `
    requirements    x  x  =  >  x  x  x  x  =  x    =  B  -   q  q  w  F  o  h
    planning        x  x  x  =  n  x  x  x  =  x    =  B  -   n  q  n  F  o  h
    implementation  x  x  x  x  =  >  e  x  =  x    =  B  -   h  q  t  F  o  h`,
  },
  {
    name: 'there is a plan',
    outcome: { plan },
    rows: `
    planning        x  x  x  =  p  x  x  x  =  x    =  B  -   p  a  p  F  o  h`,
  },
  {
    name: 'the plan is approved',
    outcome: { plan: { ...plan, approved: true } },
    rows: `
    planning        x  x  x  =  >  x  x  x  =  x    =  B  -   ^  a  ^  F  o  h`,
  },
  {
    name: 'there is a plan, the plan gate is off',
    rules: noPlanGate,
    outcome: { plan },
    rows: `
    planning        x  x  x  =  >  x  x  x  =  x    =  B  -   ^  a  ^  F  o  h`,
  },
  {
    name: 'the approved plan was changed',
    outcome: { plan: changedPlan },
    rows: `
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
    planning        x  x  x  =  >  x  x  x  =  x    =  B  -   ^  a  ^  F  o  h
    implementation  x  x  x  x  =  >  e  x  =  x    =  B  -   h  a  =  F  o  h`,
  },
  {
    name: 'nothing can be tested',
    outcome: { plan: { ...plan, approved: true, untestable: true } },
    rows: `
    planning        x  x  x  =  >  x  x  x  =  x    =  B  -   ^  a  ^  F  o  h
    implementation  x  x  x  x  =  >  >  x  =  x    =  B  -   h  a  t  F  o  h`,
  },
  {
    name: 'nothing can be tested and quality changed the tree',
    progress: { qualityChangedTree: true },
    outcome: { plan: { ...plan, approved: true, untestable: true }, treeChanged: true },
    rows: `
    planning        x  x  x  =  >  x  x  x  =  x    =  B  -   ^  a  ^  F  o  h
    implementation  x  x  x  x  =  >  >  x  =  x    =  B  -   h  a  t  F  o  h`,
  },
  {
    name: 'quality has reviewed since implementation',
    progress: { qualitySinceImplementation: true },
    rows: `
    testing         x  x  x  x  >  =  e  >  =  x    =  B  -   -  -  -  -  -  -`,
  },
  {
    name: 'an earlier quality agent changed the tree',
    progress: { qualityChangedTree: true },
    rows: `
    quality         x  x  x  x  x  >  =  e  =  x    =  B  -   -  -  -  -  -  -`,
  },
  {
    name: 'this agent changed the tree',
    outcome: { treeChanged: true },
    rows: `
    quality         x  x  x  x  x  >  =  e  =  x    =  B  -   -  -  -  -  -  -`,
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
    quality         x  x  x  x  x  >  Q  >  Q  x    =  B  -   -  -  -  -  -  -`,
  },
  {
    name: 'a message is not acknowledged',
    outcome: { unacknowledged: ['M1'] },
    rows: `
    done            -  -  -  -  -  -  -  -  -  -    -  B  m   -  -  -  -  -  -`,
  },
];
