import { readFile } from 'node:fs/promises';
import template from '../../workflow/iteration.md';
import { ifExists } from '../base/errors.ts';
import { stampsAt, threeDigits } from '../base/stamps.ts';
import type { Phase } from '../phases/table.ts';
import { signalExamples } from '../session/signal.ts';
import { readDocument } from './evidence.ts';
import { PHASE_DUTIES } from './phase-duties.ts';
import { iterationStamp } from './project-event.ts';
import { stateOf, type Worker } from './worker.ts';

export interface PromptFacts {
  iteration: number;
  phase: Phase;
  /** The one clock reading of this iteration. */
  now: number;
  /** Messages of the human for this child, as files. */
  messageFiles: readonly string[];
}

/** The whole prompt of an iteration. The same state and clock reading give the same bytes. */
export async function buildPrompt(worker: Worker, facts: PromptFacts): Promise<string> {
  const { worktree } = stateOf(worker);
  const { iteration, phase, now } = facts;
  const stamps = stampsAt(now);
  return fill(template, {
    sessionPath: worker.paths.sessionDir,
    workingDirectory: worktree?.path ?? worker.file.mainRepo,
    phase,
    iteration: threeDigits(iteration),
    timestampFile: stamps.file,
    timestampLog: stamps.log,
    timestampIteration: iterationStamp(iteration, now),
    branch: worktree?.branch ?? 'none yet',
    base: worktree?.base ?? 'unknown',
    timeLimitMinutes: String(Math.round(worker.file.settings.timeLimitMs / 60_000)),
    attention: await attention(worker, facts),
    duties: PHASE_DUTIES[phase],
    signals: signalExamples(phase)
      .map((example) => `    ${example}\n`)
      .join(''),
  });
}

/** What this child must know before anything else: corrections, the human's words, the goal. */
async function attention(worker: Worker, facts: PromptFacts): Promise<string> {
  const { notes, feedback, goal } = stateOf(worker);
  const messages = await Promise.all(facts.messageFiles.map(readDocument));
  const constraints = await constraintsText(worker);
  const parts = [
    ...(notes.length > 0 ? [`## First of all\n\n${notes.map((note) => `- ${note}`).join('\n')}\n`] : []),
    ...(goal === undefined
      ? []
      : [quoted('The goal now (earlier questions and plans do not count for it)', goal)]),
    ...(feedback === undefined ? [] : [quoted('The human wants the plan changed', feedback)]),
    ...messages.filter((text) => text !== undefined).map((text) => quoted('Message from the human', text)),
    ...(messages.length > 0 ? ['Acknowledge messages in the signal: `"acknowledged": ["id", …]`.\n'] : []),
    ...(constraints === undefined ? [] : [quoted('Constraints of this project', constraints)]),
  ];
  return parts.join('\n');
}

function quoted(title: string, text: string): string {
  const lines = text.trimEnd().split('\n');
  return `## ${title}\n\n${lines.map((line) => `> ${line}`).join('\n')}\n`;
}

async function constraintsText(worker: Worker): Promise<string | undefined> {
  const path = worker.file.settings.constraintsPath;
  return path === undefined ? undefined : await ifExists(readFile(path, 'utf8'));
}

// A function as replacement: `$&` in a task must stay what it is.
function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{\{(\w+)\}\}/g, (placeholder, name: string) => values[name] ?? placeholder);
}
