import { join } from 'node:path';
import { readPlanOf } from '../../../core/acts/gates/read-plan.act.ts';
import { readQaOf } from '../../../core/acts/gates/read-qa.act.ts';
import {
  planAtStake,
  questionsAtStake,
  stakeLine,
  workAtStake,
} from '../../../core/caller/facts/at-stake.ts';
import { furtherRemarks } from '../../../core/caller/facts/further-remarks.ts';
import { nextSteps } from '../../../core/caller/facts/next-steps.ts';
import { spentText } from '../../../core/caller/facts/spent-text.ts';
import { isSamocodeError } from '../../../core/kernel/errors.ts';
import { stampsAt } from '../../../core/kernel/files/stamps.ts';
import { capitalised, shownText } from '../../../core/kernel/text.ts';
import { parsePlan } from '../../../core/session/documents/plan.ts';
import type { QaQuestion } from '../../../core/session/documents/qa-blocks.ts';
import { missingText } from '../../../core/session/events/pull-request-change.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import { handleOf } from '../../../core/session/layout/names.ts';

/** What a notification says below its title, and what it asks for. */
export interface Details {
  text: string;
  questions?: readonly QaQuestion[];
  plan?: { name: string; path: string; hash: string; summary: string };
}

export async function waitingDetails(view: SessionView): Promise<Details | undefined> {
  const { status } = view.state;
  if (status.kind !== 'waiting') return undefined;
  const reason = status.reason ?? '';
  if (status.for === 'qa_answers') {
    const report = await readQaOf(view);
    const { questions: all, about } = report;
    const questions = all.filter(({ isOpen }) => isOpen);
    const stake = stakeLine(questionsAtStake(report));
    return {
      text: [reason, stake, ...questions.map(formatQuestion), about?.text].filter(Boolean).join('\n\n'),
      questions,
    };
  }
  if (status.for === 'file_update') return { text: `${reason}\nFile: ${status.file ?? ''}` };
  const plan = status.plan === undefined ? undefined : await planOf(view);
  if (plan === undefined) return { text: reason };
  return { text: [reason, plan.summary].filter(Boolean).join('\n\n'), plan };
}

function formatQuestion({ id, text, options, suggestion }: QaQuestion): string {
  const lines = options.map((option) => {
    const isSuggested = suggestion?.letters.includes(option.letter);
    return `  ${option.letter}) ${option.text}${isSuggested ? ' (suggested)' : ''}`;
  });
  return [`${id}: ${text}`, ...lines].join('\n');
}

async function planOf(view: SessionView): Promise<Details['plan']> {
  try {
    const plan = await readPlanOf(view);
    const { name, hash, text, servers, warnings, remarks } = plan;
    const { title, phases } = parsePlan(text);
    const lines = phases.map((phase) => `${phase.number}. ${phase.name}`);
    const stake = stakeLine(planAtStake(plan));
    const further = await furtherRemarks(view, { plan: text });
    const said = [title ?? name, ...warnings, stake, ...lines, ...servers, ...remarks, ...further];
    const summary = said.join('\n');
    return { name, path: join(view.paths.sessionDir, name), hash, summary: shownText(summary) };
  } catch (error) {
    // The plan was removed or became unreadable; the session still waits.
    if (isSamocodeError(error)) return undefined;
    throw error;
  }
}

export function blockedDetails({ state: { status } }: SessionView): Details | undefined {
  return status.kind === 'blocked' ? { text: `${status.reason}\nNeeds: ${status.needs}` } : undefined;
}

/** How the rest of a plan's window can be used that the person keeps. */
export function keptDetails({ folder, state: { status } }: SessionView): Details | undefined {
  const isKept = status.kind === 'limited' && status.kept !== undefined;
  return isKept ? { text: `To use the rest until that window ends: samocode resume ${folder}` } : undefined;
}

export function queuedDetails({ state: { status }, lease }: SessionView): Details | undefined {
  return status.kind === 'queued' && lease?.unmetRequirements === undefined
    ? { text: `Queued since ${stampsAt(Date.parse(status.since)).minute}: ${status.reason}` }
    : undefined;
}

export async function doneDetails(view: SessionView): Promise<Details> {
  const { state } = view;
  const isToFinish = nextSteps(view).some(({ act }) => act === 'finish');
  const stake = stakeLine(await workAtStake(view));
  const spent = spentText(view);
  const lines = [
    state.status.kind === 'done' ? state.status.summary : '',
    ...(stake === '' ? [] : [capitalised(stake)]),
    ...(state.workedOn === undefined ? [] : [`Worked on: ${state.workedOn.join(', ')}`]),
    ...(state.worktree === undefined ? [] : [`Branch: ${state.worktree.branch}`]),
    ...(spent === '' ? [] : [`Spent: ${spent}`]),
    ...(isToFinish ? [`Next, in a terminal: samocode finish ${handleOf(view.folder)}`] : []),
  ];
  return { text: lines.join('\n') };
}

export function pullRequestDetails(view: SessionView): Details {
  const { pullRequest } = view.state;
  const isMerged = pullRequest?.state === 'merged';
  const lines = [
    pullRequest?.url,
    pullRequest?.unseen?.why,
    pullRequest?.asks,
    pullRequest?.missing && `${capitalised(missingText(pullRequest.missing))}.`,
    ...(isMerged ? [`Next, in a terminal: samocode archive ${handleOf(view.folder)}`] : []),
  ];
  return { text: lines.filter(Boolean).join('\n') };
}
