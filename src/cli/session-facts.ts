import type { SessionReport } from '../actions/get-status.ts';
import { spentWords } from '../actions/spent-words.ts';
import { needsHuman } from '../session/session-list.ts';
import type { SessionView } from '../session/status.ts';

/** A session as `--json` shows it: a contract, so names change only with the version. */
export interface SessionFacts {
  session: string;
  state: string;
  for?: string;
  reason?: string;
  needs?: string;
  summary?: string;
  /** ISO time when a usage limit ends. */
  until?: string;
  phase: string;
  /** Running number within the phase. */
  iteration: number;
  totalIterations: number;
  /** ISO times. */
  createdAt?: string;
  since: string;
  openQuestions?: string[];
  doing?: string;
  needsHuman: boolean;
  worker: SessionView['worker'];
  task?: string;
  branch?: string;
  base?: string;
  worktree?: string;
  sessionDir: string;
  costUsd?: number;
  /** Money and tokens in words, with the limits that there are. */
  spent?: string;
  problems?: string[];
  /** The command that goes on from here. */
  next: string;
}

export function sessionFacts(
  view: SessionView,
  more: Partial<Pick<SessionReport, 'activity'>> = {},
): SessionFacts {
  const { state, sessionFile, paths } = view;
  const { progress, worktree, status } = state;
  const spent = spentWords(view);
  const task = state.goal ?? sessionFile?.task ?? sessionFile?.dive;
  return {
    session: view.folder,
    state: status.kind,
    ...stateFacts(view),
    phase: progress.phase,
    iteration: progress.phaseIteration,
    totalIterations: progress.totalIterations,
    ...(state.createdAt && { createdAt: state.createdAt }),
    since: status.since,
    ...(more.activity && { doing: more.activity }),
    needsHuman: needsHuman(view),
    worker: view.worker,
    ...(task && { task }),
    ...(worktree && { branch: worktree.branch, base: worktree.base, worktree: worktree.path }),
    sessionDir: paths.sessionDir,
    ...(state.cost.usd !== undefined && { costUsd: state.cost.usd }),
    ...(spent && { spent }),
    ...(view.problems.length > 0 && { problems: view.problems }),
    next: nextCommand(view),
  };
}

function stateFacts({ state: { status } }: SessionView): Partial<SessionFacts> {
  switch (status.kind) {
    case 'starting':
    case 'running':
      return {};
    case 'queued':
      return { reason: status.reason };
    case 'waiting':
      return {
        for: status.for,
        ...(status.reason && { reason: status.reason }),
        ...(status.openQuestions.length > 0 && { openQuestions: status.openQuestions }),
      };
    case 'limited':
      return { until: new Date(status.until).toISOString() };
    case 'blocked':
      return { reason: status.reason, needs: status.needs };
    case 'stopped':
      return { reason: status.why };
    case 'done':
      return { summary: status.summary };
    default:
      return status satisfies never;
  }
}

/** What a person types next. */
export function nextCommand({ folder, state: { status }, isForeign }: SessionView): string {
  const name = shortName(folder);
  switch (status.kind) {
    case 'starting':
    case 'queued':
    case 'running':
    case 'limited':
      return `samocode log ${name} --follow`;
    case 'waiting':
      return WAITING_NEXT[status.for](name);
    case 'blocked':
      return `samocode resume ${name} --note "…"`;
    case 'stopped':
      return `samocode resume ${name}`;
    case 'done':
      return isForeign ? `samocode status ${name}` : `samocode resume ${name} --goal "…"`;
    default:
      return status satisfies never;
  }
}

const WAITING_NEXT = {
  qa_answers: (name: string) => `samocode answer ${name}`,
  plan_approval: (name: string) => `samocode plan ${name}`,
  file_update: (name: string) => `samocode resume ${name}`,
  human_action: (name: string) => `samocode resume ${name} --note "…"`,
};

/** A session's name without its date, as people call it. */
export function shortName(folder: string): string {
  return folder.replace(/^\d{2}-\d{2}-\d{2}-/, '');
}
