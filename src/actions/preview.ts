import type { SamocodeError } from '../base/errors.ts';
import type { SessionView } from '../session/status.ts';

/** What an act would do, or why it would be refused; sentences of ours with names from the files. */
export interface Preview {
  view: SessionView;
  would: readonly string[];
  /** Empty: nothing is in the way. */
  hindrances: readonly string[];
}

/** @param refusal what the act itself would throw */
export function previewOf(
  view: SessionView,
  refusal: SamocodeError | undefined,
  would: readonly string[],
): Preview {
  return { view, would, hindrances: refusal ? [`${refusal.why} ${refusal.hint}`.trim()] : [] };
}
