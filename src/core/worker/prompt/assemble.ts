import { join } from 'node:path';
import done from '../../../../agents/done.md';
import implementation from '../../../../agents/implementation.md';
import init from '../../../../agents/init.md';
import investigation from '../../../../agents/investigation.md';
import planning from '../../../../agents/planning.md';
import quality from '../../../../agents/quality.md';
import quick from '../../../../agents/quick.md';
import requirements from '../../../../agents/requirements.md';
import testing from '../../../../agents/testing.md';
import chance from '../../../../workflow/chance.md';
import contract from '../../../../workflow/contract.md';
import failing from '../../../../workflow/failing.md';
import findingForm from '../../../../workflow/finding-form.md';
import handOff from '../../../../workflow/hand-off.md';
import headlessChromium from '../../../../workflow/headless-chromium.md';
import iteration from '../../../../workflow/iteration.md';
import largePlan from '../../../../workflow/large-plan.md';
import ledgerForm from '../../../../workflow/ledger-form.md';
import overview from '../../../../workflow/overview.md';
import planForm from '../../../../workflow/plan-form.md';
import alone from '../../../../workflow/provider-alone.md';
import qaForm from '../../../../workflow/qa-form.md';
import qaRound from '../../../../workflow/qa-round.md';
import servers from '../../../../workflow/servers.md';
import signal from '../../../../workflow/signal.md';
import summaryForm from '../../../../workflow/summary-form.md';
import twoProposals from '../../../../workflow/two-proposals.md';
import webPages from '../../../../workflow/web-pages.md';
import { providerNamed } from '../../agents/registry.ts';
import { type Stamps, stampsAt, threeDigits } from '../../kernel/files/stamps.ts';
import { GRANTS } from '../../kernel/phases/grants.ts';
import { mayEndWith } from '../../kernel/phases/judge-signal.ts';
import { NO_PLAN } from '../../kernel/phases/outcome.ts';
import type { Phase } from '../../kernel/phases/table.ts';
import { beginning } from '../../kernel/text.ts';
import { oneLine } from '../../session/documents/markdown-lines.ts';
import { inlineMaterial, LINE_END, material, materialSection } from '../../session/documents/material.ts';
import { parseSignal } from '../../session/documents/signal.ts';
import type { PromptState } from './prompt-state.ts';
import { nextPlanPhase, situation } from './situation-lines.ts';

const PERMISSION_TEXT: Readonly<Record<PromptState['permissions'], string>> = {
  skip: 'Your commands run without confirmation: think before anything that cannot be undone, above all deletions and migrations.',
  auto: "The vendor's reviewer judges what you do: what it denies stays denied, also by another way to the same end. Find another approach, or signal `blocked` and name what is missing.",
  allow:
    'Not everything is allowed here: what is refused (a tool, a folder, the network) stays refused. Find another way, or signal `blocked` and name what is missing.',
};

const DOCUMENTS_ONLY =
  ' In this phase you can read everything, write files in the session path with your file tools, and run commands that only read (`git log`, `git diff --no-ext-diff`, `grep`, `ls`); most tests and scripts are refused, and so is every change to the code.';

const GUARD_TEXT =
  'You run in a sandbox: the main checkout, other sessions and what starts programs for the user are read-only, and `sudo` fails. ' +
  "The git folder is private to this session; only commits on the session's branch are kept. " +
  'If there is no way around what is refused, signal `blocked`.';

const STRICT_TEXT =
  'Your home folder and `/tmp` are empty, and are emptied after you; only caches of package managers stay. You can reach only allowed hosts, through the proxy that `HTTPS_PROXY` names, and ports that the user opened. ';

function permissionLimits({ permissions, sandbox, phase }: PromptState): string {
  const isNarrow = permissions === 'allow' && GRANTS[phase] === 'documents';
  const words = PERMISSION_TEXT[permissions] + (isNarrow ? DOCUMENTS_ONLY : '');
  if (sandbox === 'none') return words;
  return `${words}\n- ${GUARD_TEXT}${sandbox === 'strict' ? ` ${STRICT_TEXT}` : ''}`.trimEnd();
}

