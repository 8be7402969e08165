import type { ShownFacts } from '../../kit/terminal/session-facts.ts';
import type { Commit } from '../../project/worktrees/changes.ts';

/** One session as the screen shows it. */
export interface WatchedRow {
  /** Its run folder: no other session has that. */
  key: string;
  facts: ShownFacts;
  /** What it is called here: its name without the date, unless another one is called the same. */
  name: string;
  /** The folder of its project, and that one's own name. */
  projectDir: string;
  project: string;
  /** What it has cost is an estimate. */
  isEstimate: boolean;
}

/** Of the selected session, read beside the list; the key says of which one. */
export interface WatchedDetails {
  key: string;
  commits?: readonly Commit[];
  totalCommits?: number;
  /** The last lines of what its agent says and does, or of its log while none works, oldest first. */
  tail?: readonly string[];
}

/** What is known, and nothing of where the person is. */
export interface WatchModel {
  /** In the order of the screen; undefined while they are read for the first time. */
  rows: readonly WatchedRow[] | undefined;
  details?: WatchedDetails;
  nowMs: number;
}

/** Where the person is on the screen. */
export interface WatchPlace {
  /** Key of the selected row; undefined before there is any. */
  selected?: string;
  isHelp: boolean;
  /** What was typed to choose among the sessions, and whether it still is. */
  filter?: string;
  isTyping?: boolean;
  /** The stopped sessions are unfolded. */
  showsStopped?: boolean;
  /** One sentence about the last act. */
  notice?: string;
}

export const START_PLACE: WatchPlace = { isHelp: false };
