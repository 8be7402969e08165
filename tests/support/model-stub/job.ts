import { type Phase, phaseNamed } from '../../../src/core/kernel/phases/table.ts';
import type { PlannedWork } from './planned-work.ts';

/** What the scripted model reads from the prompt of an iteration. */
export interface Job {
  sessionDir: string;
  workingDir: string;
  phase: Phase;
  /** Three digits. */
  iteration: string;
  /** `MM-DD-HHMM`, begins documents' names. */
  fileStamp: string;
  /** `[NNN @ MM-DD HH:MM]`, begins flow lines. */
  flowStamp: string;
  work: PlannedWork;
  /** The prompt offers to wait for the approval of a plan. */
  mayPlan: boolean;
  /** The next plan phase is marked `Proposals: two`. */
  wantsComparison: boolean;
}

/** Undefined for a prompt that is not one of samocode's. @throws if one of its lines is missing */
export function jobIn(prompt: string, work: PlannedWork): Job | undefined {
  if (!prompt.includes('**Session path:**')) return undefined;
  const phase = phaseNamed(line(prompt, 'Phase'));
  if (!phase) throw new Error('The prompt names no phase.');
  const iteration = line(prompt, 'Iteration').replace(/\D.*$/, '').padStart(3, '0');
  const began = /from (\S+ \S+) on/.exec(line(prompt, 'Time limit'))?.[1];
  if (began === undefined) throw new Error('The prompt does not say when its time began.');
  return {
    sessionDir: line(prompt, 'Session path'),
    workingDir: line(prompt, 'Working directory'),
    phase,
    iteration,
    fileStamp: began.replace(' ', '-').replace(':', ''),
    flowStamp: `[${iteration} @ ${began}]`,
    work,
    mayPlan: prompt.includes('"for":"plan_approval"'),
    wantsComparison: prompt.includes('It is marked `Proposals: two`'),
  };
}

function line(prompt: string, label: string): string {
  const words = new RegExp(`\\*\\*${label}:\\*\\*[ \\t]*(.+)`).exec(prompt)?.[1];
  if (!words) throw new Error(`The prompt has no line **${label}:**.`);
  return words.replaceAll('`', '').trim();
}
