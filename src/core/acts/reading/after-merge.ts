import type { ActionContext } from '../../caller/context/context.ts';
import type { Output } from '../../faces/terminal/output.ts';
import type { SessionView } from '../../session/folder/session-view.ts';

export const COST_BY = ['agent', 'model', 'way'] as const;
export type CostBy = (typeof COST_BY)[number];

/** What an extension knows of sessions after their merge. */
export interface AfterMerge {
  /** Asks git, at most once a day for a repository, what became of merged work. */
  look(context: ActionContext): Promise<void>;
  /** What was found last; undefined if nothing was. Starts no program. */
  textOf(view: SessionView): Promise<string | undefined>;
  costBy(
    question: { by: CostBy; projectDir?: string | undefined },
    context: ActionContext,
  ): Promise<{ report: object; text(output: Output): string }>;
}

declare module '../../kernel/extension.ts' {
  interface Extension {
    afterMerge?: AfterMerge;
  }
}
