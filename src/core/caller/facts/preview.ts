import type { NextStep } from '../../kernel/acts.ts';
import type { SamocodeError } from '../../kernel/errors.ts';
import type { SessionView } from '../../session/events/session-view.ts';

/**
 * The effect of an act that has not been carried out, or the reasons for its refusal. The sentences are ours and
 * contain names from the files.
 */
export interface Preview {
  view: SessionView;
  would: readonly string[];
  /** In Markdown. */
  text?: string;
  /** Whether the pull request will be watched; absent if it cannot be. */
  watch?: boolean;
  /** The reasons for a refusal, if any. */
  blockers: readonly string[];
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
