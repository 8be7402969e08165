import { isAbsolute } from 'node:path';
import { stampsAt, threeDigits } from '../base/files/stamps.ts';
import { type Phase, phaseNamed } from '../phases/table.ts';

/** What the prompt says about this iteration. */
export interface PromptFacts {
  sessionDir: string;
  workingDir: string;
  phase: Phase;
  iteration: number;
  stamps: {
    /** `MM-DD-HHMM`, begins document names. */
    file: string;
    /** `MM-DD HH:MM`. */
    log: string;
    /** `[NNN @ MM-DD HH:MM]`, begins flow lines. */
    iteration: string;
  };
  /** What a person said about the last plan or result, word for word; empty when nothing. */
  feedback: string;
  /** What takes the task's place after a finished session was given more to do; empty when nothing. */
  goal: string;
  /** File name of the approved plan, when the prompt names it. */
  planName: string | undefined;
}

/**
 * Reads the prompt's labelled lines. Stamps that are missing are taken from `nowMs`.
 * @throws SetupError when session, working directory or phase are not there
 */
export function readPrompt(prompt: string, nowMs: number): PromptFacts {
  const phase = phaseNamed(labelled(prompt, 'Phase') ?? '');
  if (!phase) throw new SetupError('the prompt has no line "**Phase:** <name of a phase>"');
  const iteration = Number.parseInt(labelled(prompt, 'Iteration') ?? '1', 10) || 1;
  const now = stampsAt(nowMs);
  const log = stamp(prompt, 'TIMESTAMP_LOG') ?? now.log;
  return {
    sessionDir: folder(prompt, 'Session path'),
    workingDir: folder(prompt, 'Working directory'),
    phase,
    iteration,
    stamps: {
      file: stamp(prompt, 'TIMESTAMP_FILE') ?? now.file,
      log,
      iteration: `[${threeDigits(iteration)} @ ${log}]`,
    },
    feedback: quotedBelow(prompt, FEEDBACK),
    goal: quotedBelow(prompt, GOAL),
    planName: labelled(prompt, 'Approved plan')?.split('/').at(-1),
  };
}

function folder(prompt: string, label: string): string {
  const path = labelled(prompt, label);
  if (!path || !isAbsolute(path)) {
    throw new SetupError(`the prompt has no line "**${label}:** <absolute path>"`);
  }
  return path;
}

function labelled(prompt: string, label: string): string | undefined {
  const line = new RegExp(`^\\s*(?:[-*] )?\\*\\*${label}:\\*\\*[ \\t]*(.+)$`, 'im').exec(prompt)?.[1];
  return line?.trim().replace(/^`(.*)`$/, '$1');
}

function stamp(prompt: string, name: string): string | undefined {
  return new RegExp(`^\\W*${name}\\W*[:=][*\`\\s]*(.+?)[\`\\s]*$`, 'm').exec(prompt)?.[1];
}

const FEEDBACK = /^#{1,6} .*(?:plan changed|feedback|requested changes|changes requested).*$/im;
const GOAL = /^#{1,6} The goal now\b.*$/im;

/** The quoted text below the first heading that fits, up to the next heading or label. */
function quotedBelow(prompt: string, heading: RegExp): string {
  const found = heading.exec(prompt);
  if (!found) return '';
  const after = prompt.slice(found.index + found[0].length);
  const text = after.split(/^(?:#{1,6} |\*\*[^*\n]+:\*\*|---)/m, 1)[0] ?? '';
  return text.replace(/^[ \t]*> ?/gm, '').trim();
}

/** The rehearsal cannot start at all: no usable prompt, no such scenario. It ends with status 2. */
export class SetupError extends Error {
  constructor(why: string) {
    super(`The rehearsal did not start: ${why}.`);
  }
}
