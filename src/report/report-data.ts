import type { EndingKind } from '../phases/ending.ts';
import type { Phase } from '../phases/table.ts';

/** A session at a glance: a row of the page over several, and the head of its own. Text in it was written by anybody. */
export interface SessionCard {
  /** Its name without the date. */
  name: string;
  project: string;
  tone: Tone;
  /** A sentence of ours. */
  sentence: string;
  /** What an agent says of it: the reason of a block, the summary at the end. */
  says?: string;
  phase: Phase;
  branch?: string;
  startedAt: string;
  /** The end of the session; until it has one, when the page was made. */
  until: string;
  iterationCount: number;
  workedMs: number;
  cost: ReportCost;
  /** Of a finished session: whose checks passed on what it ended with. */
  provedBy?: 'project' | 'plan' | 'none';
  /** Command lines for the person. */
  next: string;
  /** Its own page, relative to the one it is named on. */
  page?: string;
}

/** Who acts next. */
export type Tone = 'person' | 'working' | 'done' | 'resting';

/** When a page was made, and by which samocode. */
export interface Made {
  madeAt: string;
  version: string;
}

/** What the page over several sessions shows. */
export interface OverviewReportData extends Made {
  /** Whose sessions these are, in words of ours. */
  scope: string;
  cards: SessionCard[];
}

/** What the page of one session shows: plain data, gathered by `actions/reporting/`. */
export interface SessionReportData extends SessionCard, Made {
  folder: string;
  /** What the person asked for. */
  task: string;
  base?: string;
  sandbox?: string;
  iterations: ReportIteration[];
  /** Times without an agent, in their order. */
  gaps: ReportGap[];
  questions: ReportQuestion[];
  plan?: ReportPlan;
  requirements: { id: string; text: string; check: string; isMet: boolean }[];
  checks: ReportCheckSet[];
  /** Its facts as Markdown. */
  proof?: { commit: string; doneAt: string; text: string };
  /** Files that the approved plan does not name. */
  outsidePlan: string[];
  /** `data`: PNG as base64. */
  pictures: { name: string; data: string }[];
  documents: { name: string; kind: string; text: string; isCut: boolean }[];
  /** What people and the worker did, in their words and ours. */
  acts: { at: string; text: string }[];
}

export interface ReportCost {
  usd?: number;
  usdIsEstimate?: boolean;
  inputTokens?: number;
  outputTokens?: number;
  cachedTokens?: number;
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
  /** What followed, a few words of ours. */
  decided?: string;
  problem?: string;
  did?: string;
  next?: string;
  cost: ReportCost;
  tools: [name: string, calls: number][];
  commits: { hash: string; subject: string }[];
  diff?: ReportDiff;
  /** Its lines; or the file beside the page that has them. */
  transcript?: { count: number; entries?: TranscriptPiece[]; file?: string };
}

export interface ReportDiff {
  files: { path: string; added: number | null; removed: number | null }[];
  added: number;
  removed: number;
  /** As git prints it; cut where it is long. */
  patch: string;
  isCut: boolean;
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
  /** A person could have ended it. */
  isForPerson: boolean;
}

export interface ReportQuestion {
  id: string;
  text: string;
  options: { letter: string; text: string }[];
  suggestion?: string;
  answer?: string;
  /** Who answered, as `describeBy` words it. */
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
  /** `checks in a fresh clone`, in words of ours. */
  title: string;
  at: string;
  iteration?: number;
  commit: string;
  sandbox: string;
  passed: boolean;
  runs: { command: string; how?: string; durationMs: number; tail?: string; isSetup: boolean }[];
}
