import type { ShownSession } from '../../../core/acts/reading/watch-sessions.act.ts';
import type { SessionFacts } from '../../../core/caller/facts/session-facts.ts';
import type { Commit } from '../../../core/project/worktrees/changes.ts';

export interface WatchedRow {
  /** Its run folder, which is unique. */
  key: string;
  facts: SessionFacts;
  session: ShownSession;
  /** Its name without the date, unless another session has the same one. */
  name: string;
  projectDir: string;
  project: string;
  isEstimate: boolean;
}

export interface WatchedDetails {
  key: string;
  commits?: readonly Commit[];
  totalCommits?: number;
  /** The last lines of its agent's output, or of its log while no agent runs; oldest first. */
  tail?: readonly string[];
}

/** The content of the screen, independent of the person's place on it. */
export interface WatchModel {
  /** In screen order; undefined until the sessions have been read once. */
  rows: readonly WatchedRow[] | undefined;
  details?: WatchedDetails;
  nowMs: number;
  /** For a tab of the page that asks to be confirmed. */
  digits?: string | undefined;
}

/** The person's place on the screen: selection, filter and folds. */
export interface WatchPlace {
  /** Key of the selected row; undefined while there is none. */
  selected?: string;
  isHelp: boolean;
  filter?: string;
  isTyping?: boolean;
  showsStopped?: boolean;
  notice?: string;
}

export const START_PLACE: WatchPlace = { isHelp: false };
