import { join } from 'node:path';
import { GRANTS } from '../../kernel/phases/grants.ts';
import {
  limitOf,
  MAX_QUALITY_ROUNDS,
  MAX_TEST_RETURNS,
  type Phase,
  type Way,
} from '../../kernel/phases/table.ts';
import { listed } from '../../kernel/text.ts';
import { CHAT_SECTION } from '../../session/documents/chat-section.ts';
import { parseDocumentName } from '../../session/documents/documents.ts';
import { inlineMaterial } from '../../session/documents/material.ts';
import type { PlanPhase } from '../../session/documents/plan.ts';
import { TASK_ID } from '../../session/documents/requirements.ts';
import type { PromptState } from './prompt-state.ts';

const MAX_DOCUMENTS = 25;

/** Facts known to the worker that the agent would otherwise have to find out, one line each. */
export function situation(state: PromptState): string {
  const lines = [
    workplace(state),
    ...givenPlan(state),
    ...chat(state),
    ...ofPhase[state.phase](state),
    ...redBase(state),
    ...state.services,
    ...checks(state),
    ...requirements(state),
    ...documents(state),
  ];
  const { phase, progress } = state;
  lines.push(
    `Iteration ${progress.phaseIteration + 1} of ${phase}; after ${limitOf(phase, progress.way)}, a human decides.`,
  );
  return `${lines.map((line) => `- ${line}`).join('\n')}\n`;
}

function workplace({ worktree }: PromptState): string {
  if (worktree === undefined)
    return 'There is no worktree; the working directory is the main checkout: change nothing there.';
  const { branch, base, baseCommit, firstCommit = baseCommit } = worktree;
  const commit = firstCommit.slice(0, 12);
  return `Branch ${inlineMaterial(branch)}, from ${inlineMaterial(base)}. The work of this session: \`git diff --no-ext-diff ${commit}\`, \`git log ${commit}..HEAD\`.`;
}

const PLANS_FROM_BOXES =
  ' Name in each step of your plan the boxes that it covers, as in `[B7]` or `[B2-B5]`; every open box needs a step.';

function givenPlan({ hasGivenPlan, sessionDir, phase }: PromptState): string[] {
  if (!hasGivenPlan) return [];
  const path = inlineMaterial(join(sessionDir, '_given-plan.md'));
  const rule = GRANTS[phase] === 'documents' ? PLANS_FROM_BOXES : '';
  return [`The human gave a plan: ${path} quotes it, and \`[B7]\` in a step is its seventh box.${rule}`];
}

/** Only the phases before the work read it, where there is a plan: that has what follows from it. */
function chat({ chat: given, sessionDir, phase, progress }: PromptState): string[] {
  const rule = phase === 'implementation' ? IN_WORK[progress.way] : AFTER_CHAT[phase];
  if (given === undefined || rule === undefined) return [];
  const path = inlineMaterial(join(sessionDir, '_chat.md'));
  const quotes = given.turns > 0 ? 'quotes that chat by turns' : 'quotes its summary of itself';
  return [`The human began this work in a chat: ${path} ${quotes}, as data. ${rule}`];
}

/** Where no agent before the work has read it. */
const IN_WORK: Readonly<Partial<Record<Way, string>>> = {
  quick: 'Keep to what was decided there, and leave out what was refused.',
  plan: 'The plan was made there: look there only where it leaves something open.',
};

const AFTER_CHAT: Readonly<Partial<Record<Phase, string>>> = {
  investigation: `Put a section \`## ${CHAT_SECTION}\` into the dive, which the human reads at the first gate: in a line each what was decided, found, tried and refused there, with its turn (\`turn 12\`), and for each whether you checked it against the files. What was decided there is no question, unless the files contradict it.`,
  requirements: `Keep to what was decided there, as \`## ${CHAT_SECTION}\` of the dive has it, and leave out what was refused: do not ask that again, unless the files contradict it.`,
  planning: `Keep to what was decided there, and leave out what was refused: \`## ${CHAT_SECTION}\` in the dive.`,
};

