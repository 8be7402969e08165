import { isAbsolute } from 'node:path';
import { stampsAt, threeDigits } from '../../../core/kernel/files/stamps.ts';
import { phaseNamed } from '../../../core/kernel/phases/table.ts';
import { TASK_ID } from '../../../core/session/documents/requirements.ts';

export type PromptFacts = ReturnType<typeof readPrompt>;

/**
 * Reads the prompt's labelled lines. A missing time is taken from `nowMs`.
 * @throws SetupError when session, working directory or phase are missing
 */
export function readPrompt(prompt: string, nowMs: number) {
  const phase = phaseNamed(labelled(prompt, 'Phase') ?? '');
  if (!phase) throw new SetupError('the prompt has no line "**Phase:** <name of a phase>"');
  const iteration = Number.parseInt(labelled(prompt, 'Iteration') ?? '1', 10) || 1;
  const began = /from (\d\d-\d\d \d\d:\d\d) on/.exec(labelled(prompt, 'Time limit') ?? '')?.[1];
  const log = began ?? stampsAt(nowMs).log;
  return {
    sessionDir: folder(prompt, 'Session path'),
    workingDir: folder(prompt, 'Working directory'),
    phase,
    iteration,
    // `MM-DD-HHMM` begins document names, `[NNN @ MM-DD HH:MM]` begins flow lines.
    stamps: {
      file: log.replace(' ', '-').replace(':', ''),
      log,
      iteration: `[${threeDigits(iteration)} @ ${log}]`,
    },
    // A person's comments on the last plan or result, verbatim; empty if there are none.
    feedback: quotedBelow(prompt, 'The human wants the plan changed'),
    // Replaces the task when a finished session gets a new goal.
    goal: quotedBelow(prompt, 'The goal now'),
    /** The task itself is a requirement. */
    reviewsTask: prompt.includes(`The requirement ${TASK_ID} is the task itself`),
    /** What a reader names to accept tests of the base that fail. */
    oldTests: /"reviewed": \["(old-\w+)"\]/.exec(prompt)?.[1] ?? '',
    /** The signals offer the end of the session. */
    mayBeDone: prompt.includes('{"status":"done"'),
    planName: labelled(prompt, 'Approved plan')?.split('/').at(-1),
  };
}

function folder(prompt: string, label: string): string {
  const path = labelled(prompt, label) ?? '';
  if (isAbsolute(path)) return path;
  throw new SetupError(`the prompt has no line "**${label}:** <absolute path>"`);
}

function labelled(prompt: string, label: string): string | undefined {
  const line = new RegExp(`^\\s*(?:[-*] )?\\*\\*${label}:\\*\\*[ \\t]*(.+)$`, 'im').exec(prompt)?.[1];
  return line?.trim().replace(/^`(.*)`$/, '$1');
}

/** The quoted text below the first matching heading, up to the next heading or label. */
function quotedBelow(prompt: string, heading: string): string {
  const [, below = ''] = prompt.split(new RegExp(`^#{1,6} .*${heading}.*$`, 'im'));
  const [text = ''] = below.split(/^(?:#{1,6} |\*\*[^*\n]+:\*\*|---)/m);
  return text.replace(/^[ \t]*> ?/gm, '').trim();
}

/** The rehearsal cannot start: no usable prompt, or no such scenario. Exits with status 2. */
export class SetupError extends Error {
  constructor(why: string) {
    super(`The rehearsal did not start: ${why}.`);
  }
}
