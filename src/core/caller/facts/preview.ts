import type { NextStep } from '../../kernel/acts.ts';
import type { SamocodeError } from '../../kernel/errors.ts';
import type { SessionView } from '../../session/events/session-view.ts';

/** What an act would do, or why it would be refused. The sentences are ours and contain names from the files. */
export interface Preview {
  view: SessionView;
  would: readonly string[];
  /** What would be published, in Markdown. */
  text?: string | undefined;
  /** Whether the pull request will be watched; absent if it cannot be. */
  watch?: boolean | undefined;
  /** Why the act would be refused; empty if it would not. */
  blockers: readonly string[];
  /** The steps that remove the blockers. */
  next: readonly NextStep[];
}

/** @param refusal the error that the act itself would throw */
export function previewOf(
  view: SessionView,
  refusal: SamocodeError | undefined,
  would: readonly string[],
): Preview {
  const blockers = refusal ? [`${refusal.why} ${refusal.hint}`.trim()] : [];
  return { view, would, blockers, next: refusal?.next ?? [] };
}