const ofPhase: Readonly<Record<Phase, (state: PromptState) => string[]>> = {
  init: () => [],
  investigation: (state) => [...goalsBefore(state), ...baseRun(state)],
  requirements: (state) => [questions(state), ...goalsBefore(state)],
  planning: (state) => [plan(state), ...goalsBefore(state)],
  implementation: (state) => [plan(state), ...planPhase(state), ...testReturns(state), ...sentBack(state)],
  testing: (state) => [plan(state), testRun(state), ...testReturns(state)],
  quality: (state) => [plan(state), ...triedHere(state), qualityRound(state), ...earlierRound(state)],
  done: (state) => [plan(state)],
};

function questions({ questions: { asked, open } }: PromptState): string {
  if (asked === 0) return 'Nothing was asked for this goal.';
  if (open.length > 0) return `Asked: ${asked} questions. Without a recorded answer: ${open.join(', ')}.`;
  return `Asked: ${asked} questions, all answered, on record.`;
}

function goalsBefore({ earlier: { rounds, plans } }: PromptState): string[] {
  const past = [
    ...(rounds > 0
      ? [`the first ${rounds} of the rounds in \`_qa.md\`, so that a new one is Round ${rounds + 1}`]
      : []),
    ...(plans.length > 0 ? [`the plans ${plans.map(inlineMaterial).join(', ')}`] : []),
  ];
  return past.length > 0 ? [`Of earlier goals, for reading only: ${past.join('; ')}.`] : [];
}

function plan({ plan: current, progress }: PromptState): string {
  if (progress.way === 'quick') return 'The session is quick: there is no plan, and the task is the measure.';
  if (current === undefined) return 'There is no plan for this goal yet.';
  const testing = current.testing === undefined ? '' : ` It says: ${inlineMaterial(current.testing.line)}.`;
  const approval = current.outcome.approved ? 'approved' : 'not approved yet';
  return `The plan is ${inlineMaterial(current.name)}, ${approval}.${testing}`;
}

/** The plan phase for the next implementation agent. */
export function nextPlanPhase(plan: PromptState['plan']): PlanPhase | undefined {
  return plan?.phases.find(({ completed }) => !completed);
}

function planPhase({ plan: current, progress }: PromptState): string[] {
  if (progress.way === 'quick') return [];
  const next = nextPlanPhase(current);
  if (next === undefined) return ['Every phase of the plan is ticked.'];
  const { number, steps, wantsComparison } = next;
  const marked = wantsComparison ? ' It is marked `Proposals: two`.' : '';
  return [`Your plan phase is ${number}; ${steps.done} of ${steps.total} steps are ticked.${marked}`];
}

function testRun({ progress }: PromptState): string {
  return progress.qualitySinceImplementation
    ? '2nd run: quality has reviewed this work and changed code, and no command shows that it still works.'
    : '1st run: quality has not reviewed this work yet.';
}

function testReturns({ progress: { testReturns: count } }: PromptState): string[] {
  if (count === 0) return [];
  return [`Failed tests or checks have sent the work back ${count} of at most ${MAX_TEST_RETURNS} times.`];
}

// The report lists the failures, so an agent gets no separate note about them.
function sentBack({ progress: { testReturns: count }, documents: names }: PromptState): string[] {
  const report = names.findLast((name) => parseDocumentName(name)?.kind === 'test-report');
  if (count === 0 || report === undefined) return [];
  return [
    `Sent back before: read ${inlineMaterial(report)} first; issues there that no later commit fixes come before any plan phase.`,
  ];
}

function qualityRound({ progress, plan: current, hasChecks }: PromptState): string {
  const { qualityRounds, qualityChangedTree } = progress;
  const isShown = hasChecks || current?.outcome.untestable === true;
  return [
    `Rounds used by signalling quality again: ${qualityRounds} of ${MAX_QUALITY_ROUNDS}.`,
    ...(qualityChangedTree ? ['Earlier rounds changed the code.'] : []),
    ...(isShown ? [] : ['No command shows the work: code that quality changes goes to testing from here.']),
  ].join(' ');
}

