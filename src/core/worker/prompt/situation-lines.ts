import { join } from 'node:path';
import chance from '../../../../workflow/chance.md';
import servers from '../../../../workflow/servers.md';
import { age } from '../../kernel/durations.ts';
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
import { oneLine } from '../../session/documents/markdown-lines.ts';
import { inlineMaterial } from '../../session/documents/material.ts';
import type { PlanPhase } from '../../session/documents/plan.ts';
import { REVIEWED, TASK_ID } from '../../session/documents/requirements.ts';
import type { PromptState } from './prompt-state.ts';

const MAX_DOCUMENTS = 25;

/** Facts known to the worker that the agent would otherwise have to find out, one line each. */
export function situation(state: PromptState): string {
  const lines = [
    workplace(state),
    ...topicAlone(state),
    ...givenPlan(state),
    ...chat(state),
    ...ofPhase[state.phase](state),
    ...redBase(state),
    ...state.services,
    ...dependencies(state),
    ...baseRun(state),
    ...checks(state),
    ...requirements(state),
    ...documents(state),
  ];
  const { phase, progress } = state;
  if (progress.phaseIteration + 1 >= limitOf(phase, progress.way))
    lines.push(`This is the last iteration of ${phase}: after it a human decides.`);
  return `${lines.map((line) => `- ${line}`).join('\n')}\n`;
}

function workplace({ worktree }: PromptState): string {
  if (worktree === undefined)
    return 'There is no worktree; the working directory is the main checkout: change nothing there.';
  const { branch, base, baseCommit, firstCommit = baseCommit } = worktree;
  const commit = firstCommit.slice(0, 12);
  return `Branch ${inlineMaterial(branch)}, from ${inlineMaterial(base)}. The work of this session: \`git diff --no-ext-diff ${commit}\`, \`git log ${commit}..HEAD\`.`;
}

function topicAlone({ dive, task, goal }: PromptState): string[] {
  if (dive === undefined || task !== undefined || goal !== undefined) return [];
  return [
    'There is a topic and no task: documents in the session path are the result, and the diff may be empty.',
  ];
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
  investigation: goalsBefore,
  requirements: (state) => [questions(state), ...goalsBefore(state)],
  planning: (state) => [plan(state), ...goalsBefore(state)],
  implementation: (state) => [plan(state), ...planPhase(state), ...testReturns(state), ...sentBack(state)],
  testing: (state) => [plan(state), testRun(state), ...testReturns(state)],
  quality: (state) => [plan(state), ...triedHere(state), ...qualityRound(state), ...earlierRound(state)],
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
  // The head of the prompt names an approved one.
  if (current.outcome.approved) return `The plan is approved.${testing}`;
  return `The plan is ${inlineMaterial(current.name)}, not approved yet.${testing}`;
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
    ? '2nd run: quality changed code, and no command shows that it still works. Try the suite, the requirements and that code.'
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

function qualityRound({ progress, plan: current, hasChecks }: PromptState): string[] {
  const { qualityRounds, qualityChangedTree } = progress;
  const isShown = hasChecks || current?.outcome.untestable === true;
  const lines = [
    ...(qualityRounds > 0
      ? [`Rounds used by signalling quality again: ${qualityRounds} of ${MAX_QUALITY_ROUNDS}.`]
      : []),
    ...(qualityChangedTree ? ['Earlier rounds changed the code.'] : []),
    ...(isShown ? [] : ['No command shows the work: code that quality changes goes to testing from here.']),
  ];
  return lines.length === 0 ? [] : [lines.join(' ')];
}

function dependencies({ phase, setup, copied, checksIn }: PromptState): string[] {
  if (phase === 'init' || phase === 'done') return [];
  const inClone = checksIn === 'clone';
  const copies = copied.length > 0 ? ` and copies of ${copied.map(inlineMaterial).join(', ')}` : '';
  if (setup !== undefined)
    return [
      `SETUP (${inlineMaterial(setup)}) ran in the worktree${inClone ? ', and runs in each fresh clone' : ''}.`,
    ];
  return [
    `There is no SETUP${inClone ? `: a fresh clone has what is committed${copies}, nothing else` : ''}.`,
  ];
}

/** What failed there has its own line. */
function baseRun({ phase, baseRun: run, redBase: base, checks: commands }: PromptState): string[] {
  if (phase === 'init' || base !== undefined || commands.length === 0) return [];
  const named = commands.map(inlineMaterial).join(', ');
  if (run === undefined) return [`What ${named} says on the base commit is not known.`];
  if (run === 'running') return [`The worker runs ${named} on the base commit beside you: not known yet.`];
  const { tookMs, unsteady } = run;
  const time = tookMs === undefined ? '' : ` (${age(tookMs)})`;
  const chance = unsteady.map(inlineMaterial).join(', ');
  const result = chance === '' ? 'nothing failed' : `${chance} failed, and passed when repeated`;
  return [`The worker ran ${named} on the base commit${time}: ${result}.`];
}

function triedHere({ plan: current, progress }: PromptState): string[] {
  if (progress.way !== 'quick' && current?.outcome.triedInReview !== true) return [];
  return [
    `Testing is left to you. Try the work first: start it, each requirement, two edges. ${servers.trim()} ${oneLine(chance)}`,
  ];
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
  // A line above names them.
  const named = base === undefined ? 'these' : commands.map(inlineMaterial).join(', ');
  const where = checksIn === 'clone' ? ' on a fresh clone of the branch: commit all that they need' : '';
  const mayStayRed =
    base?.choice === 'leave' ? ', or fail in the same way as it then does on the base commit' : '';
  return [
    `Before quality and before the end the worker runs ${named}${where}; each must exit 0${mayStayRed}.`,
  ];
}

const MAX_OPEN = 20;

function requirements({ phase, progress, requirements: all }: PromptState): string[] {
  if (all.length === 0 || !CHECKED.includes(phase)) return [];
  // Only a review adds it, and only its reviewer can confirm it.
  if (progress.way === 'quick')
    return [`The requirement ${TASK_ID} is the task itself, as it is written: confirm it by \`reviewed\`.`];
  const open = all.filter(({ isMet }) => !isMet);
  const ids = open.map(({ id, check }) => (check === REVIEWED ? `${id} (reviewed)` : id));
  const left = open.length === 0 ? 'none is open' : `open: ${listed(ids, MAX_OPEN)}`;
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
