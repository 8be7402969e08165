import type { EndingKind } from '../../../core/kernel/phases/ending.ts';
import type { RED_AFTER, UNSTEADY } from '../../../core/kernel/phases/proving.ts';
import type { Phase, Way } from '../../../core/kernel/phases/table.ts';

/** The sections of a session's page, in order. */
export const SECTIONS = {
  timeline: 'Timeline',
  questions: 'Questions and answers',
  plan: 'Plan',
  checks: 'Checks and proof',
  pages: 'What people will see',
  pictures: 'Pictures',
  iterations: 'Iterations',
  documents: 'Documents',
  acts: 'Log',
} as const;
export type SectionId = keyof typeof SECTIONS;

/** What a session is and how far, for the top of its page. The text is untrusted unless it is called ours. */
export interface SessionHead {
  /** Its name without the date. */
  name: string;
  /** The first line of its task, otherwise its name. */
  title: string;
  project: string;
  /** The state in one or two words. */
  badge: { text: string; tone: 'person' | 'working' | 'done' | 'resting' };
  /** Our own text. */
  sentence: string;
  /** Our own text about what does not stop the session now. */
  warning?: string;
  /** Text written by an agent: the reason for a block, or the summary at the end. */
  says?: string;
  phase: Phase;
  /** Absent: full. */
  way?: Exclude<Way, 'full'>;
  branch?: string;
  base?: string;
  sandbox?: string;
  workedOn?: string;
  recurring?: string;
  startedAt: string;
  /** The end of the session; until it has ended, the time at which the page was made. */
  until: string;
  madeAt: string;
  iterationCount: number;
  workedMs: number;
  /** Cost and tokens, with the limits in effect: our own text. */
  spent?: string;
  /** For a done session: whether its last commit is proved, and our own text about it. */
  proved?: { how: 'yes' | 'partly' | 'no'; words: string };
  task: string;
}

/** The data of a session's page. */
export interface SessionReportData extends SessionHead {
  version: string;
  cost: ReportCost;
  /** Command lines for the person, the most useful first. */
  next: string[];
  iterations: ReportIteration[];
  /** Times without an agent, in order. */
  gaps: ReportGap[];
  questions: ReportQuestion[];
  plan?: ReportPlan;
  requirements: { id: string; text: string; check: string; isMet: boolean }[];
  checks: ReportCheckSet[];
  /** `text`: its facts as Markdown. */
  proof?: { commit: string; doneAt: string; text: string };
  outsidePlan: string[];
  /** `data`: PNG as base64. */
  pictures: { name: string; data: string }[];
  /** The application's pages before and after. */
  pages?: ReportPages;
  documents: { name: string; kind: string; text: string; isCut: boolean }[];
  acts: { at: string; text: string }[];
}

/** Recorded by the worker; the sentences can quote addresses and file names of the application. */
export interface ReportPages {
  commit: string;
  sentences: string[];
  pages: { page: string; width: number; differing?: number; sides: ReportPageSide[] }[];
}

/** A picture with its size in pixels. */
export interface ReportPageSide {
  side: 'before' | 'after' | 'difference';
  width: number;
  height: number;
  /** PNG as base64; absent if it is not shown, or loaded later. */
  data?: string;
  /** The address from which the live page loads it. */
  load?: string;
}

export interface ReportCost {
  usd?: number;
  usdIsEstimate?: boolean;
  inputTokens?: number;
  outputTokens?: number;
}

export interface ReportIteration {
  iteration: number;
  phase: Phase;
  provider: string;
  model: string;
  startedAt: string;
  /** Absent while it runs. */
  endedAt?: string;
  durationMs: number;
  ending?: EndingKind;
  /** The decision after it, as our own text. */
  decided?: string;
  problem?: string;
  did?: string;
  next?: string;
  cost: ReportCost;
  tools: [name: string, calls: number][];
  /** The address from which the live page loads its details. */
  load?: string;
  commits: { hash: string; subject: string }[];
  diff?: ReportDiff;
  /** The end of it, or a link to a page that shows it. */
  transcript?: { entries: TranscriptPiece[]; isCut: boolean } | { link: string };
}

export interface ReportDiff {
  /** `patch`: as printed by git; absent where the diff is cut. */
  files: { path: string; added: number | null; removed: number | null; patch?: string }[];
  added: number;
  removed: number;
  isCut: boolean;
  /** The number of files beyond those listed. */
  moreFiles: number;
}

export interface TranscriptPiece {
  kind: 'text' | 'tool' | 'result' | 'note';
  text: string;
  depth: number;
  failed?: true;
  continues?: true;
}

export interface ReportGap {
  from: string;
  to: string;
  /** Completes "the session was …". */
  words: string;
  /** Whether a person could have ended it. */
  isForPerson: boolean;
}

export interface ReportQuestion {
  id: string;
  text: string;
  options: { letter: string; text: string }[];
  suggestion?: string;
  answer?: string;
  /** In the words of `openedBy`. */
  by?: string;
  at?: string;
  isOpen: boolean;
}

export interface ReportPlan {
  name: string;
  state: string;
  text: string;
  approved?: { by: string; at?: string };
  phases: { number: number; name: string; done: number; total: number; completed: boolean }[];
}

export interface ReportCheckSet {
  /** Our own text, such as `checks in a fresh clone`. */
  title: string;
  at: string;
  iteration?: number;
  commit: string;
  sandbox: string;
  result: 'passed' | 'failed' | typeof RED_AFTER | typeof UNSTEADY;
  runs: { command: string; how?: string; durationMs: number; tail?: string; isSetup: boolean }[];
}