export function assemblePrompt(state: PromptState): string {
  const { sessionDir, phase, now } = state;
  const stamps = stampsAt(now);
  const timestampIteration = `[${threeDigits(state.iteration)} @ ${stamps.log}]`;
  const page = phase === 'implementation' && state.progress.way === 'quick' ? quick : PHASE_AGENTS[phase];
  const { duties, signals } = partsOf(filledIn(page, state));
  const open = openSignals(signals, state);
  const text = fillPlaces(iteration, {
    sessionPath: sessionDir,
    workingDirectory: state.workingDir,
    phase,
    iteration: threeDigits(state.iteration),
    timeLimit: timeLimit(state.timeLimitMs, stamps),
    approvedPlan: approvedPlan(state),
    attention: attention(state),
    contract: fillPlaces(contract, {
      permissions: permissionLimits(state),
      handOff: open.includes('"handoff"') ? handOff.trimEnd() : '',
    }),
    situation: situation(state),
    duties,
    provider: aboutCli(providerNamed(state.provider).promptText ?? alone, duties),
    overview: fillPlaces(overview, { timestampIteration }),
    signal: fillPlaces(signal, { sessionPath: sessionDir, signals: open }),
  });
  // A NUL byte in a program's arguments would prevent its start, whatever its source.
  const typed = text.replaceAll('\0', '\u{fffd}');
  return `${typed.replace(/\n{3,}/g, '\n\n').trimEnd()}\n`;
}

