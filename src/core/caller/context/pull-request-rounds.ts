import { newRegistry } from '../../kernel/registry.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import type { ActionContext } from './context.ts';
import type { SessionQuestion } from './find-session.ts';

export interface RoundResult {
  view: SessionView;
  outcome: 'begun' | 'recorded' | 'nothing';
  summary: string;
}

/** Reads the pull request of a session now, and begins a round of work or publishes the work of one. */
type BeginRound = (question: SessionQuestion, context: ActionContext) => Promise<RoundResult>;

export const pullRequestRounds = newRegistry<BeginRound>('rounds of pull requests');
