import type { NextStep } from '../../kernel/acts.ts';
import type { SessionView } from '../../session/events/session-view.ts';

/** What an act on one session did. Tool, command, page, phone and full-screen view all show its sentence. */
export interface Acted {
  view: SessionView;
  done: string;
  /** If other steps come next than the state of the session says; never empty for that. */
  next?: readonly NextStep[];
}