/** Removes the section about helpers if no step of the phase uses one. */
function aboutCli(words: string, duties: string): string {
  const sections = words.split(/^(?=## )/m);
  return sections.filter((each) => duties.includes('helper') || !each.startsWith('## Helpers')).join('');
}

// An agent chose the file's name.
function approvedPlan({ sessionDir, plan }: PromptState): string {
  return plan?.outcome.approved ? `**Approved plan:** ${oneLine(join(sessionDir, plan.name))}\n` : '';
}

/**
 * Fills the forms into an agent's duties, and the time into names and commands, so that they can be copied; removes the
 * line that asks a CLI for a second opinion on its own work.
 */
function filledIn(duties: string, state: PromptState): string {
  const { now, timeLimitMs, provider } = state;
  const { file, log } = stampsAt(now);
  return withForms(duties, notNeeded(state))
    .replace(new RegExp(`^\\{ command -v ${provider} .*\\n`, 'm'), '')
    .replace(` "$D.${provider}"`, '')
    .replaceAll('TIMESTAMP_FILE', file)
    .replaceAll('TIMESTAMP_LOG', log)
    .replaceAll('REVIEW_SECONDS', String(reviewSeconds(timeLimitMs)));
}

/** The forms that mean nothing in this state. */
function notNeeded({ pages, documents, plan }: PromptState): (keyof typeof FORMS)[] {
  return [
    ...(pages === 'none' ? (['webPages'] as const) : []),
    // Its recipe starts a server, too.
    pages === 'opened' ? 'servers' : 'headlessChromium',
    ...(documents.includes('_qa.md') ? [] : (['qaRound'] as const)),
    ...(nextPlanPhase(plan)?.wantsComparison ? [] : (['twoProposals'] as const)),
  ];
}

/** The time for another vendor's CLI: a third of the iteration, which leaves time to judge and fix its findings. */
function reviewSeconds(timeLimitMs: number): number {
  return Math.min(900, Math.max(60, Math.floor(timeLimitMs / 3000)));
}

/** The signals on the page that the worker would accept from this agent. */
function openSignals(
  signals: string,
  { phase, progress, rules, questions, plan, hasChecks }: PromptState,
): string {
  const outcome = {
    questions,
    plan: plan?.outcome ?? NO_PLAN,
    treeChanged: false,
    unacknowledged: [],
    hasChecks,
  };
  const lines = signals.split(/^(?=- )/m).filter((line) => {
    const reading = parseSignal(/`(\{.*\})`/.exec(line)?.[1], phase);
    return reading.kind === 'signal' && mayEndWith({ progress, outcome, rules }, reading.signal);
  });
  return lines.join('');
}

function timeLimit(ms: number, { log }: Stamps): string {
  const minutes = Math.max(1, Math.round(ms / 60_000));
  const many = minutes === 1 ? 'minute' : 'minutes';
  return `${minutes} ${many} from ${log} on; \`date\` shows the time`;
}

/** The duties of each phase's agent; compiled in, so that an upgrade changes nothing during a run. */
const PHASE_AGENTS: Readonly<Record<Phase, string>> = {
  init,
  investigation,
  requirements,
  planning,
  implementation,
  testing,
  quality,
  done,
};

/**
 * A page without its front matter, which is for clients, and without its list of signals, which goes to the end of a
 * prompt.
 */
function partsOf(page: string): { duties: string; signals: string } {
  const body = page.replace(/^---\n[\s\S]*?\n---\n/, '');
  const [section = '', signals = ''] = /\*\*Signals\*\*\n\n((?:(?:- | {2}).*\n)+)\n?/.exec(body) ?? [];
  return { duties: body.replace(section, () => ''), signals };
}

// Longer texts from others are truncated, followed by the name of the file.
const MAX_TASK = 12_000;
const MAX_CONSTRAINTS = 12_000;
const MAX_MESSAGE = 4_000;
const MAX_MESSAGES = 10;
const MAX_NOTE = 4_000;
// No file contains the feedback, so it is included in full up to a size that no person would write.
const MAX_FEEDBACK = 100_000;
// About 250 tokens in total, which nearly every agent of the phase would otherwise read from files first. A longer phase
// is not quoted: agents read the plan, and half a box would mislead.
const MAX_PLAN_PHASE = 600;
const MAX_ANSWERS = 400;

/** What the agent must read first: failures and hand-offs, the person's text, the goal. */
function attention(state: PromptState): string {
  const { sessionDir, task, dive, goal, feedback, constraints, phase, plan } = state;
  const overview = join(sessionDir, '_overview.md');
  const section = (title: string, text: string | undefined, maxChars: number, whole = overview) =>
    text === undefined ? '' : materialSection(title, text, { maxChars, whole });
  const finished =
    'The goal now (the task below is finished; its questions and plans do not count for this goal)';
  // A session without a task may have no other text.
  const isDiving = phase === 'investigation' || task === undefined;
  const parts = [
    firstOfAll(state),
    messages(state),
    ...state.sections,
    section('The human wants the plan changed', feedback, MAX_FEEDBACK),
    section(finished, goal, MAX_TASK),
    section('The task', task, MAX_TASK, `${overview}, under Task`),
    section('The dive topic: what to investigate', isDiving ? dive : undefined, MAX_TASK),
    section('The answers on record', answersIn(state), MAX_ANSWERS, join(sessionDir, '_qa.md')),
    section(
      'Your plan phase',
      planPhaseIn(state),
      MAX_PLAN_PHASE,
      join(sessionDir, oneLine(plan?.name ?? '')),
    ),
    section(
      'Constraints of this project, for what you build',
      constraints?.text,
      MAX_CONSTRAINTS,
      constraints?.path,
    ),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function answersIn({ phase, questions: { answers } }: PromptState): string | undefined {
  const isFollowed = phase === 'requirements' || phase === 'planning' || phase === 'implementation';
  return (isFollowed && answers.join('\n')) || undefined;
}

function planPhaseIn({ phase, plan }: PromptState): string | undefined {
  const next = phase === 'implementation' ? nextPlanPhase(plan) : undefined;
  const text =
    next && [`Phase ${next.number}: ${oneLine(next.name)}`, ...next.lines.filter(Boolean)].join('\n');
  return text && text.length <= MAX_PLAN_PHASE ? text : undefined;
}

function firstOfAll({ notes }: PromptState): string {
  return notes.length === 0 ? '' : `## First of all\n\n${notes.map(noteItem).join('\n')}\n`;
}

// The first line is the worker's; the rest quotes an agent or a person.
function noteItem(note: string): string {
  const [own = '', ...rest] = note.split(LINE_END);
  const quoted = rest.join('\n');
  const item = `- ${beginning(own, MAX_NOTE)}`;
  if (quoted.trim() === '') return item;
  return `${item}\n\n${indented(material(quoted, MAX_NOTE, 'the log of the agent before you, in _logs/'))}\n`;
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}

function messages({ messages: all }: PromptState): string {
  if (all.length === 0) return '';
  const shown = all.slice(0, MAX_MESSAGES).map(({ id, path, text, isRepeated }) => {
    const again = isRepeated ? ', given to an earlier agent too and not acknowledged' : '';
    return `Message ${inlineMaterial(id)}${again}:\n\n${material(text, MAX_MESSAGE, path)}\n`;
  });
  const left = all.slice(MAX_MESSAGES).map(({ path }) => `- ${path}`);
  const ids = all.map(({ id }) => id);
  return [
    '## Messages from the human\n',
    ...shown,
    ...(left.length > 0 ? [`More messages, to be read in this order:\n\n${left.join('\n')}\n`] : []),
    'Take each into account, say in the flow log what became of it, and acknowledge those that you have followed in your',
    `signal by their ids: \`"acknowledged": ${JSON.stringify(ids)}\`. The session cannot end while one is not acknowledged.\n`,
  ].join('\n');
}

/** The forms that several pages and skills share, by the name of their place. */
const FORMS = {
  chance,
  failing,
  findingForm,
  headlessChromium,
  largePlan,
  ledgerForm,
  planForm,
  qaForm,
  qaRound,
  servers,
  summaryForm,
  twoProposals,
  webPages,
};

/** Fills the shared forms into a page. @param without forms whose places stay empty */
export function withForms(page: string, without: readonly (keyof typeof FORMS)[] = []): string {
  const values = Object.entries(FORMS).map(
    ([name, form]) => [name, without.some((each) => each === name) ? '' : form.trimEnd()] as const,
  );
  return fillPlaces(page, Object.fromEntries(values));
}

/**
 * Fills `{{name}}` placeholders. Values are not searched for placeholders themselves.
 * @throws Error for a placeholder without a value: a bug that a test finds
 */
function fillPlaces(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{\{(\w+)\}\}/g, (place, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`There is no value for ${place}.`);
    return value;
  });
}