function baseRun({ baseRun: run, checks: commands }: PromptState): string[] {
  if (run === undefined) return [];
  const named = commands.map(inlineMaterial).join(', ');
  return run === 'running'
    ? [`The worker runs ${named} on the base commit beside you.`]
    : [`The worker ran ${named} on the base commit: nothing failed.`];
}

function triedHere({ plan: current, progress }: PromptState): string[] {
  if (progress.way !== 'quick' && current?.outcome.triedInReview !== true) return [];
  return ['Testing is left to you. Try the work first: start it, each requirement, two edges.'];
}

function earlierRound({ documents: names, progress }: PromptState): string[] {
  const review = names.findLast((name) => parseDocumentName(name)?.kind === 'quality-review');
  if (progress.qualityRounds === 0 || review === undefined) return [];
  return [
    `An earlier round is in ${inlineMaterial(review)}: read and try only \`git diff --no-ext-diff [its commit]\`, yourself, without helpers. What was not blocking there does not become so without new evidence.`,
  ];
}

const CHECKED: readonly Phase[] = ['planning', 'implementation', 'testing', 'quality', 'done'];

function redBase({ phase, redBase: base }: PromptState): string[] {
  if (base === undefined || phase === 'init') return [];
  const { failed, choice } = base;
  const runs = failed.map(
    ({ command, how, output }) => `${inlineMaterial(command)} (${how}; output: ${inlineMaterial(output)})`,
  );
  return [
    `Before any work these checks fail on the base commit: ${listed(runs, MAX_RED)}. ${RED[choice ?? 'open']}`,
  ];
}

const MAX_RED = 8;

const RED = {
  open: 'The worker asks the human at the next gate whether that is part of the task: do not ask it yourself.',
  fix: 'Making them green is part of the task.',
  leave: 'The human lets them stay red: leave them alone, unless the task requires otherwise.',
} as const;

function checks({ phase, checks: commands, checksIn, redBase: base }: PromptState): string[] {
  if (commands.length === 0 || !CHECKED.includes(phase)) return [];
  const where = checksIn === 'clone' ? ' on a fresh clone of the branch: commit all that they need' : '';
  const mayStayRed =
    base?.choice === 'leave' ? ', or fail in the same way as it then does on the base commit' : '';
  return [
    `Before quality and before the end the worker runs ${commands.map(inlineMaterial).join(', ')}${where}; each must exit 0${mayStayRed}.`,
  ];
}

const MAX_OPEN = 20;

function requirements({ phase, progress, requirements: all }: PromptState): string[] {
  if (all.length === 0 || !CHECKED.includes(phase)) return [];
  // Only a review adds it, and only its reviewer can confirm it.
  if (progress.way === 'quick')
    return [`The requirement ${TASK_ID} is the task itself, as it is written: confirm it by \`reviewed\`.`];
  const open = all.filter(({ isMet }) => !isMet);
  const commands = open.map(({ id, check }) => `${id} (${inlineMaterial(check)})`);
  const left = open.length === 0 ? 'none is open' : `open: ${listed(commands, MAX_OPEN)}`;
  return [
    `Of ${all.length} requirements in \`_requirements.json\`, which the worker keeps and runs, ${left}.`,
  ];
}

function documents({ documents: names }: PromptState): string[] {
  const known = names.filter((name) => parseDocumentName(name) !== undefined || name === '_qa.md');
  if (known.length === 0) return [];
  const shown = known.slice(-MAX_DOCUMENTS).map(inlineMaterial).join(', ');
  const older = known.length > MAX_DOCUMENTS ? ' (the newest)' : '';
  return [`Documents in the session path${older}: ${shown}.`];
}
