import type { SamocodeError } from '../../kernel/errors.ts';
import type { SessionView } from '../../session/events/session-view.ts';

/**
 * The effect of an act that has not been carried out, or the error that the act would throw. The sentences are ours
 * and contain names from the files.
 */
export interface Preview {
  view: SessionView;
  would: readonly string[];
  /** In Markdown. */
  text?: string;
  /** Whether the pull request will be watched; absent if it cannot be. */
  watch?: boolean;
  /** Whoever asks for a confirmation throws it: an act that was refused a moment ago was never agreed to. */
  refusal?: SamocodeError | undefined;
}

export function inTheWay({ refusal }: Pick<Preview, 'refusal'>): string[] {
  return refusal ? [`${refusal.why} ${refusal.hint}`.trim()] : [];
}
