import type { SessionView } from '../../session/folder/session-view.ts';
import type { ActionContext } from './context.ts';
import type { SessionQuestion } from './find-session.ts';

export interface RoundResult {
  view: SessionView;
  outcome: 'begun' | 'recorded' | 'nothing';
  summary: string;
}

declare module '../../kernel/extension.ts' {
  interface Forge {
    /** Reads the pull request of a session now, and begins a round of work or publishes the work of one. */
    beginRound(question: SessionQuestion, context: ActionContext): Promise<RoundResult>;
  }
}
