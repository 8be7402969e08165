import type { NextStep } from '../../kernel/acts.ts';
import type { SessionView } from '../../session/folder/session-view.ts';

/** What an act on one session did. Tool, command, page, phone and full-screen view all show its sentence. */
export interface Acted {
  view: SessionView;
  done: string;
  /** The steps that come next, if they are not those of the session's state. */
  next?: readonly NextStep[];
}
